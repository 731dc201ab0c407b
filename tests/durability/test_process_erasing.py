"""Kill the daemon in the middle of erasing, again and again: it goes on by itself, and nothing is left in the end."""

import random
from pathlib import Path
from typing import Any

import orjson

from store import backup
from tests.retention.erasures import ANN, BOB, Place, hits, of
from tests.support.clients import JSON, request
from tests.support.neighbours import rows
from tests.support.peak import reach
from tests.support.process import Process, ready_process
from tests.support.service import running
from tests.support.wait import until

WITHIN_S = 60
KILLS = 2


def asked(db: Path) -> Any:
    """Give what asks a database."""
    return lambda sql, *values: rows(db, sql, *values)


def order(daemon: Process) -> None:
    """Have a user erased."""
    body = orjson.dumps({"kind": "user", "id": ANN.name})
    assert 202 == request(reach(daemon), "POST", "/api/v1/erase", body, JSON).status


def test_row_88_a_kill_while_erasing_is_gone_on_with(tmp_path: Path) -> None:
    """Killed on the way, the daemon finishes without being told; the books balance and others are whole."""
    db, folder = tmp_path / "kept.db", tmp_path / "archive"
    settings = {"retention__archive__folder": str(folder), "retention__enabled": "false"}
    with running(db, retention__archive__folder=str(folder)) as service:
        Place(service, tmp_path).fill()
    other, chance = of(asked(db), tmp_path, BOB), random.Random(88)
    for number in range(KILLS):
        with ready_process(db, **settings) as killed:
            if number == 0:
                order(killed)
            until(lambda: bool(rows(db, "select 1 from erased")), within_s=WITHIN_S)
            killed.is_over_within(chance.uniform(0, 0.4) if number == 0 else chance.uniform(0.5, 2.0))
        backup.check(db)
    with ready_process(db, **settings) as last:
        until(lambda: not rows(db, "select 1 from erased where done_at is null"), within_s=WITHIN_S)
        assert rows(db, "select 1 from erased")
        assert [] == rows(db, "select 1 from erased where name is not null")
        assert last.stop() == 0

    assert {} == hits(tmp_path, ANN.word, ANN.session, ANN.name)
    assert other == of(asked(db), tmp_path, BOB)
    backup.check(db)
