"""Mirror `retention.looking`: damage is found once a week, and said until it is mended."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from retention.looking import WEEK, damage, last_look, look_if_due, look_text
from retention.sweep import Sweep
from store.config import Store
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span

NOW = 1_795_219_725_000_000_000
SPANS = 2_000


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Make a database with spans."""
    path = tmp_path / "kept.db"
    with closing(SqliteWriteSide(Store(path=path, reserve=0))) as side:
        side.commit([batch([span(number, attributes="{}") for number in range(SPANS)])])
    return path


@contextmanager
def sweep_of(db: Path, now: int = NOW, *, stopped: bool = False) -> Iterator[Sweep]:
    """Give what looks at a moment."""
    with closing(SqliteWriteSide(Store(path=db, reserve=0))) as writing, closing(SqliteOldSide(db)) as side:
        yield Sweep(side, lambda work: work(writing), now, {}, stopped=lambda: stopped)


def forget_an_index_entry(db: Path) -> None:
    """Make an index lack rows of its table, as a lost write does."""
    with closing(apsw.Connection(str(db))) as connection:
        root = connection.execute("select rootpage from sqlite_schema where name = 'raw_spans_start'").get
        size = connection.pragma("page_size")
    with db.open("r+b") as file:
        file.seek((int(str(root)) - 1) * int(size))
        page = bytearray(file.read(int(size)))
        page[3:5] = (int.from_bytes(page[3:5], "big") - 1).to_bytes(2, "big")  # one cell fewer
        file.seek((int(str(root)) - 1) * int(size))
        file.write(page)


def test_a_sound_database_is_looked_through_once_a_week(db: Path) -> None:
    """It is noted when, and the next look is a week later."""
    for now in (NOW, NOW + WEEK - 1, NOW + WEEK):
        with sweep_of(db, now) as sweep:
            look_if_due(sweep, is_quiet=True)
            told = last_look(sweep.side.state())
            assert [] == damage(sweep.side.state())
        assert told == {"at": NOW if now < NOW + WEEK else now, "faults": [], "unread": []}
        assert "sound" in look_text(told)


def test_it_waits_for_a_quiet_moment_for_a_week_at_most(db: Path) -> None:
    """Looking takes a processor and holds the log; records that come without a pause put it off, and not for ever."""
    looked = []
    for now, is_quiet in [(NOW, False), (NOW + WEEK - 1, False), (NOW + WEEK, False), (NOW + 2 * WEEK, False)]:
        with sweep_of(db, now) as sweep:
            look_if_due(sweep, is_quiet=is_quiet)
            looked.append(last_look(sweep.side.state()))
    assert [None, None] == looked[:2]
    assert [NOW + WEEK] * 2 == [told and told["at"] for told in looked[2:]], "the next one waits anew"

    with sweep_of(db, NOW + 2 * WEEK + 1) as sweep:
        look_if_due(sweep, is_quiet=True)
        told = last_look(sweep.side.state())
        assert told is not None
        assert NOW + 2 * WEEK + 1 == told["at"]


def test_a_clock_that_was_ahead_does_not_keep_a_look_waiting(db: Path) -> None:
    """It waits anew from the moment that is now, and not from one that never was."""
    looked = []
    for now in (NOW + 100 * WEEK, NOW, NOW + WEEK):
        with sweep_of(db, now) as sweep:
            look_if_due(sweep, is_quiet=False)
            looked.append(last_look(sweep.side.state()) is not None)

    assert [False, False, True] == looked


def test_damage_is_said_until_it_is_mended(db: Path) -> None:
    """An index that lacks rows is found, and looked for again each time; when it is made anew, all is well."""
    forget_an_index_entry(db)
    for now in (NOW, NOW + 1):
        with sweep_of(db, now) as sweep:
            look_if_due(sweep, is_quiet=True)
            told = damage(sweep.side.state())
            assert told
            assert all("the database is damaged: raw_spans: " in line and "restore" in line for line in told)
            state = last_look(sweep.side.state())
            assert state is not None
            assert now == state["at"]
            assert "raw_spans_start" in look_text(state)
    with closing(apsw.Connection(str(db))) as connection:
        connection.execute("reindex raw_spans_start")

    with sweep_of(db, NOW + 2) as sweep:
        look_if_due(sweep, is_quiet=True)
        assert [] == damage(sweep.side.state())


def test_a_table_that_takes_too_long_is_named(db: Path) -> None:
    """What is not read whole in its time is not called sound."""
    with closing(SqliteOldSide(db)) as side:
        found = side.look_through(seconds=-1, stopped=lambda: False)
        assert "raw_spans" in found.unread
        assert [] == found.faults
        assert "raw_spans" in look_text({"at": NOW, "faults": found.faults, "unread": found.unread})
        assert side.rows("names_of_spans", after=0, until=SPANS), "later questions have all the time they need"


def test_a_look_that_was_stopped_says_nothing(db: Path) -> None:
    """It is begun again at the next round."""
    with sweep_of(db, stopped=True) as sweep:
        look_if_due(sweep, is_quiet=True)
        assert last_look(sweep.side.state()) is None
