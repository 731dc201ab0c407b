"""Time a start after a crash that left a long log (reliability.md P6)."""

import shutil
import time
from pathlib import Path

from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span


def crash_with_log(path: Path, *, log_bytes: int) -> Path:
    """Make a database whose log is this long, and give a copy of it as a crash leaves it."""
    side = SqliteWriteSide(_unfolded(path))
    log, number = path.with_name(path.name + "-wal"), 0
    while log.stat().st_size < log_bytes:
        side.commit([batch([span(number * 512 + n, attributes="x" * 1_000) for n in range(512)])])
        number += 1
    crashed = path.parent / "crashed"
    crashed.mkdir()
    for file in (path, log):
        shutil.copy(file, crashed)
    side.close()
    return crashed / path.name


def first_answer_s(path: Path) -> float:
    """Start on a database and commit one batch; give the seconds from the one to the other."""
    begun = time.perf_counter()
    side = SqliteWriteSide(_unfolded(path))
    side.commit([batch([span(-1 % 2**63)])])
    taken = time.perf_counter() - begun
    side.close()
    return taken


def _unfolded(path: Path) -> Store:
    return Store(
        path=path, wal_checkpoint=1 << 40, wal_truncate=1 << 40, min_free_disk=0, min_free_percent=0, reserve=0
    )
