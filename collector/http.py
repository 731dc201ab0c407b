"""Serve the HTTP port: OTLP, health and metrics; guard it against slow, foreign and too many callers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import hdrs, web

from collector.config import Http
from collector.connections import Closed, Connection
from collector.guard import Guard, Scopes, Telling
from collector.intake import Intake
from collector.otlp_http import Exports
from collector.ports import listen
from collector.tls import Certificates, HttpContext

RUNNER: dict[str, Any] = {
    "auto_decompress": False,  # ours is bounded (reliability.md 5.2)
    "keepalive_timeout": 75,
    "lingering_time": 1.0,
    "max_headers": 128,
    "access_log": None,
    "handle_signals": False,
}

Route = web.AbstractRouteDef


class Listener:
    """Serve one application on one port."""

    def __init__(self, settings: Http, intake: Intake, app: web.Application) -> None:
        """Keep the parts; nothing listens before `start`."""
        self._settings = settings
        self._limits = intake.limits
        self._counters = intake.counters
        self._runner = web.AppRunner(app, **RUNNER)
        self._server: asyncio.Server | None = None
        self._context: HttpContext | None = None
        self.open: set[Connection] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen, or raise AlreadyRunning or Misconfigured."""
        address = self._settings.endpoint
        assert address is not None, "a listener is built only for an address"
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        tls = Certificates(self._settings.tls) if self._settings.tls else None
        self._context = HttpContext(tls) if tls else None
        self._server = await loop.create_server(
            self._connection,
            sock=listen(address, "[collector.http] endpoint"),
            ssl=self._context.context if self._context else None,
            backlog=100,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def refresh(self) -> None:
        """Use other certificates for new connections, if their files have changed."""
        if self._context is not None:
            self._context.refresh()

    async def stop(self, grace_s: float) -> None:
        """Accept no more, let requests under way finish, close."""
        if self._server is not None:
            self._server.close()
        server = self._runner.server
        if server is not None:
            server.pre_shutdown()
            await server.shutdown(grace_s)
        await self._runner.cleanup()

    def _connection(self) -> asyncio.Protocol:
        if len(self.open) >= self._limits.connections:
            self._counters.turned_away.labels("connections").inc()
            return Closed()
        return Connection(self, self._limits.header_timeout, self._limits.answer_timeout)

    def counted(self) -> None:
        """Publish how many connections are open."""
        self._counters.connections.set(len(self.open))

    def hung_up(self) -> None:
        """Count a caller that took nothing of its answer."""
        self._counters.turned_away.labels("slow_reader").inc()

    @property
    def server(self) -> web.Server:
        """Give aiohttp's own server, which parses and dispatches."""
        server = self._runner.server
        assert server is not None, "the runner is set up before a connection is accepted"
        return server


def application(  # noqa: PLR0913  one for each part that others bring
    intake: Intake,
    settings: Http,
    *,
    ready: Callable[[], Awaitable[str]],
    api: Iterable[Route] = (),
    scopes: Scopes | None = None,
    told: Telling | None = None,
) -> web.Application:
    """Build the routes; `ready` says why the service is not ready, or nothing; `api` are further routes.

    `scopes` says what a token must be for; a route it does not name wants one to read, or to administer if it writes.
    `told` answers errors of people, and gives None for those of programs.
    Only the two health checks are open to those without a token.
    """
    app = web.Application(middlewares=[Guard(settings, intake, scopes or {}, told).middleware()])
    Exports(intake).add_to(app)
    _add_health(app, intake, ready)
    app.router.add_routes(api)
    return app


def _add_health(app: web.Application, intake: Intake, ready: Callable[[], Awaitable[str]]) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        reason = await ready()
        told = {"status": "not ready", "reason": reason} if reason else {"status": "ready"}
        return web.json_response(told, status=503 if reason else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=intake.counters.text(), headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4; charset=utf-8"}
        )

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
