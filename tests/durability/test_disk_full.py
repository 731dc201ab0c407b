"""Fill the disk: a state that passes, not a crash (reliability.md P9, 5.8)."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.errors import DiskFull
from retention.sweep import Sweep
from schema.rows import Batch
from schema.signals import Signal
from store.config import Store
from store.disk import DiskGuard
from store.old import SqliteOldSide
from store.protocol import WriteSide
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
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
    left = len(reader.items(Signal.TRACES, limit=10_000))
    assert 0 < left < 10 * len(kept)
    assert judge(path, [[_large(10_000)], *([made] for made in kept[len(kept) - left // 10 + 1 :])]).lost == 0
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
    side._connection.pragma("max_page_count", 600)
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


def _sweep(side: SqliteWriteSide) -> None:
    """Have retention make room: it forgets the oldest records until half of what there is has gone."""
    path = side._config.path
    assert path is not None
    old = SqliteOldSide(path)
    try:
        live, now = old.room().live_bytes, time.time_ns() + 2 * 3600 * 10**9
        sweep = Sweep(old, partial(_hand, side), now, old.ends())
        sweep.make_room("max_size", lambda: old.room().live_bytes - live // 2, now)
        sweep.shrink()
        assert not sweep.troubles
    finally:
        old.close()


def _hand(side: SqliteWriteSide, work: Callable[[WriteSide], Any]) -> Any:
    """Do what the writer is asked for."""
    done = work(side)
    side.tidy()
    return done
