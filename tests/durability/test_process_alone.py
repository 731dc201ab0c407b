"""Start a second daemon where one runs: it names the first and leaves; what a dead one left behind is no obstacle."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.support.load import Load, look
from tests.support.process import HOST, Process, command, process, ready_process

ALREADY_RUNNING = 3
START_S = 3.0
"""How long the start of a program may take on a busy machine, beyond what it took just before."""


def test_O03_row_90_a_second_daemon_on_the_same_database_names_the_first(tmp_path: Path) -> None:
    """It exits 3 as fast as it could have started, names the process that holds the database, and harms nothing."""
    db = tmp_path / "spanledger.db"
    with ready_process(db) as first:
        with process(db) as second:
            code = second.wait()
            took_s = time.monotonic() - second.started

        assert code == ALREADY_RUNNING
        assert took_s < first.ready_after_s + START_S
        assert f"process {first.pid}" in second.text
        assert str(db) in second.text
        assert "Traceback" not in second.text
        _still_serves(first)


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_O03_a_second_daemon_on_the_same_port_names_port_holder_and_option(tmp_path: Path, transport: str) -> None:
    """It exits 3, names the port, the process that holds it and the setting to change, and harms nothing."""
    with ready_process(tmp_path / "first.db") as first:
        port = {"grpc": first.grpc, "http": first.http}[transport]
        taken = {"grpc": 0, "http": 0, transport: port}
        with process(tmp_path / "second.db", grpc=taken["grpc"], http=taken["http"]) as second:
            code = second.wait()

        assert code == ALREADY_RUNNING
        for told in (f"{HOST}:{port}", f"process {first.pid}", f"[collector.{transport}] endpoint"):
            assert told in second.text
        assert "Traceback" not in second.text
        _still_serves(first)


def test_row_88_a_lock_left_by_a_crash_blocks_nobody(tmp_path: Path) -> None:
    """After kill -9 the next daemon takes the database at once, whatever the lock file says."""
    db = tmp_path / "spanledger.db"
    lock = db.with_name(f"{db.name}.lock")
    with ready_process(db) as first:
        first.kill()

    with ready_process(db) as second:
        assert json.loads(lock.read_bytes())["pid"] == second.pid
        second.kill()

    lock.write_text(json.dumps({"pid": os.getpid(), "grpc": "127.0.0.1:1"}))
    with ready_process(db) as third:
        _still_serves(third)


def test_row_90_a_copied_lock_belongs_to_nobody(tmp_path: Path) -> None:
    """A database copied together with its lock file, while the daemon ran, can be started beside the first."""
    db, copy = tmp_path / "spanledger.db", tmp_path / "copy.db"
    with ready_process(db) as first:
        for suffix in ("", "-wal", ".lock"):
            shutil.copy(f"{db}{suffix}", f"{copy}{suffix}")
        with ready_process(copy) as second:
            _still_serves(first)
            _still_serves(second)


def test_row_90_of_many_that_start_at_once_one_runs(tmp_path: Path) -> None:
    """Of four daemons started together on one new database, one gets ready and the others leave with status 3."""
    db = tmp_path / "spanledger.db"
    with process(db) as a, process(db) as b, process(db) as c, process(db) as d:
        started = [a, b, c, d]
        for each in started:
            each.is_ready_within(20)
        alive = [each for each in started if each.ready]
        codes = [each.wait() for each in started if not each.ready]

        assert len(alive) == 1
        assert codes == [ALREADY_RUNNING] * 3
        _still_serves(alive[0])


def test_row_90_reading_commands_work_beside_the_daemon(tmp_path: Path) -> None:
    """While the daemon takes a load, status, sql and export read the database and disturb nobody."""
    db = tmp_path / "spanledger.db"
    load = Load()
    with ready_process(db) as running, load.against(running):
        load.wait_acknowledged(50)
        status = command("status", "--db", str(db), "--json")
        counted = command("sql", "--db", str(db), "select count(*) as n from spans", "--json")
        exported = command("export", "--db", str(db), "--signal", "logs")
        load.wait_acknowledged(50)

        assert [status[0], counted[0], exported[0]] == [0, 0, 0], (status, counted, exported[2])
        facts = json.loads(status[1])
        assert (facts["running"], facts["pid"]) == (True, running.pid)
        assert json.loads(counted[1])[0]["n"] > 0
        assert all(json.loads(line)["resourceLogs"] for line in exported[1].splitlines())
    assert load.refused == []
    look(db).check(load.acknowledged, load)


def _still_serves(running: Process) -> None:
    load = Load()
    load.send_again([load.take("grpc"), load.take("http")], running)
    look(running.db).check(load.acknowledged, load)
