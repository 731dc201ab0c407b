"""Fail the k-th write, sync and truncation, once and for good (reliability.md P9, 5.7)."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from core.errors import Misconfigured
from store.disk import DiskGuard
from store.sqlite import SqliteWriteSide
from tests.durability.recording_vfs import Kind, Operation, watched
from tests.durability.workload import Group, config, groups, judge, repeat, write

ERRORS: dict[Kind, Callable[[], Exception]] = {
    "write": lambda: apsw.FullError("ENOSPC"),
    "sync": lambda: apsw.IOError("EIO"),
    "truncate": lambda: apsw.IOError("EIO"),
}
GROUPS = 8
KINDS = pytest.mark.parametrize("kind", list(ERRORS))
SOME = 3
"""There are hundreds of writes: each third is made to fail, and each of them in the soak."""


@dataclass(slots=True)
class Fault:
    """Fail the `moment`-th operation of a kind, counted from when it is armed, and the ones after if it stays."""

    kind: Kind
    moment: int
    stays: bool
    armed: bool = True
    seen: Counter[str] = field(default_factory=Counter)

    def __call__(self, operation: Operation) -> None:
        """Raise when it is time."""
        if not self.armed:
            return
        self.seen[operation.kind] += 1
        now = self.seen[operation.kind]
        if operation.kind == self.kind and (now == self.moment or (self.stays and now > self.moment)):
            error = ERRORS[self.kind]
            raise error()


@pytest.fixture
def memory() -> Iterator[Path]:
    """Give a folder that is in memory where there is one."""
    home = Path("/dev/shm")
    with TemporaryDirectory(dir=home if home.is_dir() else None) as folder:
        yield Path(folder)


@KINDS
@pytest.mark.parametrize("stays", [False, True])
def test_no_fault_loses_what_was_answered(memory: Path, kind: Kind, *, stays: bool) -> None:
    """After a fault and a crash all that was acknowledged is there, once; what was not can be sent again."""
    _fail_and_crash(memory, kind, stays=stays, every=SOME if kind == "write" else 1)


@pytest.mark.soak
@pytest.mark.parametrize("stays", [False, True])
def test_no_write_that_fails_loses_what_was_answered(memory: Path, *, stays: bool) -> None:
    """So it is whichever write fails."""
    _fail_and_crash(memory, "write", stays=stays, every=1)


def _fail_and_crash(memory: Path, kind: Kind, *, stays: bool, every: int) -> None:
    work = groups(GROUPS)
    wrong = Counter[str]()
    for moment in count(1, every):
        path = memory / f"{moment}" / "faulty.db"
        fault = Fault(kind, moment, stays, armed=False)
        acknowledged = under_fault(path, work, fault)
        copy = crash(path, memory / "copy")
        verdict = judge(copy, acknowledged)
        wrong["lost"] += verdict.lost
        wrong["unsound"] += len(verdict.unsound)
        wrong["not repeatable"] += len(repeat(copy, work))
        shutil.rmtree(path.parent)
        if fault.seen[kind] < moment:
            break

    assert moment > 1, "nothing of this kind ever happened"
    assert +wrong == Counter()


@KINDS
def test_a_fault_that_passes_is_forgotten(memory: Path, kind: Kind) -> None:
    """The write side goes on by itself after any single fault: each group is kept at its second try at the latest."""
    work = groups(GROUPS)
    for moment in range(1, 40, 3):
        acknowledged = under_fault(
            memory / f"{moment}" / "faulty.db", work, Fault(kind, moment, False, armed=False), tries=3
        )

        assert len(acknowledged) == len(work)


@KINDS
def test_a_fault_while_starting_is_told_and_leaves_nothing_half_done(memory: Path, kind: Kind) -> None:
    """A start that fails says so, and the next one succeeds."""
    for moment in range(1, 30):
        path = memory / f"{moment}" / "faulty.db"
        with watched(path, Fault(kind, moment, stays=True)) as vfs, suppress(Misconfigured):
            SqliteWriteSide(config(path), vfs=vfs, exclusive=True).close()

        assert not repeat(path, groups(1))


def under_fault(path: Path, work: list[Group], fault: Fault, *, tries: int = 1) -> list[Group]:
    """Do the work with a fault that is armed once the database is open; the copy of a crash stands beside it."""
    acknowledged: list[Group] = []
    with watched(path, fault) as vfs:
        guard = DiskGuard(path, min_free=0, clock=count().__next__)  # each look at the clock is a second later
        side = SqliteWriteSide(config(path), vfs=vfs, exclusive=True, guard=guard)
        fault.armed = True
        write(side, work, acknowledge=acknowledged.append, tries=tries)
        shutil.copytree(path.parent, crashed(path), ignore=shutil.ignore_patterns("crashed"))
        side.close()
    return acknowledged


def crashed(path: Path) -> Path:
    """Name the folder that holds the files as they were when the process died."""
    return path.parent / "crashed"


def crash(path: Path, folder: Path) -> Path:
    """Start again from the files of the moment before the write side was closed."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(crashed(path), folder)
    return folder / path.name
