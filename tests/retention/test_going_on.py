"""An erasure that ends in the middle is finished the next time, wherever it was, and costs nobody else anything."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from core.errors import Missing
from retention.archived import Archived
from retention.erasing import Erasing, checked
from retention.holdings import Subject
from retention.remembered import Unfinished
from retention.sweep import ArchiveFailed, Sweep
from schema.derived import Step
from spanledger.config import Config
from spanledger.erasing import Here
from store import backup
from store.forgetting import Piece
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide
from tests.retention.erasures import ANN, BOB, Place, hits, of
from tests.support.neighbours import rows
from tests.support.service import configuration, running

NOW: Final = 1_795_219_725_000_000_000
WORDS: Final = (ANN.word, ANN.session, ANN.name)


class Crash(BaseException):
    """The end, as a kill would be."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a database, an index and archived files of three people."""
    folder = tmp_path_factory.mktemp("filled")
    with running(folder / "kept.db", retention__archive__folder=str(folder / "archive")) as made:
        Place(made, folder).fill()
    return folder


def config_of(folder: Path) -> Config:
    """Name the database and the archive of a folder."""
    return configuration(
        **{
            "store.path": str(folder / "kept.db"),
            "store.reserve": "0",
            "retention.archive.folder": str(folder / "archive"),
        }
    )


@contextmanager
def erasing(
    folder: Path, *, crash_at: int = 1 << 60, archived: Any = None
) -> Iterator[tuple[Erasing, Callable[[], int]]]:
    """Give what erases in a folder, which ends before its `crash_at`-th write; and how many writes there were."""
    config, numbers, seen = config_of(folder), count(1), [0]
    writing, side = SqliteWriteSide(config.store), SqliteOldSide(folder / "kept.db")

    def hand(work: Callable[[Any], Any]) -> Any:
        seen[0] = next(numbers)
        if seen[0] >= crash_at:
            raise Crash
        return work(writing)

    around = Here(config)
    if archived is not None:
        around.archived = archived  # type: ignore[method-assign]  # a folder that is away for a while
    with closing(writing), closing(side):
        yield Erasing(Sweep(side, hand, NOW, {}), around), lambda: seen[0]


def erase(folder: Path, *, crash_at: int = 1 << 60) -> int:
    """Erase a user; give how many writes that took."""
    with erasing(folder, crash_at=crash_at) as (work, writes):
        work.erase(Subject("user", ANN.name), who="somebody", address="here")
        assert [] == work.troubles
        return writes()


def ask(folder: Path) -> Callable[..., list[dict[str, Any]]]:
    """Give what asks the database of a folder."""
    return lambda sql, *values: rows(folder / "kept.db", sql, *values)


def is_unfinished(folder: Path) -> bool:
    """Say whether something is remembered as not erased as a whole."""
    with closing(SqliteOldSide(folder / "kept.db")) as side:
        return bool(Unfinished.of(side).hashes)


def copied(filled: Path, folder: Path) -> Path:
    """Copy everything."""
    shutil.copytree(filled, folder)
    return folder


def gone_and_whole(folder: Path, filled: Path) -> None:
    """Check that nothing of one is left, all of another is, and that the books balance."""
    assert {} == hits(folder, *WORDS)
    assert of(ask(filled), filled, BOB) == of(ask(folder), folder, BOB)
    assert not is_unfinished(folder)
    backup.check(folder / "kept.db")
    for row in rows(folder / "kept.db", "select file, bytes from archives"):
        assert row["bytes"] == (folder / "archive" / row["file"]).stat().st_size


def test_wherever_it_ends_it_is_finished_the_next_time(filled: Path, tmp_path: Path) -> None:
    """Cut off before any of its writes, all of it is gone after the next run, from files as well, and nothing else."""
    whole = copied(filled, tmp_path / "whole")
    writes = erase(whole)
    gone_and_whole(whole, filled)
    resumed = 0
    for crash_at in range(1, writes + 1, 5):
        folder = copied(filled, tmp_path / str(crash_at))
        with pytest.raises(Crash):
            erase(folder, crash_at=crash_at)
        with erasing(folder) as (work, _):
            went_on = work.go_on()
            assert [] == work.troubles
        if not went_on:  # it had not begun: all is there
            assert crash_at == 1
            erase(folder)
        resumed += went_on
        gone_and_whole(folder, filled)
        shutil.rmtree(folder)

    assert resumed > 5


def test_what_is_nearly_erased_is_said_to_be(filled: Path, tmp_path: Path) -> None:
    """When bytes alone are left, who erases again is told what goes on with it, and then that there is nothing."""
    folder, subject = copied(filled, tmp_path / "nearly"), Subject("user", ANN.name)
    writes = erase(copied(filled, tmp_path / "whole"))
    with pytest.raises(Crash):
        erase(folder, crash_at=writes)
    with erasing(folder) as (work, _):
        with pytest.raises(Missing, match="is being erased"):
            checked(work.sweep.side, subject, work.around)
        assert work.go_on()
        with pytest.raises(Missing, match="nothing is held"):
            checked(work.sweep.side, subject, work.around)

    gone_and_whole(folder, filled)


def test_an_archive_that_is_away_is_gone_on_with_when_it_is_back(filled: Path, tmp_path: Path) -> None:
    """Rows go at once; who is erased is known until archived records are gone too, and no longer."""
    folder = copied(filled, tmp_path / "away")
    subject = Subject("user", ANN.name)
    with erasing(folder, archived=lambda side: Archived(None, side)) as (work, writes):
        with pytest.raises(ArchiveFailed, match=r"retention\.archive\.folder"):
            work.erase(subject, who="somebody", address="here")
        assert 0 == writes()
    with erasing(folder) as (work, _):
        asked = work.around.archived
        work.around.archived = lambda side: Archived(None, side) if is_unfinished(folder) else asked(side)  # type: ignore[method-assign]
        work.erase(subject, who="somebody", address="here")
        assert [True] == ["retention.archive.folder" in trouble for trouble in work.troubles]
        assert work.rows
    with erasing(folder, archived=lambda side: Archived(None, side)) as (work, _):
        assert work.go_on()
        assert {} == work.rows
        assert work.troubles
    assert [] == ask(folder)("select 1 from agent_sessions where user_id = ?", ANN.name)
    assert hits(folder, ANN.word)
    with erasing(folder) as (work, _):
        assert work.go_on()
        assert [] == work.troubles
        assert not work.go_on()

    gone_and_whole(folder, filled)


def test_what_was_pinned_meanwhile_stays(filled: Path, tmp_path: Path) -> None:
    """A pin holds what a crash left, and letting go of it lets the rest go."""
    folder = copied(filled, tmp_path / "pinned")
    with pytest.raises(Crash):
        erase(folder, crash_at=3)
    pin = {"kind": "session", "name": ANN.session, "note": None, "created_at": "2026-11-21T00:00:00Z"}
    with erasing(folder) as (work, _):
        work.sweep.do(Piece(steps=[Step("add_pin", pin)]))
        assert work.go_on()
        assert ["pinned" in trouble for trouble in work.troubles] == [True]
    assert ask(folder)("select 1 from agent_sessions where session_id = ?", ANN.session)
    with erasing(folder) as (work, _):
        work.sweep.do(Piece(steps=[Step("remove_pin", {"kind": "session", "name": ANN.session})]))
        assert work.go_on()
        assert [] == work.troubles

    gone_and_whole(folder, filled)
