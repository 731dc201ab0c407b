"""Send far more at once than memory may hold: the daemon stays within bounds, loses nothing, and gives memory back."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived, TrailersReceived

from schema.signals import WIRE, Signal
from tests.support.load import Conversations, Load, Sent, look
from tests.support.process import HOST, Process, ready_process

MIB = 1 << 20
LIMIT = (512 + 5 * 64) * MIB
"""The memory setting, and five of the largest requests (reliability.md P3)."""
PAGE_CACHE = 32 * MIB
"""What SQLite keeps of the pages it wrote, by default."""
RESTED_WITHIN_S = 60.0
LOOK_S = 0.02
LARGE = 60_000_000
SENDERS = 16
HOLDERS = 8
CHUNK = 1 << 20
BODY_S = 4.0
SLACK_S = 2.0
INVALID_ARGUMENT, UNAVAILABLE = 3, 14
RETRYABLE = ("503", "UNAVAILABLE", "CANCELLED", "lost")


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_B08_row_87_sixteen_large_requests_at_once_stay_within_memory(tmp_path: Path, transport: str) -> None:
    """Sixteen conversations of 60 MB at once are stored or asked to come again, within bounds, and leave no trace."""
    db = tmp_path / "spanledger.db"
    large = Conversations(LARGE)
    load = Load()
    with ready_process(db) as running:
        idle = running.rss() + PAGE_CACHE
        requests = [large.request(1 + number * large.items) for number in range(SENDERS)]
        load.sent.extend(requests)
        with ThreadPoolExecutor(SENDERS) as pool:
            answers = list(pool.map(lambda sent: SEND[transport](running, large, sent), requests))
        for sent, answer in zip(requests, answers, strict=True):
            sent.acknowledged = answer in ("200", "OK")
        peak = running.peak_rss()
        rested = _rest(running, idle * 3 // 2)
        look(db).check(load.acknowledged, load)

    assert [answer for answer in answers if answer not in ("200", "OK", *RETRYABLE)] == []
    assert load.acknowledged
    assert peak <= LIMIT, f"{peak // MIB} MiB"
    assert rested <= idle * 3 // 2, f"{rested // MIB} MiB are left, {idle // MIB} MiB are usual"


def test_B08_uploads_that_never_end_are_bounded_and_ended(tmp_path: Path) -> None:
    """Eight calls that stop one megabyte short of 60 MB are ended by the body timeout, others are served meanwhile."""
    with ready_process(tmp_path / "spanledger.db", collector__limits__body_timeout=f"{BODY_S:g}s") as running:
        idle = running.rss() + PAGE_CACHE
        load = Load()
        with ThreadPoolExecutor(HOLDERS) as pool:
            held = [pool.submit(_hold, running, announced=LARGE, sent=LARGE - 1_000_000) for _ in range(HOLDERS)]
            load.send_again([load.take("grpc"), load.take("http")], running)
            ended = [one.result() for one in held]
        peak = running.peak_rss()
        rested = _rest(running, idle * 3 // 2)

        load.send_again([load.take("grpc"), load.take("http")], running)
        look(running.db).check(load.acknowledged, load)
    assert max(after_s for after_s, _ in ended) < BODY_S + SLACK_S
    assert {code for _, code in ended} <= {INVALID_ARGUMENT, UNAVAILABLE}
    assert peak <= LIMIT, f"{peak // MIB} MiB"
    assert rested <= idle * 3 // 2, f"{rested // MIB} MiB are left, {idle // MIB} MiB are usual"


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


def _hold(running: Process, *, announced: int, sent: int) -> tuple[float, int]:
    """Begin a call, send less than was announced and wait; give after how many seconds it was ended, and the code."""
    with closing(socket.create_connection((HOST, running.grpc), timeout=60)) as line:
        call = _Call(line)
        call.begin(f"/{WIRE[Signal.TRACES].service}/Export")
        began = time.monotonic()
        call.send(b"\0" + announced.to_bytes(4, "big"))
        for _ in range(sent // CHUNK):
            call.send(bytes(CHUNK))
        while call.code is None:
            call.listen()
        return time.monotonic() - began, call.code


class _Call:
    """Make one gRPC call frame by frame: no client library sends half a message."""

    def __init__(self, line: socket.socket) -> None:
        self.code: int | None = None
        self._line = line
        self._http2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._http2.initiate_connection()

    def begin(self, path: str) -> None:
        """Send the headers."""
        head = {":method": "POST", ":scheme": "http", ":path": path, ":authority": HOST, "te": "trailers"}
        self._http2.send_headers(1, [*head.items(), ("content-type", "application/grpc")])
        self._flush()

    def send(self, data: bytes) -> None:
        """Send some of the body as fast as the server takes it; nothing once the call is over."""
        while data and self.code is None:
            room = min(self._http2.local_flow_control_window(1), self._http2.max_outbound_frame_size)
            if not room:
                self.listen()
                continue
            self._http2.send_data(1, data[:room])
            data = data[room:]
            self._flush()

    def listen(self) -> None:
        """Wait for something from the server, and note the end of the call."""
        received = self._line.recv(65536)
        assert received, "closed without an answer"
        for event in self._http2.receive_data(received):
            if isinstance(event, ResponseReceived | TrailersReceived):
                self._note(dict(event.headers))
        self._flush()

    def _note(self, headers: dict[Any, Any]) -> None:
        if "grpc-status" in headers:
            self.code = int(headers["grpc-status"])

    def _flush(self) -> None:
        self._line.sendall(self._http2.data_to_send())


def _rest(running: Process, enough: int) -> int:
    """Wait until the process holds no more than that, but not for ever; give what it holds then."""
    until = time.monotonic() + RESTED_WITHIN_S
    while running.rss() > enough and time.monotonic() < until:
        running.is_over_within(LOOK_S)
    return running.rss()


SEND: dict[str, Callable[[Process, Conversations, Sent], str]] = {"http": _send_http, "grpc": _send_grpc}
