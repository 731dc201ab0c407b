"""Speak HTTP/2 by hand: cut, hold back or corrupt a gRPC call as no gRPC client would."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from schema.signals import WIRE, Signal

CHUNK_BYTES = 16_384
TIMEOUT_S = 20.0


@dataclass(slots=True)
class Reply:
    """Hold what came back on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    over: bool = False

    @property
    def code(self) -> int:
        """Give the gRPC status; -1 when the stream ended without one."""
        return int(self.headers.get("grpc-status", -1))


class Connection:
    """Hold one connection and the replies on its streams."""

    def __init__(self, port: int) -> None:
        """Connect and say hello."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.replies: dict[int, Reply] = {}
        self.closed = False
        self.http2.initiate_connection()
        self._flush()

    def call(self, signal: Signal = Signal.TRACES, **headers: str) -> int:
        """Open an Export call and give its stream; headers are named with `_` for `-`."""
        stream = self.http2.get_next_available_stream_id()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http2.send_headers(stream, list({**_headers(signal), **named}.items()))
        self.replies[stream] = Reply()
        self._flush()
        return stream

    def write(self, stream: int, data: bytes, *, end: bool = False) -> int:
        """Write as far as the other side lets us; give how much went, less than all when the stream is over."""
        sent = 0
        while sent < len(data) and not self._over(stream):
            room = min(self.http2.local_flow_control_window(stream), self.http2.max_outbound_frame_size, CHUNK_BYTES)
            if room <= 0:
                self._receive(TIMEOUT_S)
                continue
            self.http2.send_data(stream, data[sent : sent + room])
            self._flush()
            sent += room
            self._receive(0)
        if end and not self._over(stream):
            self.http2.end_stream(stream)
            self._flush()
        return sent

    def reply(self, stream: int, *, timeout: float = TIMEOUT_S) -> Reply:
        """Wait until a stream is over, or as long as told, and give what came back."""
        until = time.monotonic() + timeout
        while not self._over(stream) and (left := until - time.monotonic()) > 0:
            self._receive(left)
        return self.replies[stream]

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _over(self, stream: int) -> bool:
        return self.closed or self.replies[stream].over

    def _flush(self) -> None:
        data = self.http2.data_to_send()
        if data:
            self.socket.settimeout(TIMEOUT_S)
            with suppress(ConnectionError):
                self.socket.sendall(data)

    def _receive(self, timeout: float) -> None:
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(65_536)
        except (BlockingIOError, TimeoutError):
            return
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.http2.receive_data(data):
            self._take(event)
        self._flush()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
            assert event.stream_id is not None
            self.replies[event.stream_id].headers |= {str(name): str(value) for name, value in event.headers or ()}
        elif isinstance(event, h2.events.DataReceived):
            assert event.stream_id is not None
            self.replies[event.stream_id].data += event.data or b""
            self.http2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
            assert event.stream_id is not None
            self.replies[event.stream_id].over = True
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.closed = True


@contextmanager
def connected(port: int) -> Iterator[Connection]:
    """Hold a connection for the length of a block."""
    connection = Connection(port)
    try:
        yield connection
    finally:
        connection.close()


def framed(message: bytes, *, compressed: bool = False, announced: int | None = None) -> bytes:
    """Write a gRPC message, whose length may be a lie."""
    length = len(message) if announced is None else announced
    return bytes([compressed]) + length.to_bytes(4, "big") + message


def exported(port: int, message: bytes, *, compressed: bool = False, **headers: str) -> Reply:
    """Make one Export call with a message that is sent as it is."""
    with connected(port) as connection:
        stream = connection.call(Signal.TRACES, **headers)
        connection.write(stream, framed(message, compressed=compressed), end=True)
        return connection.reply(stream)


def _headers(signal: Signal) -> dict[str, str]:
    return {
        ":method": "POST",
        ":scheme": "http",
        ":path": f"/{WIRE[signal].service}/Export",
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
