"""Answer /api/v1 over HTTP: each question and each operation is a small handler of the same shape.

Errors are raised, and told by whoever serves these routes. Queries run in threads, each with a reader of its own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import Scope
from api import formats
from api.asking import Question
from api.description import document
from api.formats import JSON, WRITERS, chosen
from api.now import moment
from api.operations import OPERATIONS, PREFIX
from api.questions import QUESTIONS
from api.readers import Readers
from api.requests import accepted, object_of, parameters, take_none
from api.responses import FORMS, response, tagged
from api.statements import SQL, Statements
from api.tracked import Tracked
from api.writing import Operation, Told, Work, audited
from core.errors import Overloaded, StoreBusy, TryAgain
from store.protocol import Console, ReadSide, WriteSide
from tracking.commands import Command, Done
from tracking.faults import Fault

TOKENS: Final = f"{PREFIX}/tokens"
THREADS: Final = 2
"""Queries that run at once; the machine has other things to do."""
WAITING: Final = 64
"""Queries that may wait for these; more are turned away."""
WRITE_S: Final = 5.0

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
    """Own the threads that read; `run` queues work for the one writer, `track` commands that it does many at once."""

    def __init__(  # noqa: PLR0913, PLR0917  the parts that it needs
        self,
        open_reader: Callable[[], ReadSide],
        open_console: Callable[[], Console],
        run: Callable[[Callable[[WriteSide], Told]], "Future[Told]"],
        body: Body,
        deriving: Deriving,
        doors: Doors,
        *,
        track: Callable[[Command, Callable[[Done | Fault], Told]], "Future[Told]"],
        version: str,
    ) -> None:
        """Open nothing yet; `body` gives a request's body within the bounds that hold for all requests."""
        self._readers = Readers(open_reader)
        self._threads = ThreadPoolExecutor(THREADS, "api")
        self._statements = Statements(open_console, body)
        self._run, self._body, self._deriving, self._doors = run, body, deriving, doors
        self._track, self._version = track, version
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        asked = [web.get(PREFIX + _open(question.path), self._asking(question)) for question in QUESTIONS]
        told = [web.route(one.method, PREFIX + _open(one.path), self._telling(one)) for one in OPERATIONS.values()]
        own = [
            web.get(f"{PREFIX}/derived", self._derived),
            web.get(f"{PREFIX}/openapi.json", self._described),
            web.get(TOKENS, self._tokens),
            *self._statements.routes(),
        ]
        return [*own, *asked, *told, *_options([*own, *asked, *told])]

    def scopes(self) -> dict[tuple[str, str], Scope | None]:
        """Say what a token must be for to reach a route, beyond what reading and writing want anyway."""
        told: dict[tuple[str, str], Scope | None] = {
            (one.method, PREFIX + one.path): one.scope for one in OPERATIONS.values()
        }
        return {(hdrs.METH_GET, TOKENS): Scope.ADMIN, (hdrs.METH_POST, SQL): Scope.READ, **told}

    def close(self) -> None:
        """Stop queries under way, and go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._statements.close()
        self._readers.interrupt()
        self._threads.shutdown()
        self._readers.close()

    def _asking(self, question: Question) -> Handler:
        async def ask(request: web.Request) -> web.Response:
            media = chosen(accepted(request), FORMS if question.is_list else (JSON,))
            values = question.values(parameters(request))
            named = question.named(request.match_info)
            return await self._threaded(
                lambda: _answer(request, question, media, question.ask(self._readers.mine(), *named, **values))
            )

        return ask

    def _telling(self, operation: Operation) -> Handler:
        async def tell(request: web.Request) -> web.Response:
            async with self._body(request) as body:
                values = {**parameters(request, operation), **object_of(request, body), **request.match_info}
            now = moment()
            work = audited(operation, values, operation.make(values, now), at=now.now, by=request[BY])
            try:
                answer = await asyncio.wait_for(asyncio.wrap_future(self._written(work)), WRITE_S)
            except TimeoutError:
                raise StoreBusy("the database took too long; send the same again in a moment") from None
            if operation.path.startswith("/tokens"):
                await self._doors.renew()
            if operation.order:
                answer["order"] = self._deriving.order(operation.order)
            return response(formats.json(answer), JSON, status=operation.status)

        return tell

    def _written(self, work: Work) -> "Future[Told]":
        return self._track(work.command, work.told) if isinstance(work, Tracked) else self._run(work.carry_out)

    async def _derived(self, request: web.Request) -> web.Response:
        """Say how far the derived tables are behind, and which order is carried out."""
        take_none(request)
        return response(formats.json(self._deriving.state()), JSON)

    async def _described(self, request: web.Request) -> web.Response:
        """Give the API's description."""
        take_none(request)
        chosen(accepted(request), (JSON,))
        return tagged(request, document(self._version), JSON)

    async def _tokens(self, request: web.Request) -> web.Response:
        """List the tokens that were made, without their hashes."""
        take_none(request)
        rows = await self._doors.renew()
        told = {"tokens": [{name: row[name] for name in row if name != "hash"} for row in rows]}
        return response(formats.json(told), JSON)

    async def _threaded(self, work: Callable[[], web.Response]) -> web.Response:
        if self._waiting >= WAITING:
            raise Overloaded(f"{WAITING} questions wait to be answered; ask again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TryAgain:
            self._readers.renew()
            raise
        finally:
            self._waiting -= 1


def _open(path: str) -> str:
    """Let what a path names be any text, braces too."""
    return _NAME.sub(r"{\1:[^/]+}", path)


def _answer(request: web.Request, question: Question, media: str, told: Mapping[str, Any]) -> web.Response:
    """Write what was found, and where the next page is."""
    if media == JSON:
        body = formats.json(told)
    else:
        body = WRITERS[media](told["items"], tuple(question.gives.schema()["properties"]))
    response = tagged(request, body, media)
    if question.is_list and told["next"]:
        following = request.rel_url.update_query(cursor=told["next"])
        response.headers[hdrs.LINK] = f'<{following}>; rel="next"'
    return response


def _options(routes: list[web.RouteDef]) -> list[web.RouteDef]:
    """Answer OPTIONS for each path with its methods."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        methods.setdefault(route.path, {hdrs.METH_OPTIONS}).update(
            {route.method, hdrs.METH_HEAD} if route.method == hdrs.METH_GET else {route.method}
        )
    return [web.options(path, _allowing(", ".join(sorted(allowed)))) for path, allowed in methods.items()]


def _allowing(allowed: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=204, headers={hdrs.ALLOW: allowed})

    return answer
