"""Tell the daemon to stop: what is under way is finished, what comes later is turned away, nothing needs recovery."""

import errno
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from schema.signals import WIRE, Signal
from tests.support.load import ANSWER_S, Load, Sent, look, quick_check
from tests.support.process import HOST, Process, process, ready_process

GRACE_S = 8.0
"""Docker kills after ten seconds."""
DOOR_S = 3.0
LOOK_S = 0.002
UNDER_LOAD = (0.0, 0.5)
STARTING = (0.3, 0.8, 0.97)
"""Parts of the usual time to become ready."""


def test_B09_stopped_under_load_it_keeps_what_it_acknowledged_and_nothing_else(tmp_path: Path) -> None:
    """Stopped in the middle of a load, it exits 0 in time, and what is stored is what was acknowledged."""
    _stop_under_load(tmp_path / "spanledger.db", rounds=5)


@pytest.mark.soak
def test_B09_stopped_under_load_a_hundred_times(tmp_path: Path) -> None:
    """Stopped a hundred times in the middle of a load, it does the same each time."""
    _stop_under_load(tmp_path / "spanledger.db", rounds=100)


def test_B09_requests_under_way_are_finished_however_often_it_is_told_to_stop(tmp_path: Path) -> None:
    """Requests that wait for the database when signals come, one after the other, are stored and acknowledged."""
    db = tmp_path / "spanledger.db"
    load = Load()
    with ready_process(db) as running, ExitStack() as stack:
        with _held(db):
            answers = [begin(running, load.take(name), stack) for name, begin in UNDER_WAY.items()]
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
                running.signal(number)
                assert _is_closed_within(DOOR_S, running.http)
        told = [answer() for answer in answers]
        code = running.wait(GRACE_S)

    assert told == ["kept", "kept"]
    assert code == 0
    assert _nothing_is_left(running)
    look(db).check(load.sent, load)


@pytest.mark.parametrize("name", ["grpc", "http"])
def test_B09_late_callers_find_both_doors_closed_while_a_request_is_finished(tmp_path: Path, name: str) -> None:
    """Whichever port still has a request under way, neither takes a new one after the signal."""
    db = tmp_path / "spanledger.db"
    load = Load()
    with ready_process(db) as running, ExitStack() as stack:
        with _held(db):
            answer = UNDER_WAY[name](running, load.take(name), stack)
            running.signal(signal.SIGTERM)
            closed = [_is_closed_within(DOOR_S, port) for port in (running.http, running.grpc)]
        told, code = answer(), running.wait(GRACE_S)

    assert closed == [True, True], "HTTP, gRPC"
    assert (told, code) == ("kept", 0)


def test_B09_a_database_that_never_answers_does_not_delay_the_end(tmp_path: Path) -> None:
    """With the database held by somebody else all along, it exits in time and callers are not told of success."""
    db = tmp_path / "spanledger.db"
    load = Load()
    with ready_process(db) as running, ExitStack() as stack, _held(db):
        answers = [begin(running, load.take(name), stack) for name, begin in UNDER_WAY.items()]
        began = time.monotonic()
        running.signal(signal.SIGTERM)
        told = [answer() for answer in answers]
        code = running.wait()
        took_s = time.monotonic() - began

    assert "kept" not in told
    assert code == 0
    assert took_s < GRACE_S


def test_B09_a_signal_while_starting_ends_it_at_once(tmp_path: Path) -> None:
    """Told to stop before it is ready, it ends within a second or two, and the next start finds all in order."""
    with ready_process(tmp_path / "trial.db") as trial:
        usual_s = trial.ready_after_s
    db = tmp_path / "spanledger.db"
    for part in STARTING:
        with process(db) as starting:
            starting.is_ready_within(usual_s * part)
            began = time.monotonic()
            code = starting.stop()
            took_s = time.monotonic() - began

        assert code in (0, -signal.SIGTERM), starting.text
        assert took_s < usual_s + 2
        assert "Traceback" not in starting.text

    with ready_process(db) as running:
        load = Load()
        load.send_again([load.take("grpc"), load.take("http")], running)
        look(db).check(load.acknowledged, load)


def _stop_under_load(db: Path, *, rounds: int) -> None:
    chance = random.Random(rounds)
    load = Load(seed=rounds)
    for _ in range(rounds):
        with ready_process(db) as running, load.against(running):
            load.wait_acknowledged(1)
            running.is_over_within(chance.uniform(*UNDER_LOAD))
            assert running.stop(GRACE_S) == 0
        kept = look(db)

        kept.check(load.acknowledged, load)
        assert _unacknowledged_but_kept(kept.numbers, load) == []
        assert _nothing_is_left(running)
    assert not load.refused
    assert quick_check(db) == "ok"


def _unacknowledged_but_kept(numbers: Mapping[Signal, Sequence[int]], load: Load) -> list[Sent]:
    """List the requests that are stored though nobody was told so."""
    here = {signal: set(found) for signal, found in numbers.items()}
    return [sent for sent in load.open if sent.first in here[sent.signal]]


def _nothing_is_left(stopped: Process) -> bool:
    """Say whether the write-ahead log is empty or gone."""
    return not stopped.wal.exists() or not stopped.wal.stat().st_size


@contextmanager
def _held(db: Path) -> Iterator[None]:
    """Keep every other connection from writing."""
    with closing(apsw.Connection(str(db))) as holder:
        holder.set_busy_timeout(5000)
        holder.execute("begin immediate")
        yield


def _is_closed_within(seconds: float, port: int) -> bool:
    """Wait until nobody listens on a port, but no longer than that; say whether it came so far."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as caller:
            if caller.connect_ex((HOST, port)) == errno.ECONNREFUSED:
                return True
        threading.Event().wait(LOOK_S)
    return False


def _begin_grpc(running: Process, sent: Sent, stack: ExitStack) -> Callable[[], str]:
    """Call, and return when the server has the request: it answers a health check that was sent after it."""
    channel = stack.enter_context(grpc.insecure_channel(f"{HOST}:{running.grpc}"))
    method: Any = channel.unary_unary(f"/{WIRE[sent.signal].service}/Export")
    call = method.future(sent.body(), timeout=ANSWER_S)
    check: Any = health_pb2_grpc.HealthStub(channel)
    check.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_S)

    def answer() -> str:
        sent.acknowledged = call.exception() is None
        return "kept" if sent.acknowledged else str(call.code().name)

    return answer


def _begin_http(running: Process, sent: Sent, stack: ExitStack) -> Callable[[], str]:
    """Post, and return when the server has the request: it has asked for the body."""
    connection = stack.enter_context(socket.create_connection((HOST, running.http), timeout=ANSWER_S))
    body = sent.body()
    head = f"POST {WIRE[sent.signal].path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    kind = f"Content-Type: application/x-protobuf\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall((head + kind).encode())
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)

    def answer() -> str:
        reply = connection.recv(1000).partition(b"\r\n")[0]
        sent.acknowledged = reply.startswith(b"HTTP/1.1 200")
        return "kept" if sent.acknowledged else reply.decode()

    return answer


UNDER_WAY = {"grpc": _begin_grpc, "http": _begin_http}
