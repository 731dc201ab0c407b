"""Kill what deletes and what copies in the middle: nothing acknowledged is lost, and it is finished the next time."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from schema.signals import Signal
from store import backup
from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span
from tests.support.clients import request
from tests.support.neighbours import rows
from tests.support.peak import reach
from tests.support.process import Process, ready_process

OLD, YOUNG = 6_000, 500
DAY = 24 * 3600 * 1_000_000_000
JSON = {"Content-Type": "application/json"}
WITHIN_S = 30


def fill(db: Path) -> None:
    """Keep spans of 40 days ago and of now."""
    now = time.time_ns()
    side = SqliteWriteSide(Store(path=db, reserve=0, durability="relaxed"))
    for first in range(0, OLD, 1_000):
        side.commit([_spans(first, 1_000, now - 40 * DAY)])
    side.commit([_spans(OLD, YOUNG, now)])
    side.close()


def _spans(first: int, count: int, at: int) -> Any:
    made = [
        span(number, received_at=at, attributes='{"said":"' + "x" * 300 + '"}')
        for number in range(first, first + count)
    ]
    return batch(made, signal=Signal.TRACES, received_at=at)


def ask(daemon: Process, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask the daemon about retention, for as long as it derives from what is old."""
    written = None if body is None else orjson.dumps(body)
    told: dict[str, Any] = orjson.loads(request(reach(daemon), method, f"/api/v1/retention{path}", written, JSON).body)
    return told


def begin(daemon: Process) -> None:
    """Have everything that is old deleted, once it is derived from."""
    until = time.monotonic() + WITHIN_S
    while not (plan := ask(daemon, "GET", ""))["lines"] and _left(daemon) and time.monotonic() < until:
        time.sleep(0.05)
    ask(daemon, "POST", "/run", {"token": plan["token"]})


def _left(daemon: Process) -> bool:
    return bool(
        rows(daemon.db, f"select 1 as one from raw_spans where received_at < {time.time_ns() - 30 * DAY} limit 1")
    )


def balance(db: Path) -> int:
    """Check the books and the whole file; give how many spans are there."""
    return backup.check(db).items["traces"]


def carry_through(db: Path, *, kills: int, chance: random.Random) -> None:
    """Kill the daemon in the middle of deleting, again and again, and let it finish at last."""
    fill(db)
    for _ in range(kills):
        with ready_process(db, retention__every="10s") as killed:
            begin(killed)
            killed.is_over_within(chance.uniform(0.0, 0.3))
        assert balance(db) >= YOUNG
    with ready_process(db) as last:
        until = time.monotonic() + WITHIN_S
        while _left(last) and time.monotonic() < until:
            begin(last)
            time.sleep(0.2)
        assert last.stop() == 0

    assert balance(db) == YOUNG


def test_row_88_a_kill_during_a_sweep_loses_nothing(tmp_path: Path) -> None:
    """Killed in the middle of deleting, the books add up, and the next sweep deletes the rest and nothing else."""
    carry_through(tmp_path / "kept.db", kills=3, chance=random.Random(88))


@pytest.mark.soak
def test_row_88_many_kills_during_sweeps_lose_nothing(tmp_path: Path) -> None:
    """The same many times over."""
    for seed in range(10):
        carry_through(tmp_path / f"{seed}.db", kills=10, chance=random.Random(seed))


def test_row_88_a_kill_during_a_backup_leaves_a_whole_one_or_none(tmp_path: Path) -> None:
    """Wherever it is cut off, the file at the target is the one before or a sound new one."""
    db, target = tmp_path / "kept.db", tmp_path / "copy.db"
    fill(db)
    command = [sys.executable, "-m", "spanledger", "backup", str(target), "--db", str(db)]
    for moment in (0.5, 0.8, 1.1):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as copying:
            try:
                copying.wait(moment)
            except subprocess.TimeoutExpired:
                copying.send_signal(signal.SIGKILL)
        if target.exists():
            assert balance(target) == OLD + YOUNG
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    assert balance(target) == OLD + YOUNG
    assert [] == [path.name for path in tmp_path.glob(".copy*")]


def test_row_88_a_kill_while_restoring_leaves_one_of_both(tmp_path: Path) -> None:
    """Wherever it is cut off, the database is the one before or the restored one, and can be started."""
    db, copy = tmp_path / "kept.db", tmp_path / "copy.db"
    fill(db)
    backup.back_up(db, copy)
    command = [sys.executable, "-m", "spanledger", "restore", str(copy), "--db", str(db)]
    for moment in (0.6, 1.0):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as restoring:
            try:
                restoring.wait(moment)
            except subprocess.TimeoutExpired:
                restoring.send_signal(signal.SIGKILL)
        assert balance(db) == OLD + YOUNG


def test_a_restore_waits_for_nobody(tmp_path: Path) -> None:
    """While a daemon holds the database it is refused with status 3, and nothing changes."""
    db, copy = tmp_path / "kept.db", tmp_path / "copy.db"
    with ready_process(db):
        command = [sys.executable, "-m", "spanledger", "backup", str(copy), "--db", str(db)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        command[3] = "restore"
        refused = subprocess.run(command, capture_output=True, check=False)

    assert refused.returncode == 3
    assert b"is in use by process" in refused.stderr
