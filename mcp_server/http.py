"""Serve /mcp on the HTTP port. Host and origin are checked as for every request (reliability.md section 4)."""

import asyncio
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiohttp import hdrs, web

from access.tokens import By, Scope
from api.console import Answer, Statement
from api.now import moment
from api.readers import Readers
from api.writing import Operation, Told, audited
from collector.guard import shown
from core.errors import StoreBusy, TryAgain, UnknownPath
from mcp_server.bridge import App, bridged
from store.protocol import Console, ReadSide, WriteSide

if TYPE_CHECKING:
    from mcp_server.hosting import Hosting

T = TypeVar("T")
Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]
Admit = Callable[[Sequence[str], Scope, str], By]
PATH: Final = "/mcp"
THREADS: Final = 2
WRITE_S: Final = 5.0
MISSING: Final = "agents are not served here: install the extra with `pip install 'spanledger[mcp]'` and restart"


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold what answers agents' requests; `admit` takes credentials, a scope and an address, and raises otherwise."""

    readers: Readers
    open_console: Callable[[], Console]
    run: Callable[[Callable[[WriteSide], Told]], "Future[Told]"]
    admit: Admit
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "mcp"))


class Mcp:
    """Own what serves agents; the SDK is loaded when the first one comes."""

    def __init__(self, parts: Parts, body: Body, *, version: str) -> None:
        """Load nothing yet; `body` gives a request's body within bounds."""
        self._parts, self._body, self._version = parts, body, version
        self._hosting: Hosting | None = None
        self._loading = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Give the route; a client that asks for a stream by GET is told that there is none."""
        return [web.post(PATH, self._answer)]

    def scopes(self) -> dict[tuple[str, str], Scope | None]:
        """Say what a token must be for; tools that write ask for more themselves."""
        return {(hdrs.METH_POST, PATH): Scope.READ}

    async def stop(self) -> None:
        """End what is under way."""
        if self._hosting is not None:
            await self._hosting.stop()
        parts = self._parts
        parts.threads.shutdown(wait=False, cancel_futures=True)
        parts.readers.interrupt()
        await asyncio.to_thread(parts.threads.shutdown)
        parts.readers.close()

    async def _answer(self, request: web.Request) -> web.Response:
        app = await self._app()
        async with self._body(request) as body:
            return await bridged(app, request, body, RequestDesk(self._parts, request))

    async def _app(self) -> App:
        async with self._loading:
            if self._hosting is None:
                if importlib.util.find_spec("mcp") is None:
                    raise UnknownPath(MISSING)
                hosting = await asyncio.to_thread(_load)
                self._hosting = hosting(self._version)
                await self._hosting.start()
            return self._hosting.app


class RequestDesk:
    """Ask and write for the sender of one request."""

    def __init__(self, parts: Parts, request: web.Request) -> None:
        """Keep the parts."""
        self._parts, self._request = parts, request
        self.base = f"{request.scheme}://{request.host}"

    async def read(self, work: Callable[[ReadSide], T]) -> T:
        """Ask in a thread."""
        parts = self._parts
        try:
            return await asyncio.get_running_loop().run_in_executor(parts.threads, lambda: work(parts.readers.mine()))
        except TryAgain:
            parts.readers.renew()
            raise

    async def query(self, values: Mapping[str, Any]) -> Answer:
        """Run a statement in a thread, for as long as the sender waits."""
        statement = Statement(self._parts.open_console, values)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._parts.threads, statement.run)
        finally:
            statement.stop()

    async def write(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
        """Have the one writer do it, if the request shows a token for that."""
        by = self._parts.admit(shown(self._request), operation.scope, self._request.remote or "")
        now = moment()
        work = audited(operation, values, operation.make(values, now), at=now.now, by=by)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self._parts.run(work.carry_out)), WRITE_S)
        except TimeoutError:
            raise StoreBusy("the database took too long; send the same again in a moment") from None


def _load() -> "type[Hosting]":
    """Import the SDK, which takes a second: apart from the loop, and once."""
    from mcp_server.hosting import Hosting

    return Hosting
