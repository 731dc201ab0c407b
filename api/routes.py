"""Answer /api/v1 over HTTP: each question and each operation is a small handler of the same shape.

Errors are raised, and told by whoever serves these routes. Queries run in threads, each with a reader of its own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

import orjson
from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import Scope
from api import formats
from api.asking import Question
from api.console import Statement, of_address, schema
from api.description import document
from api.formats import CSV, JSON, LINES, WRITERS, chosen
from api.now import moment
from api.operations import OPERATIONS, PREFIX
from api.questions import QUESTIONS
from api.readers import Readers
from api.writing import Operation, Told, audited
from core.errors import Invalid, Overloaded, StoreBusy, TryAgain, UnsupportedMedia
from store.protocol import Console, ReadSide, WriteSide

TOKENS: Final = f"{PREFIX}/tokens"
SCHEMA: Final = f"{PREFIX}/schema"
SQL: Final = f"{PREFIX}/sql"
STATEMENTS: Final = 4
"""Statements of users that may wait for the one that runs."""
LOOK_S: Final = 0.1
"""How often it is looked whether anybody still waits for a statement."""
THREADS: Final = 2
"""Queries that run at once; the machine has other things to do."""
WAITING: Final = 64
"""Queries that may wait for these; more are turned away."""
WRITE_S: Final = 5.0
TRUNCATED: Final = "Truncated"
"""The header that says whether there is more than was given."""
FORMS: Final = (JSON, LINES, CSV)
"""What lists are written as."""

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

    def __init__(  # noqa: PLR0913, PLR0917  the parts that it needs
        self,
        open_reader: Callable[[], ReadSide],
        open_console: Callable[[], Console],
        run: Callable[[Callable[[WriteSide], Told]], "Future[Told]"],
        body: Body,
        deriving: Deriving,
        doors: Doors,
        *,
        version: str,
    ) -> None:
        """Open nothing yet; `body` gives a request's body within the bounds that hold for all requests."""
        self._readers = Readers(open_reader)
        self._threads = ThreadPoolExecutor(THREADS, "api")
        self._open_console = open_console
        self._thread_of_statements = ThreadPoolExecutor(1, "sql")
        self._statements: set[Statement] = set()
        self._run, self._body, self._deriving, self._doors = run, body, deriving, doors
        self._version = version
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        asked = [web.get(PREFIX + _open(question.path), self._asking(question)) for question in QUESTIONS]
        told = [web.route(one.method, PREFIX + _open(one.path), self._telling(one)) for one in OPERATIONS.values()]
        own = [
            web.get(f"{PREFIX}/derived", self._derived),
            web.get(f"{PREFIX}/openapi.json", self._described),
            web.get(TOKENS, self._tokens),
            web.get(SCHEMA, self._schema),
            web.get(SQL, self._asked_sql),
            web.post(SQL, self._told_sql),
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
        self._thread_of_statements.shutdown(wait=False, cancel_futures=True)
        for statement in list(self._statements):
            statement.stop()
        self._thread_of_statements.shutdown()
        self._readers.interrupt()
        self._threads.shutdown()
        self._readers.close()

    def _asking(self, question: Question) -> Handler:
        async def ask(request: web.Request) -> web.Response:
            media = chosen(_accepted(request), FORMS if question.is_list else (JSON,))
            values = question.values(_parameters(request))
            named = question.named(request.match_info)
            return await self._threaded(
                lambda: _answer(request, question, media, question.ask(self._readers.mine(), *named, **values))
            )

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
            return _response(formats.json(answer), JSON, status=operation.status)

        return tell

    async def _derived(self, request: web.Request) -> web.Response:
        """Say how far the derived tables are behind, and which order is carried out."""
        _take_none(request)
        return _response(formats.json(self._deriving.state()), JSON)

    async def _described(self, request: web.Request) -> web.Response:
        """Give the API's description."""
        _take_none(request)
        chosen(_accepted(request), (JSON,))
        return _tagged(request, document(self._version), JSON)

    async def _tokens(self, request: web.Request) -> web.Response:
        """List the tokens that were made, without their hashes."""
        _take_none(request)
        rows = await self._doors.renew()
        told = {"tokens": [{name: row[name] for name in row if name != "hash"} for row in rows]}
        return _response(formats.json(told), JSON)

    async def _schema(self, request: web.Request) -> web.Response:
        """List what may be read with SQL."""
        _take_none(request)
        chosen(_accepted(request), (JSON,))
        return _tagged(request, formats.json(schema()), JSON)

    async def _asked_sql(self, request: web.Request) -> web.Response:
        """Run the statement in an address."""
        return await self._run_sql(request, of_address(_parameters(request)))

    async def _told_sql(self, request: web.Request) -> web.Response:
        """Run the statement in a body."""
        _take_none(request)
        async with self._body(request) as body:
            values = _object(request, body)
        return await self._run_sql(request, values)

    async def _run_sql(self, request: web.Request, values: Mapping[str, Any]) -> web.Response:
        """Run a statement for as long as somebody waits for its answer."""
        media = chosen(_accepted(request), FORMS)
        statement = Statement(self._open_console, values)
        if len(self._statements) > STATEMENTS:
            raise Overloaded(f"{STATEMENTS} statements wait for the one that runs; ask again in a moment")
        self._statements.add(statement)
        try:
            running = asyncio.get_running_loop().run_in_executor(self._thread_of_statements, statement.run)
            while not running.done():
                await asyncio.wait({running}, timeout=LOOK_S)
                if request.transport is None or request.transport.is_closing():
                    statement.stop()
            answer = await running
        finally:
            statement.stop()
            self._statements.discard(statement)
        response = _response(answer.written(media), media)
        response.headers[TRUNCATED] = str(answer.truncated).lower()
        return response

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


def _accepted(request: web.Request) -> str:
    return ",".join(request.headers.getall(hdrs.ACCEPT, []))


def _take_none(request: web.Request) -> None:
    for name in request.query:
        raise Invalid(f"the parameter {name[:60]!r} is not known here; the parameters are none")


def _answer(request: web.Request, question: Question, media: str, told: Mapping[str, Any]) -> web.Response:
    """Write what was found, and where the next page is."""
    if media == JSON:
        body = formats.json(told)
    else:
        body = WRITERS[media](told["items"], tuple(question.gives.schema()["properties"]))
    response = _tagged(request, body, media)
    if question.is_list and told["next"]:
        following = request.rel_url.update_query(cursor=told["next"])
        response.headers[hdrs.LINK] = f'<{following}>; rel="next"'
    return response


def _tagged(request: web.Request, body: bytes, media: str) -> web.Response:
    """Answer, or say that it is what the caller has already."""
    tag = formats.tag(body)
    if formats.is_known(request.headers.get(hdrs.IF_NONE_MATCH, ""), tag):
        response = web.Response(status=304, headers={hdrs.CACHE_CONTROL: "no-store"})
    else:
        response = _response(body, media)
    response.headers[hdrs.ETAG] = tag
    response.headers[hdrs.VARY] = hdrs.ACCEPT
    return response


def _response(body: bytes, media: str, *, status: int = 200) -> web.Response:
    written = f"{media}; charset=utf-8" if media == CSV else media
    return web.Response(body=body, status=status, headers={hdrs.CONTENT_TYPE: written, hdrs.CACHE_CONTROL: "no-store"})


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
