"""Guard a connection of the HTTP port against callers that are slow, or speak something else."""

import asyncio
import logging
import socket
import struct
from typing import Any, Protocol

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

log = logging.getLogger(__name__)

FOREIGN = {
    b"PRI": "HTTP/2 on the HTTP port; OTLP/gRPC goes to [collector.grpc] endpoint, by default port 4317",
    b"\x16\x03\x01": "TLS on a port without TLS; use http:// or set [collector.http] tls",
    b"\x16\x03\x03": "TLS on a port without TLS; use http:// or set [collector.http] tls",
}
"""What other protocols begin with, and what to say of them."""


AT_ONCE = struct.pack("ii", 1, 0)
"""Linger: yes, for no time at all."""


class Listening(Protocol):
    """Own connections."""

    open: set[Any]
    port: int

    @property
    def server(self) -> web.Server:
        """Give aiohttp's own server, which parses and dispatches."""
        ...

    def counted(self) -> None:
        """Publish how many connections are open."""
        ...

    def hung_up(self) -> None:
        """Count a caller that took nothing of its answer."""
        ...


class Connection(RequestHandler):
    """Close a connection whose headers do not arrive in time, or whose answer nobody takes; aiohttp waits for ever."""

    __slots__ = ("_answer_timeout", "_deadline", "_fresh", "_header_timeout", "_left", "_listener", "_stalled")

    def __init__(self, listener: Listening, header_timeout: float, answer_timeout: float) -> None:
        server = listener.server
        super().__init__(server, loop=asyncio.get_running_loop(), **server._kwargs)  # noqa: SLF001  as Server.__call__ does
        self._listener = listener
        self._header_timeout = header_timeout
        self._fresh = True
        self._answer_timeout = answer_timeout
        self._left = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._deadline = asyncio.get_running_loop().call_later(header_timeout, self._drop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        super().connection_made(transport)
        self._listener.open.add(self)
        self._listener.counted()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._deadline.cancel()
        self._taken()
        self._listener.open.discard(self)
        self._listener.counted()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the other side takes less than there is."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """Note that it has taken most of it."""
        self._taken()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Close at once what is not HTTP/1, naming the port that was meant."""
        foreign = FOREIGN.get(data[:3]) if self._fresh else None
        self._fresh = False
        if foreign is None:
            super().data_received(data)
            self._expect_headers()
            return
        log.warning(foreign, extra={"port": self._listener.port})
        self._drop()

    def log_exception(self, *_args: object, **_kwargs: object) -> None:
        """Say that a request was malformed; aiohttp would add the stack and bytes of the request."""
        log.warning("malformed HTTP request", extra={"port": self._listener.port})

    def _expect_headers(self) -> None:
        """Give the headers of a further request as long as those of the first."""
        waiting = self._current_request is None and not self._messages
        if waiting and self._deadline.cancelled():
            self._deadline = asyncio.get_running_loop().call_later(self._header_timeout, self._drop)

    def begun(self) -> None:
        """Note that a request's headers have arrived."""
        self._deadline.cancel()

    def _look_later(self) -> None:
        assert self.transport is not None, "what is not connected is not written to"
        self._left = self.transport.get_write_buffer_size()
        self._stalled = asyncio.get_running_loop().call_later(self._answer_timeout, self._look)

    def _look(self) -> None:
        """Hang up when nothing was taken since the last look."""
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() >= self._left:
            log.warning(
                "a caller takes nothing of its answer", extra={"port": self._listener.port, "bytes": self._left}
            )
            self._listener.hung_up()
            self._reset(self.transport)
        else:
            self._look_later()

    def _reset(self, transport: asyncio.Transport) -> None:
        """Close so that the system, too, lets go of what it would send when it is taken one day."""
        told = transport.get_extra_info("socket")
        if told is not None:
            told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        transport.abort()

    def _taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _drop(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Closed(asyncio.Protocol):
    """Turn a connection away at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
