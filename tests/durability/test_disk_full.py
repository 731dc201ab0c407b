"""Fill the disk: a state that passes, not a crash (reliability.md P9, 5.8)."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import apsw
import pytest

from core.errors import DiskFull
from schema.rows import Batch
from schema.signals import Signal
from store.config import Store
from store.disk import DiskGuard
from store.sqlite import SqliteReadSide, SqliteWriteSide
from tests.contracts.batches import batch, span
from tests.durability.workload import judge

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 24 MiB; only root can, and the test is skipped for others."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "spanledger-test", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: cannot mount a small disk: {mounted.stderr.decode().strip()}; run as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_swept_and_taken_up_again(small_disk: Path) -> None:
    """Nothing answered is lost, reading goes on, deleting works from the reserve, and writing resumes by itself."""
    path = small_disk / "full.db"
    side = _open(path, reserve=4 * MIB)
    kept = _fill(side)
    with pytest.raises(DiskFull):
        side.commit([_large(9_999)])
    reader = SqliteReadSide(path)

    assert len(reader.items(Signal.TRACES, limit=10_000)) == 10 * len(kept)
    low = [side.low_on_disk]
    _sweep(side)
    assert len(side.commit([_large(10_000)])) == 1
    assert [*low, side.low_on_disk] == [True, False]
    assert judge(path, [[_large(10_000)], *([made] for made in kept[len(kept) // 2 + 1 :])]).lost == 0
    assert side._connection.pragma("integrity_check") == "ok"
    reader.close()
    side.close()


def test_room_that_comes_back_is_used(small_disk: Path) -> None:
    """When somebody else makes room, the same process goes on and every answered batch is there."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(12 * MIB))
    side = _open(small_disk / "full.db", reserve=MIB)
    kept = _fill(side)
    ballast.unlink()
    kept.append(_large(10_000))

    assert side.commit([kept[-1]])[0] is not None
    verdict = judge(small_disk / "full.db", [[made] for made in kept])
    assert (verdict.lost, verdict.unsound) == (0, [])
    side.close()


def test_a_cap_on_the_file_is_a_full_disk_too(tmp_path: Path) -> None:
    """A database that may not grow refuses with DiskFull, and goes on when it may."""
    path = tmp_path / "capped.db"
    side = _open(path, reserve=0)
    side._connection.pragma("max_page_count", 200)
    kept = _fill(side)
    side._connection.pragma("max_page_count", 100_000)
    kept.append(_large(10_000))

    assert side.commit([kept[-1]])[0] is not None
    verdict = judge(path, [[made] for made in kept])
    assert (verdict.lost, verdict.unsound) == (0, [])
    side.close()


def _open(path: Path, *, reserve: int) -> SqliteWriteSide:
    """Open a store whose guard looks at the disk each time: its clock goes on by a second."""
    guard = DiskGuard(path, min_free=0, reserve=reserve, clock=count().__next__)
    side = SqliteWriteSide(Store(path=path, wal_checkpoint=MIB, wal_truncate=2 * MIB), guard=guard)
    side.probe()
    return side


def _large(number: int) -> Batch:
    return batch([span(number * 10 + n, attributes=os.urandom(2_000).hex()) for n in range(10)])


def _fill(side: SqliteWriteSide) -> list[Batch]:
    """Commit until the disk is full, and list what was acknowledged."""
    kept: list[Batch] = []
    try:
        for number in range(9_000):
            made = _large(number)
            side.commit([made])
            kept.append(made)
            side.tidy()
    except DiskFull:
        pass
    assert 10 < len(kept) < 9_000
    return kept


def _delete(cursor: apsw.Cursor, *, end: int) -> None:
    cursor.execute("delete from raw_spans where id <= ?", (end,))


def _sweep(side: SqliteWriteSide) -> None:
    """Delete the older half in slices, as retention does, and give the pages back."""
    last = side.transaction(lambda cursor: next(cursor.execute("select max(id) / 2 from raw_spans"))[0])
    for end in range(0, last, 100):
        side.transaction(partial(_delete, end=end))
        side._checkpoints.truncate()
    while side._connection.pragma("freelist_count"):
        for _ in side._connection.execute("pragma incremental_vacuum(100)"):
            pass
        side._checkpoints.truncate()
