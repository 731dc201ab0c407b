"""Reading raw rows in the order in which they came, whatever there is how much of."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from derive.records import SIGNALS, Came, Records
from schema.rows import COLUMNS, Batch
from schema.signals import Signal
from store.raw import SqliteRawSide
from tests.derive.test_backlog import batch
from tests.support.derived import Derived

MOMENTS = st.lists(st.integers(0, 9), max_size=12)
NAMES = {Signal.TRACES: "span_id", Signal.LOGS: "fingerprint"}


def numbered(signal: Signal, number: int, moment: int) -> Batch:
    """Make a batch of one item that came at a moment."""
    made, place = batch(signal, moment), COLUMNS[signal].index(NAMES[signal])
    name = f"{number:016x}" if signal is Signal.TRACES else number
    return replace(made, rows=[(*row[:place], name, *row[place + 1 :]) for row in made.rows])


@contextmanager
def stored(came: dict[Signal, list[int]]) -> Iterator[SqliteRawSide]:
    """Keep items of each signal that came at some moments, numbered from 1 on in that order."""
    with TemporaryDirectory() as folder, Derived(Path(folder)) as derived:
        for signal, moments in came.items():
            for number, moment in enumerate(moments, 1):
                derived.commit(numbered(signal, number, moment))
        with closing(SqliteRawSide(derived.path)) as side:
            yield side


def steps(side: SqliteRawSide, limit: int) -> Iterator[list[Came]]:
    """Read all rows, step by step."""
    records, ends, positions = Records(side), side.ends(), dict.fromkeys(SIGNALS, 0)
    while any(positions[signal] < ends[signal] for signal in SIGNALS):
        came = records.next(positions, ends, limit)
        assert any(each.count for each in came), "every step goes on"
        positions = {each.signal: each.position for each in came}
        yield came


@settings(max_examples=30)
@given(spans=MOMENTS, logs=MOMENTS, limit=st.integers(1, 5))
def test_every_row_is_read_once(spans: list[int], logs: list[int], limit: int) -> None:
    """In the order of its signal, also when a clock went back."""
    read: dict[Signal, list[int]] = {signal: [] for signal in SIGNALS}
    with stored({Signal.TRACES: spans, Signal.LOGS: logs}) as side:
        for came in steps(side, limit):
            for each in came:
                read[each.signal] += [number for number, _ in each.records]

    assert [*range(1, len(spans) + 1)] == read[Signal.TRACES]
    assert [*range(1, len(logs) + 1)] == read[Signal.LOGS]


@settings(max_examples=30)
@given(spans=MOMENTS.map(sorted), logs=MOMENTS.map(sorted), limit=st.integers(1, 5))
def test_no_signal_runs_ahead(spans: list[int], logs: list[int], limit: int) -> None:
    """What is read in one step came before all that is left, or in the same moment."""
    moments = {Signal.TRACES: spans, Signal.LOGS: logs}
    with stored(moments) as side:
        for came in steps(side, limit):
            taken = [moments[each.signal][number - 1] for each in came for number, _ in each.records]
            left = [moment for each in came for moment in moments[each.signal][each.position :]]

            assert max(taken) <= min(left, default=9)
