"""Serve the SDK's streamable HTTP transport from an aiohttp handler: stateless, each request answered with JSON.

The SDK speaks ASGI. A request is handed to it whole, after our own checks of host, origin, token and size.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import hdrs, web

Message = dict[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
DESK: Final = "spanledger.desk"
"""Under which name a request's scope holds the desk of its sender."""
ANSWER_S: Final = 60.0


async def bridged(app: App, request: web.Request, body: bytes, desk: object) -> web.Response:
    """Hand a request to an ASGI application, and give its answer."""
    exchange = _Exchange(body)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.raw_path.encode(),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": None,
        "server": None,
        "state": {},
        DESK: desk,
    }
    async with asyncio.timeout(ANSWER_S):
        await app(scope, exchange.receive, exchange.send)
    return exchange.response()


class _Exchange:
    """Give an application one request, and keep what it answers."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        """Give the body once; after it nothing comes."""
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Keep the beginning of the answer, and its parts."""
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        else:
            self._parts.append(message.get("body", b""))

    def response(self) -> web.Response:
        """Give the answer."""
        response = web.Response(status=self._status, body=b"".join(self._parts))
        for name, value in self._headers:
            if name.lower() != b"content-length":
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response
