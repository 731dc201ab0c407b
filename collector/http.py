"""Serve the HTTP port: OTLP, health and metrics; guard it against slow, foreign and too many callers."""

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from collector.answers import API
from collector.config import Http, Tls
from collector.intake import Intake
from collector.otlp_http import Exports, error_response
from collector.ports import listen
from core.counters import Counters
from core.errors import Forbidden, Misconfigured, UnknownPath, WrongMethod
from schema.signals import WIRE

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]*))(?::\d*)?")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
RUNNER: dict[str, Any] = {
    "auto_decompress": False,  # ours is bounded (reliability.md 5.2)
    "keepalive_timeout": 75,
    "lingering_time": 1.0,
    "max_headers": 128,
    "access_log": None,
    "handle_signals": False,
}
FOREIGN = {
    b"PRI": "HTTP/2 on the HTTP port; OTLP/gRPC goes to [collector.grpc] endpoint, by default port 4317",
    b"\x16\x03\x01": "TLS on a port without TLS; use http:// or set [collector.http] tls",
    b"\x16\x03\x03": "TLS on a port without TLS; use http:// or set [collector.http] tls",
}
"""What other protocols begin with, and what to say of them."""


class Listener:
    """Serve one application on one port."""

    def __init__(self, settings: Http, intake: Intake, app: web.Application) -> None:
        """Keep the parts; nothing listens before `start`."""
        self._settings = settings
        self._limits = intake.limits
        self._counters = intake.counters
        self._runner = web.AppRunner(app, **RUNNER)
        self._server: asyncio.Server | None = None
        self.open: set[_Connection] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen, or raise AlreadyRunning or Misconfigured."""
        address = self._settings.endpoint
        assert address is not None, "a listener is built only for an address"
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        tls = _context(self._settings.tls) if self._settings.tls else None
        self._server = await loop.create_server(
            self._connection, sock=listen(address, "[collector.http] endpoint"), ssl=tls, backlog=100
        )
        self.port = self._server.sockets[0].getsockname()[1]

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
            return _Closed()
        return _Connection(self, self._limits.header_timeout)

    def counted(self) -> None:
        """Publish how many connections are open."""
        self._counters.connections.set(len(self.open))

    @property
    def server(self) -> web.Server:
        """Give aiohttp's own server, which parses and dispatches."""
        server = self._runner.server
        assert server is not None, "the runner is set up before a connection is accepted"
        return server


class _Connection(RequestHandler):
    """Close a connection whose first request's headers do not arrive in time; aiohttp waits for ever."""

    __slots__ = ("_deadline", "_fresh", "_header_timeout", "_listener")

    def __init__(self, listener: Listener, header_timeout: float) -> None:
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


class _Closed(asyncio.Protocol):
    """Turn a connection away at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


def application(
    intake: Intake, settings: Http, *, ready: Callable[[], Awaitable[str]], api: Iterable[web.RouteDef] = ()
) -> web.Application:
    """Build the routes; `ready` says why the service is not ready, or nothing; `api` are routes under /api/.

    Only the two health checks are open to those without a token.
    """
    app = web.Application(middlewares=[_guard(settings, intake)])
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

    async def metrics(request: web.Request) -> web.Response:
        intake.gate.check(request.headers.getall(hdrs.AUTHORIZATION, []))
        return web.Response(
            body=intake.counters.text(), headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4; charset=utf-8"}
        )

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)


def _guard(settings: Http, intake: Intake) -> Any:
    """Check each request's host and origin, and turn whatever goes wrong into an answer."""
    hosts = LOOPBACK_NAMES | {name.lower() for name in settings.allowed_hosts}
    if settings.endpoint is not None:
        hosts |= {settings.endpoint.host}
    origins = frozenset(settings.allowed_origins)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if isinstance(request.protocol, _Connection):
            request.protocol.begun()
        try:
            _check_host(request, hosts)
            origin = _check_origin(request, origins)
            if request.path.startswith(API) and request.method != hdrs.METH_OPTIONS:
                intake.gate.check(request.headers.getall(hdrs.AUTHORIZATION, []))
            response = await _dispatch(request, handler, origin=origin)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            response = _failed(error, request, intake.counters)
        if request.headers.get(hdrs.ORIGIN) in origins:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "ETag, Link, Retry-After"
            response.headers.add(hdrs.VARY, "Origin")
        return response

    return guard


async def _dispatch(request: web.Request, handler: Handler, *, origin: str) -> web.StreamResponse:
    if origin and request.method == hdrs.METH_OPTIONS and request.path.startswith(("/v1/", API)):
        allowed = {
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "POST" if request.path.startswith("/v1/") else "GET,POST,PATCH,DELETE",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "content-type,content-encoding,authorization",
            hdrs.ACCESS_CONTROL_MAX_AGE: "600",
        }
        return web.Response(status=204, headers=allowed)
    return await handler(request)


def _failed(error: Exception, request: web.Request, counters: Counters) -> web.StreamResponse:
    if isinstance(error, web.HTTPNotFound) and request.path.startswith(API):
        error = UnknownPath("no such path; /api/v1/openapi.json describes those that there are")
    elif isinstance(error, web.HTTPNotFound):
        error = UnknownPath(f"no such path; OTLP goes to {', '.join(wire.path for wire in WIRE.values())}")
    elif isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        response = error_response(WrongMethod(f"method not allowed; use {allowed}"), request, counters)
        response.headers[hdrs.ALLOW] = allowed
        return response
    response = error_response(error, request, counters)
    if response.status == 500:
        log.error("request failed", exc_info=error)
    return response


def _check_host(request: web.Request, hosts: frozenset[str] | set[str]) -> None:
    """Refuse names that are not ours: a web page may have pointed its own name at this machine (otlp.md S06)."""
    host = request.headers.get(hdrs.HOST, "").lower()
    match = HOST.fullmatch(host)
    name = (match["v6"] or match["name"]) if match else host
    if name not in hosts and "*" not in hosts:
        raise Forbidden(f"host {name[:80]!r} is not served here; add it to [collector.http] allowed_hosts")


def _check_origin(request: web.Request, origins: frozenset[str]) -> str:
    """Refuse requests that a web page of another origin makes; give the origin when it is allowed (otlp.md S05)."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    if not origin and request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return ""
    if origin in origins:
        return origin
    own = f"{request.scheme}://{request.headers.get(hdrs.HOST, '')}"
    if origin == own:
        return ""
    raise Forbidden("requests from other web origins are refused; see [collector.http] allowed_origins")


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.cert, tls.key)
        if tls.client_ca:
            context.load_verify_locations(tls.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except ssl.SSLError as error:
        raise Misconfigured(
            f"cannot use {tls.cert}, {tls.key} or {tls.client_ca}: {error}; all must be PEM files"
        ) from None
    return context
