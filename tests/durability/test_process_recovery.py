"""Crash with a long write-ahead log: the next start answers first and folds the log later."""

import shutil
import time
from pathlib import Path

import pytest

from tests.support.load import Conversations, Load, look, quick_check
from tests.support.process import Process, free_ports, process, ready_process

MIB = 1 << 20
PATIENCE_S = 2.0
"""Senders give up after about seven seconds; a restart may take two of them (reliability.md P6)."""
MORE_S = 0.5
"""What recovery may add where starting alone takes that long, on a machine with other work to do."""
TRIES = 3
"""The least of so many starts counts: whatever else the machine does comes and goes."""
NEVER = "8GiB"
STEP_BYTES = 8_000_000


def test_row_88_a_log_of_64_mib_is_recovered_in_time(tmp_path: Path) -> None:
    """Killed with 64 MiB in its log, it acknowledges the first request within two seconds of its next start."""
    _recover(tmp_path / "spanledger.db", log_bytes=64 * MIB)


@pytest.mark.soak
def test_row_88_a_log_of_256_mib_is_recovered_in_time(tmp_path: Path) -> None:
    """Killed with 256 MiB in its log, it acknowledges the first request within two seconds of its next start."""
    _recover(tmp_path / "spanledger.db", log_bytes=256 * MIB)


def _recover(db: Path, *, log_bytes: int) -> None:
    load = Load()
    with ready_process(db, store__wal_checkpoint=NEVER, store__wal_truncate=NEVER) as running:
        _fill(running, load, log_bytes=log_bytes)
        running.kill()
    assert running.wal.stat().st_size >= log_bytes

    copies = [_copied(db, number) for number in range(TRIES - 1)]
    usual_s = min(_time_to_first_answer(db.with_name(f"empty-{number}.db"), Load()) for number in range(TRIES))
    took_s = min(_time_to_first_answer(db, load), *(_time_to_first_answer(copy, Load()) for copy in copies))

    look(db).check(load.acknowledged, load)
    assert quick_check(db) == "ok"
    assert took_s <= max(PATIENCE_S, usual_s + MORE_S), f"{took_s:.2f} s; an empty database takes {usual_s:.2f} s"


def _copied(db: Path, number: int) -> Path:
    """Copy a database as it was left, its log included."""
    copy = db.with_name(f"copy-{number}.db")
    for ending in ("", "-wal"):
        shutil.copy(db.with_name(db.name + ending), copy.with_name(copy.name + ending))
    return copy


def _fill(running: Process, load: Load, *, log_bytes: int) -> None:
    """Send large requests until the log is that long."""
    large = Conversations(STEP_BYTES)
    while running.wal.stat().st_size < log_bytes:
        load.send_again([large.request("http", load)], running)


def _time_to_first_answer(db: Path, load: Load) -> float:
    """Start a daemon while senders knock, and give the seconds from its start to the first success."""
    ports = free_ports()
    with process(db, grpc=ports.grpc, http=ports.http) as running, load.against(ports):
        load.wait_acknowledged(1)
        return time.monotonic() - running.started
