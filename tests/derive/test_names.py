"""Mirror `derive.names`: what is kept of names is bounded, and no span counts twice."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from derive.names import HOUR, LONGEST, MOST_IN_HOUR, MOST_NAMES, SERVICE, SPAN, Names
from mapping.record import Record
from schema.derived import NAMED, OTHER, Changes
from schema.signals import Signal
from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch
from tests.contracts.batches import span as row

START: Final = 500_000 * HOUR


def span(name: str, *, hour: int = 0, took: int = 5, service: object = "shop") -> Record:
    """Make a span that began some hours later."""
    start = START + hour * HOUR
    return Record(Signal.TRACES, name, name, start, start + took, "t", "s", resource={"service.name": service})


def seen(names: Names, *spans: Record, first: int = 1) -> Changes:
    """Have spans counted, and written."""
    for number, one in enumerate(spans, first):
        names.see(number, one)
    return names.changes(1e9 + first)


def lines(changes: Changes, kind: str = SPAN) -> dict[tuple[str, int], tuple[int, int]]:
    """Read what is written: records and longest by name and hour."""
    told = (step.values for step in changes.steps if step.name == "count_name")
    return {
        (one["name"], one["hour"] - 500_000): (one["records"], one["longest"]) for one in told if one["kind"] == kind
    }


def test_counting() -> None:
    """Spans count under their name, their service and the hour in which they began, with the longest."""
    found = seen(Names([], 0), span("a"), span("a", took=9), span("a", hour=2), span("b", service=["odd"]))

    assert {("a", 0): (2, 9), ("a", 2): (1, 5), ("b", 0): (1, 5)} == lines(found)
    assert {("shop", 0): (2, 9), ("shop", 2): (1, 5), ("", 0): (1, 5)} == lines(found, SERVICE)
    assert {NAMED: 4} == found.positions


def test_once() -> None:
    """A span that is read again is not counted again, and nothing is written when nothing came."""
    names = Names([], 2)
    log = replace(span("a"), signal=Signal.LOGS)
    again = seen(names, span("a"), span("a"))

    assert Changes() == again
    assert {("a", 0): (1, 5)} == lines(seen(names, span("a"), log, first=3))
    assert Changes() == names.changes(3e9)


def test_new_names_are_written_soon_and_counts_seldom() -> None:
    """A name that was not seen before is written within a second, counts of known ones together."""
    names = Names([], 0)
    names.see(1, span("a"))
    assert {("a", 0): (1, 5)} == lines(names.changes(100.0))
    names.see(2, span("a"))
    assert Changes() == names.changes(102.0)
    names.see(3, span("b"))
    assert {("a", 0): (1, 5), ("b", 0): (1, 5)} == lines(names.changes(103.0))


def test_an_hour_has_its_bound() -> None:
    """Of very many names in one hour the rest counts together; the same names count in the next hour."""
    names = Names([], 0)
    found = lines(seen(names, *(span(f"name {number}") for number in range(MOST_IN_HOUR + 50))))

    assert MOST_IN_HOUR + 1 == len(found)
    assert (50, 5) == found[OTHER, 0]
    assert ("name 300", 1) in lines(seen(names, span("name 300", hour=1), first=1_000))


def test_a_kind_has_its_bound() -> None:
    """However many names there are, 10,000 count by themselves, and these go on; very long ones never do."""
    names = Names([(SPAN, f"old {number}") for number in range(MOST_NAMES)], 0)
    found = lines(seen(names, span("new"), span("old 7"), span("x" * (LONGEST + 1)), span("new", hour=3)))

    assert {(OTHER, 0): (2, 5), ("old 7", 0): (1, 5), (OTHER, 3): (1, 5)} == found


def test_forgetting(tmp_path: Path) -> None:
    """Hours of which no span is left are forgotten, now and then; those that have one stay."""
    side = SqliteWriteSide(Store(path=tmp_path / "names.db", reserve=0))
    kept = "select distinct hour - 500000 from names order by 1"

    def hours() -> list[int]:
        return side.transaction(lambda cursor: [hour for (hour,) in cursor.execute(kept)])

    with closing(side):
        side.commit([batch([row(1, start_time_unix_nano=START + 3 * HOUR)])])
        names = Names([], 0)
        side.apply(seen(names, span("old"), span("new", hour=3), span("newer", hour=4)))
        assert [3, 4] == hours()
        names.see(4, span("late", hour=1))
        side.apply(names.changes(1e9 + 5))
        assert [1, 3, 4] == hours()
        names.see(5, span("new", hour=4))
        side.apply(names.changes(2e9))
        assert [3, 4] == hours()


def test_what_is_counted_can_be_had_at_once() -> None:
    """Before something is erased, counts that would wait half a minute are given."""
    names = Names([], 0)
    seen(names, span("a"))
    names.see(2, span("a"))
    assert Changes() == names.changes(1e9 + 2)

    names.hurry()

    assert {("a", 0): (1, 5)} == lines(names.changes(1e9 + 2))
