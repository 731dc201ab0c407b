"""Send far more at once than memory may hold: the daemon stays within bounds, loses nothing, and gives memory back."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events
import pytest

from schema.signals import WIRE, Signal
from tests.support.load import ANSWER_S, Conversations, Load, Sent, look
from tests.support.process import HOST, Process, ready_process

MIB = 1 << 20
LIMIT = (512 + 5 * 64) * MIB
"""The memory setting, and five of the largest requests (reliability.md P3)."""
RESTED = 150 * MIB
RESTED_WITHIN_S = 60.0
LOOK_S = 0.02
LARGE = 60_000_000
SENDERS = 16
RETRYABLE = ("503", "UNAVAILABLE", "CANCELLED", "lost")

Answer = tuple[Sent, str]


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_B08_row_87_sixteen_large_requests_at_once_stay_within_memory(tmp_path: Path, transport: str) -> None:
    """Sixteen conversations of 60 MB at once are stored or asked to come again, within bounds, and leave no trace."""
    db = tmp_path / "spanledger.db"
    large = Conversations(LARGE)
    load = Load()
    with ready_process(db) as running:
        idle = running.rss()
        requests = [large.request(1 + number * large.items) for number in range(SENDERS)]
        load.sent.extend(requests)
        with ThreadPoolExecutor(SENDERS) as pool:
            answers = list(pool.map(lambda sent: SEND[transport](running, large, sent), requests))
        for sent, answer in zip(requests, answers, strict=True):
            sent.acknowledged = answer in ("200", "OK")
        peak = running.peak_rss()
        rested = _rest(running, max(RESTED, idle * 3 // 2))
        look(db).check(load.acknowledged, load)

    assert [answer for answer in answers if answer not in ("200", "OK", *RETRYABLE)] == []
    assert load.acknowledged
    assert peak <= LIMIT, f"{peak // MIB} MiB"
    assert rested, f"{idle // MIB} MiB before"


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


def _send_grpc(running: Process, large: Conversations, sent: Sent) -> str:
    """Call with a large request on a connection of its own, and give the code."""
    body = b"".join(large.pieces(sent))
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"{HOST}:{running.grpc}", options=options) as channel:
        try:
            channel.unary_unary(f"/{WIRE[sent.signal].service}/Export")(body, timeout=60)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def _rest(running: Process, enough: int) -> bool:
    """Wait until the process holds no more than that; say whether it came so far in time."""
    until = time.monotonic() + RESTED_WITHIN_S
    while running.rss() > enough and time.monotonic() < until:
        running.is_over_within(LOOK_S)
    return running.rss() <= enough


SEND: dict[str, Callable[[Process, Conversations, Sent], str]] = {"http": _send_http, "grpc": _send_grpc}
