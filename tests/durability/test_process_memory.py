"""Send far more at once than memory may hold: the daemon stays within bounds, loses nothing, and gives memory back."""

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest

from schema.signals import WIRE
from tests.support.http2 import connected, framed
from tests.support.load import Conversations, Load, Sent, look
from tests.support.peak import BOUND, DERIVING
from tests.support.process import HOST, Process, ready_process

MIB = 1 << 20
PAGE_CACHE = 32 * MIB
"""What SQLite keeps of the pages it wrote, by default."""
RESTED_WITHIN_S = 60.0
LOOK_S = 0.02
LARGE = 60_000_000
SENDERS = 16
FEW = 8
GROWTH = 32 * MIB
"""What may be left of many crowds beyond what the first two leave."""
NO_MEMORY = "64MiB"
"""Less than it needs at rest, so that all large uploads but the oldest are broken off."""
BODY_S = 4.0
SLACK_S = 15.0
INVALID_ARGUMENT, UNAVAILABLE = 3, 14
KEPT = ("200", "OK")
RETRYABLE = ("503", "UNAVAILABLE", "CANCELLED", "lost")


@pytest.mark.parametrize("transports", [["http"], ["grpc"], ["http", "grpc"]], ids=["http", "grpc", "both"])
def test_B08_row_87_sixteen_large_requests_at_once_stay_within_memory(tmp_path: Path, transports: list[str]) -> None:
    """Sixteen conversations of 60 MB at once are stored or asked to come again, within bounds, and leave no trace."""
    _crowd(tmp_path / "spanledger.db", transports * (SENDERS // len(transports)), rounds=1)


def test_B08_row_87_large_uploads_that_are_asked_to_come_again_do_not_add_up(tmp_path: Path) -> None:
    """Uploads that are broken off while they arrive leave nothing behind, crowd after crowd."""
    _crowd(tmp_path / "spanledger.db", ["grpc"] * FEW, rounds=2, collector__limits__memory=NO_MEMORY)


@pytest.mark.soak
def test_B08_row_87_crowds_of_large_requests_stay_within_memory_again_and_again(tmp_path: Path) -> None:
    """Ten crowds over both transports, one after the other, stay within the bounds of one."""
    _crowd(tmp_path / "spanledger.db", ["http", "grpc"] * (SENDERS // 2), rounds=10)


def test_B08_uploads_that_never_end_are_bounded_and_ended(tmp_path: Path) -> None:
    """Eight calls that stop one megabyte short of 60 MB are ended by the body timeout, others are served meanwhile."""
    part = framed(bytes(LARGE - 1_000_000), announced=LARGE)
    with ready_process(tmp_path / "spanledger.db", collector__limits__body_timeout=f"{BODY_S:g}s") as running:
        idle = running.rss() + PAGE_CACHE
        load = Load()
        with ThreadPoolExecutor(FEW) as pool:
            held = [pool.submit(_hold, running, part) for _ in range(FEW)]
            load.send_again([load.take("grpc"), load.take("http")], running)
            ended = [one.result() for one in held]
        peak = running.peak_rss()
        rested = _rest(running, idle * 3 // 2 + DERIVING)

        load.send_again([load.take("grpc"), load.take("http")], running)
        look(running.db).check(load.acknowledged, load)
    assert max(after_s for _, after_s in ended) < BODY_S + SLACK_S
    assert {code for code, _ in ended} <= {INVALID_ARGUMENT, UNAVAILABLE}
    assert peak <= BOUND, f"{peak // MIB} MiB"
    assert rested <= idle * 3 // 2 + DERIVING, f"{rested // MIB} MiB are left, {idle // MIB} MiB are usual"


def _crowd(db: Path, transports: Sequence[str], *, rounds: int, **settings: Any) -> None:
    """Send a large request over each transport at once, wait until the daemon rests, and look; several times."""
    large = Conversations(LARGE)
    load = Load()
    with ready_process(db, **settings) as running, ThreadPoolExecutor(len(transports)) as pool:
        usual = running.rss() + PAGE_CACHE
        enough, rests = usual * 3 // 2 + DERIVING, []
        for _ in range(rounds):
            requests = [large.request(transport, load) for transport in transports]
            answers = list(pool.map(lambda sent: SEND[sent.transport](running, large, sent), requests))
            for sent, answer in zip(requests, answers, strict=True):
                sent.acknowledged = answer in KEPT
            rests.append(_rest(running, enough))

            assert [answer for answer in answers if answer not in (*KEPT, *RETRYABLE)] == []
            assert running.peak_rss() <= BOUND, f"{running.peak_rss() // MIB} MiB"
            assert rests[-1] <= enough, f"{rests[-1] // MIB} MiB are left, {usual // MIB} MiB are usual"
        assert rests[-1] <= max(rests[:2]) + GROWTH, f"left after each crowd, in MiB: {[rest // MIB for rest in rests]}"
        assert load.acknowledged
        look(db).check(load.acknowledged, load)


def _send_http(running: Process, large: Conversations, sent: Sent) -> str:
    """Post a large request as it is made, and give the status; "lost" when the connection broke without one."""
    head = f"POST {WIRE[sent.signal].path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {large.size}\r\n"
    with closing(socket.create_connection((HOST, running.http), timeout=60)) as connection:
        try:
            connection.sendall(f"{head}Content-Type: application/x-protobuf\r\n\r\n".encode())
            for piece in large.pieces(sent):
                connection.sendall(piece)
        except OSError:  # answered before the end, perhaps
            pass
        try:
            return connection.recv(100).split()[1].decode()
        except (OSError, IndexError):
            return "lost"


def _send_grpc(running: Process, _large: Conversations, sent: Sent) -> str:
    """Call with a large request on a connection of its own, and give the code."""
    body = sent.body()
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"{HOST}:{running.grpc}", options=options) as channel:
        try:
            method: Any = channel.unary_unary(f"/{WIRE[sent.signal].service}/Export")
            method(body, timeout=60)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def _hold(running: Process, part: bytes) -> tuple[int, float]:
    """Begin a call, send part of its message and wait; give the code of its end, and after how many seconds it came."""
    with connected(running.grpc) as connection:
        stream = connection.call()
        began = time.monotonic()
        connection.write(stream, part)
        return connection.reply(stream).code, time.monotonic() - began


def _rest(running: Process, enough: int) -> int:
    """Wait until the process holds no more than that, but not for ever; give what it holds then."""
    until = time.monotonic() + RESTED_WITHIN_S
    while running.rss() > enough and time.monotonic() < until:
        running.is_over_within(LOOK_S)
    return running.rss()


SEND: dict[str, Callable[[Process, Conversations, Sent], str]] = {"http": _send_http, "grpc": _send_grpc}
