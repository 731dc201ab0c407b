"""Serve /api/v1/sql and /api/v1/schema: one statement at a time, for as long as somebody waits for its answer."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from aiohttp import web

from api import formats
from api.console import Statement, of_address, schema
from api.formats import JSON, chosen
from api.operations import PREFIX
from api.requests import accepted, object_of, parameters, take_none
from api.responses import FORMS, response, tagged
from core.errors import Overloaded
from store.protocol import Console

SCHEMA: Final = f"{PREFIX}/schema"
SQL: Final = f"{PREFIX}/sql"
STATEMENTS: Final = 4
"""Statements that may wait for the one that runs."""
LOOK_S: Final = 0.1
"""How often it is looked whether anybody still waits."""
TRUNCATED: Final = "Truncated"
"""The header that says whether there is more than was given."""

Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]


class Statements:
    """Own the thread that runs them."""

    def __init__(self, open_console: Callable[[], Console], body: Body) -> None:
        """Open nothing yet; `body` gives a request's body within bounds."""
        self._open, self._body = open_console, body
        self._thread = ThreadPoolExecutor(1, "sql")
        self._waiting: set[Statement] = set()

    @property
    def waiting(self) -> list[Statement]:
        """List the statements that run or wait."""
        return list(self._waiting)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get(SCHEMA, self._schema), web.get(SQL, self._asked_sql), web.post(SQL, self._told_sql)]

    def close(self) -> None:
        """Stop what runs, and go."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for statement in self.waiting:
            statement.stop()
        self._thread.shutdown()

    async def _schema(self, request: web.Request) -> web.Response:
        """List what may be read with SQL."""
        take_none(request)
        chosen(accepted(request), (JSON,))
        return tagged(request, formats.json(schema()), JSON)

    async def _asked_sql(self, request: web.Request) -> web.Response:
        """Run the statement in an address."""
        return await self._run_sql(request, of_address(parameters(request)))

    async def _told_sql(self, request: web.Request) -> web.Response:
        """Run the statement in a body."""
        take_none(request)
        async with self._body(request) as body:
            values = object_of(request, body)
        return await self._run_sql(request, values)

    async def _run_sql(self, request: web.Request, values: Mapping[str, Any]) -> web.Response:
        """Run a statement for as long as somebody waits for its answer."""
        media = chosen(accepted(request), FORMS)
        statement = Statement(self._open, values)
        if len(self._waiting) > STATEMENTS:
            raise Overloaded(f"{STATEMENTS} statements wait for the one that runs; ask again in a moment")
        self._waiting.add(statement)
        try:
            running = asyncio.get_running_loop().run_in_executor(self._thread, statement.run)
            while not running.done():
                await asyncio.wait({running}, timeout=LOOK_S)
                if request.transport is None or request.transport.is_closing():
                    statement.stop()
            answer = await running
        finally:
            statement.stop()
            self._waiting.discard(statement)
        told = response(answer.written(media), media)
        told.headers[TRUNCATED] = str(answer.truncated).lower()
        return told
