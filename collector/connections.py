"""Guard a connection of the HTTP port against callers that are slow, or speak something else."""

import asyncio
import logging
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


class Connection(RequestHandler):
    """Close a connection whose first request's headers do not arrive in time; aiohttp waits for ever."""

    __slots__ = ("_deadline", "_fresh", "_header_timeout", "_listener")

    def __init__(self, listener: Listening, header_timeout: float) -> None:
        server = listener.server
        super().__init__(server, loop=asyncio.get_running_loop(), **server._kwargs)  # noqa: SLF001  as Server.__call__ does
        self._listener = listener
        self._header_timeout = header_timeout
        self._fresh = True
        self._deadline = asyncio.get_running_loop().call_later(header_timeout, self._drop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        super().connection_made(transport)
        self._listener.open.add(self)
        self._listener.counted()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._deadline.cancel()
        self._listener.open.discard(self)
        self._listener.counted()
        super().connection_lost(exc)

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

    def _drop(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Closed(asyncio.Protocol):
    """Turn a connection away at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
