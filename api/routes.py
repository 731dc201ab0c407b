"""Answer /api/v1 over HTTP: each question and each operation is a small handler of the same shape.

Errors are raised, and told by whoever serves these routes. Queries run in threads, each with a reader of its own.
"""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import orjson
from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import Scope
from api.now import moment
from api.operations import OPERATIONS, PREFIX
from api.questions import QUESTIONS, Question
from api.writing import Operation, Told, audited
from core.errors import Invalid, StoreBusy, TryAgain, UnsupportedMedia
from store.protocol import ReadSide, WriteSide

JSON: Final = "application/json"
TOKENS: Final = f"{PREFIX}/tokens"
THREADS: Final = 2
"""Queries that run at once; the machine has other things to do."""
WRITE_S: Final = 5.0
IDLE_S: Final = 60.0
"""A reader that was not used for so long is opened anew: the file may be another by then."""

_NAME: Final = re.compile(r"\{(\w+)\}")
Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Deriving(Protocol):
    """Keep the derived tables."""

    def order(self, name: str) -> int:
        """Ask for something; give the order's number, which `done` in the state reaches when it is carried out."""
        ...

    def state(self) -> dict[str, Any]:
        """Say how far the tables are behind."""
        ...


class Doors(Protocol):
    """Know who may come in."""

    async def renew(self) -> list[dict[str, Any]]:
        """Let in whom the database names from now on; give its tokens."""
        ...


class Api:
    """Own the threads that read; `run` queues work for the one writer."""

    def __init__(
        self,
        open_reader: Callable[[], ReadSide],
        run: Callable[[Callable[[WriteSide], Told]], "Future[Told]"],
        body: Body,
        deriving: Deriving,
        doors: Doors,
    ) -> None:
        """Open nothing yet; `body` gives a request's body within the bounds that hold for all requests."""
        self._readers = Readers(open_reader)
        self._threads = ThreadPoolExecutor(THREADS, "api")
        self._run, self._body, self._deriving, self._doors = run, body, deriving, doors

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        asked = [web.get(PREFIX + _open(question.path), self._asking(question)) for question in QUESTIONS]
        told = [web.route(one.method, PREFIX + _open(one.path), self._telling(one)) for one in OPERATIONS.values()]
        rest = [web.get(f"{PREFIX}/derived", self._derived), web.get(TOKENS, self._tokens)]
        return [*asked, *told, *rest]

    def scopes(self) -> dict[tuple[str, str], Scope | None]:
        """Say what a token must be for to reach a route, beyond what reading and writing want anyway."""
        told: dict[tuple[str, str], Scope | None] = {
            (one.method, PREFIX + one.path): one.scope for one in OPERATIONS.values()
        }
        return {(hdrs.METH_GET, TOKENS): Scope.ADMIN, **told}

    def close(self) -> None:
        """Stop queries under way, and go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._readers.interrupt()
        self._threads.shutdown()
        self._readers.close()

    def _asking(self, question: Question) -> Handler:
        async def ask(request: web.Request) -> web.Response:
            values = question.values(_parameters(request))
            named = request.match_info.values()
            return await self._threaded(lambda: _json(question.ask(self._readers.mine(), *named, **values)))

        return ask

    def _telling(self, operation: Operation) -> Handler:
        async def tell(request: web.Request) -> web.Response:
            async with self._body(request) as body:
                values = {**_parameters(request, operation), **_object(request, body), **request.match_info}
            now = moment()
            work = audited(operation, values, operation.make(values, now), at=now.now, by=request[BY])
            try:
                answer = await asyncio.wait_for(asyncio.wrap_future(self._run(work.carry_out)), WRITE_S)
            except TimeoutError:
                raise StoreBusy("the database took too long; send the same again in a moment") from None
            if operation.path.startswith("/tokens"):
                await self._doors.renew()
            if operation.order:
                answer["order"] = self._deriving.order(operation.order)
            return _json(answer, status=operation.status)

        return tell

    async def _derived(self, _request: web.Request) -> web.Response:
        """Say how far the derived tables are behind, and which order is carried out."""
        return _json(self._deriving.state())

    async def _tokens(self, _request: web.Request) -> web.Response:
        """List the tokens that were made, without their hashes."""
        rows = await self._doors.renew()
        return _json({"tokens": [{name: row[name] for name in row if name != "hash"} for row in rows]})

    async def _threaded(self, work: Callable[[], web.Response]) -> web.Response:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TryAgain:
            self._readers.renew()
            raise


class Readers:
    """Give each thread a reader of its own."""

    def __init__(self, open_reader: Callable[[], ReadSide]) -> None:
        """Open none yet."""
        self._open = open_reader
        self._mine = threading.local()
        self._all: list[ReadSide] = []
        self._age = 0

    def mine(self) -> ReadSide:
        """Give the calling thread's reader."""
        held: tuple[ReadSide, int, float] | None = getattr(self._mine, "held", None)
        if held is not None and (held[1] != self._age or time.monotonic() - held[2] > IDLE_S):
            self._all.remove(held[0])
            held[0].close()
            held = None
        side = held[0] if held else self._fresh()
        self._mine.held = (side, self._age, time.monotonic())
        return side

    def renew(self) -> None:
        """Have every thread open a new one the next time."""
        self._age += 1

    def interrupt(self) -> None:
        """Stop what they do."""
        for side in list(self._all):
            side.interrupt()

    def close(self) -> None:
        """Close all; no thread uses them any more."""
        while self._all:
            self._all.pop().close()

    def _fresh(self) -> ReadSide:
        side = self._open()
        self._all.append(side)
        return side


def _open(path: str) -> str:
    """Let what a path names be any text, braces too."""
    return _NAME.sub(r"{\1:[^/]+}", path)


def _parameters(request: web.Request, operation: Operation | None = None) -> dict[str, Any]:
    """Read the query; what a deletion takes from it is a number."""
    given: dict[str, Any] = {}
    for name, text in request.query.items():
        if name in given:
            raise Invalid(f"the parameter {name[:60]!r} is given twice")
        given[name] = text
    if operation is not None and given:
        return {name: _number(name, text) for name, text in given.items()}
    return given


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"the parameter {name[:60]!r} is {text[:60]!r}; a number is wanted") from None


def _object(request: web.Request, body: bytes) -> Mapping[str, Any]:
    """Read a body of JSON; an empty one says nothing."""
    if not body:
        return {}
    if request.content_type != JSON:
        raise UnsupportedMedia(f"Content-Type {request.content_type[:40]!r} is not supported; use {JSON}")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid(f"the body is a JSON {type(told).__name__}; an object is wanted")
    return told


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(value), status=status, headers={hdrs.CONTENT_TYPE: JSON, hdrs.CACHE_CONTROL: "no-store"}
    )
