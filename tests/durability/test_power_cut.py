"""Cut the power at a thousand moments of the real write side's work (reliability.md P1a)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from store.connection import Durability
from store.sqlite import SqliteWriteSide
from tests.durability.cutting import cuts, put_back
from tests.durability.recording_vfs import Operation, watched
from tests.durability.workload import Group, Verdict, config, groups, judge, repeat, write

CUTS = 1_200
CONTROL_CUTS = 120
FIRST_CUTS = 200


@pytest.fixture
def memory() -> Iterator[Path]:
    """Give a folder that is in memory where there is one: nothing here needs a disk."""
    home = Path("/dev/shm")
    with TemporaryDirectory(dir=home if home.is_dir() else None) as folder:
        yield Path(folder)


def test_no_cut_loses_what_was_answered(memory: Path) -> None:
    """Wherever the power is cut, all that was acknowledged is there afterwards and the database is sound."""
    work = groups(60)
    log, acknowledged = record(memory / "recorded.db", work, durability="full")
    verdicts = Counter[str]()
    for number, (files, acks) in enumerate(cuts(log, CUTS, seed=7)):
        path = put_back(memory / "cut", files)
        verdict = judge(path, acknowledged[:acks])
        verdicts["lost"] += verdict.lost
        verdicts["unsound"] += len(verdict.unsound)
        if number % 20 == 0:
            verdicts["not repeatable"] += len(repeat(path, work[: acks + 1]))

    assert len(acknowledged) == len(work)
    assert +verdicts == Counter()


def test_no_cut_while_the_database_is_made_keeps_the_next_start_from_working(memory: Path) -> None:
    """Between the first byte and the first answer, any moment leaves something that can be started from (P17)."""
    work = groups(2)
    log, _ = record(memory / "recorded.db", work, durability="full")
    first = log.index(Operation("ack"))
    wrong = [repeat(put_back(memory / "cut", files), work) for files, _ in cuts(log[:first], FIRST_CUTS, seed=7)]

    assert len(wrong) == FIRST_CUTS
    assert not any(wrong)


def test_relaxed_durability_does_lose(memory: Path) -> None:
    """The same cuts find losses when commits are not synced: the test above can fail. The database is sound even so."""
    log, acknowledged = record(memory / "recorded.db", groups(60), durability="relaxed")
    verdicts = [
        judge(put_back(memory / "cut", files), acknowledged[:acks]) for files, acks in cuts(log, CONTROL_CUTS, seed=7)
    ]

    assert sum(verdict.lost for verdict in verdicts) >= CONTROL_CUTS // 10
    assert not _unsound(verdicts)


def record(path: Path, work: Sequence[Group], *, durability: Durability) -> tuple[list[Operation], list[Group]]:
    """Do the work and log each operation and each acknowledgement."""
    log: list[Operation] = []
    acknowledged: list[Group] = []

    def acknowledge(group: Group) -> None:
        log.append(Operation("ack"))
        acknowledged.append(group)

    with watched(path, log.append) as vfs:
        side = SqliteWriteSide(config(path, durability=durability), vfs=vfs, exclusive=True)
        write(side, work, acknowledge=acknowledge)
        side.close()
    return log, acknowledged


def _unsound(verdicts: Sequence[Verdict]) -> list[str]:
    return [problem for verdict in verdicts for problem in verdict.unsound]
