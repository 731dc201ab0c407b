"""Kill the process that decodes for the daemon: nobody notices; end the daemon: it does not stay behind."""

import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.load import Conversations, Load, look, quick_check, sender
from tests.support.process import Process, ready_process
from tests.support.wait import until

REQUEST_BYTES = 600_000
SENDERS = ("grpc", "http", "grpc", "http")
KILLS = 3
GONE_S = 2.0
START_AGAIN_S = 15.0
"""A little more than the daemon takes before it starts another."""
PATIENT: dict[str, Any] = {"collector__limits__answer_within": "20s", "collector__limits__wait": "20s"}


def test_every_request_is_answered_however_often_the_helper_is_killed(tmp_path: Path) -> None:
    """Killed again and again while four clients send, it costs no request, and the books are right."""
    db = tmp_path / "spanledger.db"
    load, large, lock = Load(), Conversations(REQUEST_BYTES), threading.Lock()
    over, failed = threading.Event(), list[Exception]()
    chance = random.Random(600)

    def work(transport: str, port: int) -> None:
        try:
            with sender(transport, port) as send:
                while not over.is_set():
                    with lock:
                        sent = large.request(transport, load)
                    assert send(sent), "asked to come again"
                    sent.acknowledged = True
        except Exception as error:
            failed.append(error)

    with ready_process(db, **PATIENT) as running:
        ports = {"grpc": running.grpc, "http": running.http}
        workers = [threading.Thread(target=work, args=(name, ports[name])) for name in SENDERS]
        for worker in workers:
            worker.start()
        try:
            for _ in range(KILLS):
                until(lambda: bool(children(running)) or bool(failed), within_s=START_AGAIN_S)
                over.wait(chance.uniform(0, 1))
                (pid,) = children(running)
                os.kill(pid, signal.SIGKILL)
                until(lambda pid=pid: not _runs(pid))  # type: ignore[misc]
        finally:
            over.wait(0.5)
            over.set()
            for worker in workers:
                worker.join()

        assert not failed
        assert load.sent
        assert load.open == []
        look(db).check(load.sent, load)
        assert quick_check(db) == "ok"
        assert "Traceback" not in running.text
        assert running.stop() == 0
        told = [record for record in running.records if record["event"].startswith("the decoding process ended")]
        assert len(told) == KILLS


def _with_helper(running: Process, load: Load) -> int:
    """Send until the daemon has a helper, and once more; give its id."""
    large = Conversations(REQUEST_BYTES)
    load.send_again([large.request("http", load)], running)
    until(lambda: len(children(running)) == 1)
    load.send_again([large.request("grpc", load)], running)
    (pid,) = children(running)
    return pid


def test_a_daemon_that_is_told_to_stop_takes_its_helper_along(tmp_path: Path) -> None:
    """When it has ended, so has its child."""
    with ready_process(tmp_path / "spanledger.db") as running:
        pid = _with_helper(running, Load())

        assert running.stop() == 0
        assert not _runs(pid)


def test_a_daemon_that_is_killed_leaves_no_helper(tmp_path: Path) -> None:
    """Two seconds later there is none, with or without a request under way, and the next daemon finds all in order."""
    db, load = tmp_path / "spanledger.db", Load()
    for moment in (None, 0.0, 0.05):
        with ready_process(db) as running:
            pid = _with_helper(running, load)
            busy = threading.Thread(target=_send_once, args=(running, load))
            if moment is not None:
                busy.start()
                threading.Event().wait(moment)
            running.kill()
            if moment is not None:
                busy.join()

            until(lambda pid=pid: not _runs(pid), within_s=GONE_S)  # type: ignore[misc]
    with ready_process(db) as running:
        load.send_again(load.open, running)
        look(db).check(load.sent, load)


def _send_once(running: Process, load: Load) -> None:
    with suppress(ConnectionError), sender("http", running.http) as send:
        sent = Conversations(8 * REQUEST_BYTES).request("http", load)
        sent.acknowledged = send(sent)


def children(running: Process) -> list[int]:
    """List the helpers that a daemon started, whichever of its threads did, and that run."""
    found = Path(f"/proc/{running.pid}/task").glob("*/children")
    pids = [pid for file in found for pid in map(int, _read(file).split()) if _runs(pid)]
    return [pid for pid in pids if "collector.helper" in _read(Path(f"/proc/{pid}/cmdline"))]


def _runs(pid: int) -> bool:
    """Say whether a process is there that has not ended: nobody may be left to ask for its exit status."""
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
