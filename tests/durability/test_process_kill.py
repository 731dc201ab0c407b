"""Kill the daemon at any moment: what it acknowledged is there, once, and what it did not can be sent again."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.load import Load, Sent, look, quick_check
from tests.support.process import Process, free_ports, process, ready_process

BUSY: dict[str, Any] = {"store__wal_checkpoint": "256KiB", "store__wal_truncate": "512KiB"}
"""A log so short that much of the time goes into folding it."""
MAKING = (0.002, 0.016, 0.03)
"""Seconds after the file appears; its tables are made within about thirty milliseconds."""
LOOK_S = 0.0005
EARLY = (0.05, 1.5)
LATE = (0.0, 0.2)
FULL_LOOK_EVERY = 15


def test_B01_row_88_nothing_acknowledged_is_lost_when_killed(tmp_path: Path) -> None:
    """Killed 24 times while starting, writing and folding, it loses nothing acknowledged and keeps nothing twice."""
    _carry_through(tmp_path / "spanledger.db", rounds=24, seed=88)


@pytest.mark.soak
def test_B01_row_88_nothing_acknowledged_is_lost_in_a_thousand_kills(tmp_path: Path) -> None:
    """Killed a thousand times, it loses nothing acknowledged and keeps nothing twice."""
    _carry_through(tmp_path / "spanledger.db", rounds=1000, seed=1088)


def test_row_88_a_database_killed_while_being_made_can_be_started(tmp_path: Path) -> None:
    """Wherever the making of a new database is cut off, the next start finishes it."""
    for moment in MAKING:
        db = tmp_path / f"{moment}.db"
        with process(db) as killed:
            while not db.exists():
                killed.is_ready_within(LOOK_S)
            killed.is_ready_within(moment)

        with ready_process(db) as again:
            load = Load()
            load.send_again([load.take("grpc"), load.take("http")], again)
            look(db).check(load.acknowledged, load)

            assert quick_check(db) == "ok"
            assert again.stop() == 0


def _carry_through(db: Path, *, rounds: int, seed: int) -> None:
    """Take one database through many kills under load, look at it after each, and settle everything at the end."""
    chance = random.Random(seed)
    load = Load(seed=seed)
    ports = free_ports()
    since = 0
    for number in range(rounds):
        known, mark = load.acknowledged, load.next_number
        with process(db, grpc=ports.grpc, http=ports.http, **BUSY) as running, load.against(ports):
            _wait_until_ready(running, chance, early=number % 4 == 3)
            if running.ready:
                _look_after(db, known, load, since=since if number % FULL_LOOK_EVERY else 0)
                _wait_for_the_moment(running, chance, load, answered=number % 4 == 1)
            assert running.code is None, running.text
            running.kill()
        since = mark

    assert not load.refused
    assert len(load.acknowledged) > rounds
    _settle(db, load)


def _wait_until_ready(running: Process, chance: random.Random, *, early: bool) -> None:
    """Wait until it is ready; in early rounds only for a random time, which often ends before that."""
    if early:
        running.is_ready_within(chance.uniform(*EARLY))
    else:
        running.wait_ready()


def _wait_for_the_moment(running: Process, chance: random.Random, load: Load, *, answered: bool) -> None:
    """Wait for a random time, or until a random number of answers have come, the last of them just now."""
    if answered:
        load.wait_acknowledged(chance.randint(1, 50))
    else:
        running.is_over_within(chance.uniform(*LATE))


def _look_after(db: Path, known: list[Sent], load: Load, *, since: int) -> None:
    """Look at the newest items, or at all of them and at the file itself when `since` is 0."""
    look(db, since=since).check(known, load)
    assert since or quick_check(db) == "ok"


def _settle(db: Path, load: Load) -> None:
    """Send again what was not acknowledged, and some of what was: then all is there, each item once."""
    with ready_process(db) as running:
        look(db).check(load.acknowledged, load)
        load.send_again(load.open, running)
        look(db).check(load.sent, load)
        load.send_again(load.sent[-50:], running)
        kept = look(db)

        kept.check(load.sent, load)
        assert sum(map(len, kept.numbers.values())) == load.next_number - 1
        assert quick_check(db) == "ok"
        assert running.stop() == 0
