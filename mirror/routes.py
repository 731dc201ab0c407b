"""Answer /api/v1/sync: say what is mirrored, take word of what was saved or opened, and take rows read elsewhere."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import orjson
from aiohttp import hdrs, web

from access.tokens import Scope
from core.errors import Invalid, StoreBusy, UnsupportedMedia
from mirror.handed import taken_over
from mirror.mirroring import Mirror
from schema.derived import Changes

PATH: Final = "/sync"
JSON: Final = "application/json"
MOST_WAIT_S: Final = 30.0
WRITE_S: Final = 5.0

Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]


class Routes:
    """Hold the handlers; errors are raised, and told by whoever serves these routes."""

    def __init__(self, mirror: Mirror, apply: Callable[[Changes], "Future[list[int]]"], body: Body) -> None:
        """Serve a mirror; `body` gives a request's body within the bounds that hold for all requests."""
        self._mirror, self._apply, self._body = mirror, apply, body

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.get(prefix + PATH, self._state),
            web.post(prefix + PATH, self._sync),
            web.post(f"{prefix}{PATH}/rows", self._take),
        ]

    def scopes(self, prefix: str) -> dict[tuple[str, str], Scope | None]:
        """Say what a token must be for."""
        paths = (prefix + PATH, f"{prefix}{PATH}/rows")
        return {(hdrs.METH_POST, path): Scope.INGEST for path in paths}

    async def _state(self, _request: web.Request) -> web.Response:
        return _json(self._mirror.state())

    async def _sync(self, request: web.Request) -> web.Response:
        """Queue a path, and wait for its sync as long as is asked for: at once 202, what it came to 200."""
        async with self._body(request) as body:
            path, wait_s = _asked(_object(request, body))
        done = asyncio.wrap_future(self._mirror.order(path))
        try:
            tally = await asyncio.wait_for(asyncio.shield(done), wait_s)
        except TimeoutError:
            done.add_done_callback(_forget)
            return _json({"path": path, "state": "queued"}, status=202)
        return _json({"path": path, "state": "done", **tally.told()})

    async def _take(self, request: web.Request) -> web.Response:
        """Keep rows that another process has read."""
        async with self._body(request) as body:
            changes = taken_over(_object(request, body))
        try:
            await asyncio.wait_for(asyncio.wrap_future(self._apply(changes)), WRITE_S)
        except TimeoutError:
            raise StoreBusy("the database took too long; send the same again in a moment") from None
        return _json({"rows": len(changes)})


def _object(request: web.Request, body: bytes) -> dict[str, Any]:
    if request.content_type != JSON:
        raise UnsupportedMedia(f"Content-Type {request.content_type[:40]!r} is not supported; use {JSON}")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid(f"the body is a JSON {type(told).__name__}; an object is wanted")
    return told


def _asked(told: Mapping[str, Any]) -> tuple[str, float]:
    for name in told.keys() - {"path", "wait"}:
        raise Invalid(f"{name[:60]!r} is not known here; the fields are path, wait")
    path, wait_s = told.get("path"), told.get("wait") or 0
    if not isinstance(path, str) or not path or "\0" in path:
        raise Invalid('path is missing; {"path": "/a/session/directory"} is wanted')
    if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not 0 <= wait_s <= MOST_WAIT_S:
        raise Invalid(f"wait is {ascii(wait_s)[:60]}; a number of seconds from 0 to {MOST_WAIT_S:g} is wanted")
    return path, float(wait_s)


def _forget(done: "asyncio.Future[Any]") -> None:
    """Leave what came of it to the log: nobody waits any more."""
    if not done.cancelled():
        done.exception()


def _json(value: object, *, status: int = 200) -> web.Response:
    headers = {hdrs.CONTENT_TYPE: JSON, hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=orjson.dumps(value), status=status, headers=headers)
