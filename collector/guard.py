"""Look at each HTTP request before anything else does: its host, its origin, and what its token is for."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import hdrs, web

from access.asking import BY
from access.tokens import Scope
from collector.answers import API
from collector.config import Http
from collector.connections import Connection
from collector.intake import Intake
from collector.otlp_http import error_response
from core.counters import Counters
from core.errors import Forbidden, UnknownPath, WrongMethod
from schema.signals import WIRE

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Telling = Callable[[Exception, web.Request], web.StreamResponse | None]
Scopes = Mapping[tuple[str, str], Scope | None]
"""What a token must be for, by method and path as it is in the routes; None is open to everybody."""
HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^:\[\]]*))(?::\d*)?")
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
READING: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
OTLP: Final = "/v1/"
"""Paths whose handlers ask for the token themselves: a body must not be invited before."""
OPEN: Final = frozenset({"/healthz", "/readyz"})
COOKIE: Final = "spanledger"
"""Holds the token of somebody who reads pages."""


class Guard:
    """Check each request, and turn whatever goes wrong into an answer."""

    def __init__(self, settings: Http, intake: Intake, scopes: Scopes, told: Telling | None = None) -> None:
        """Know our own names, the origins that may call us, and who tells people of errors."""
        own = {settings.endpoint.host} if settings.endpoint is not None else set()
        self._hosts = LOOPBACK_NAMES | own | {name.lower() for name in settings.allowed_hosts}
        self._origins = frozenset(settings.allowed_origins)
        self._intake = intake
        self._scopes = scopes
        self._told = told

    def middleware(self) -> Any:
        """Give what aiohttp calls for each request."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if isinstance(request.protocol, Connection):
                request.protocol.begun()
            try:
                response = await self._passed(request, handler)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                response = self._answered(error, request)
            return self._shared(request, response)

        return guard

    def _answered(self, error: Exception, request: web.Request) -> web.StreamResponse:
        told = self._told(error, request) if self._told else None
        return told or _failed(error, request, self._intake.counters)

    async def _passed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        _check_host(request, self._hosts)
        origin = _check_origin(request, self._origins)
        if origin and request.method == hdrs.METH_OPTIONS and request.path.startswith((OTLP, API)):
            return _preflight(request)
        scope = self._scope(request)
        if scope is not None:
            request[BY] = self._intake.gate.check(shown(request), scope, request.remote or "")
        return await handler(request)

    def _scope(self, request: web.Request) -> Scope | None:
        """Say what a token must be for; None when none is asked for here."""
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else request.path
        if path.startswith(OTLP) or path in OPEN or (resource is None and not path.startswith(API)):
            return None
        usual = Scope.READ if request.method in READING else Scope.ADMIN
        return self._scopes.get((request.method, path), usual)

    def _shared(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Let a page of an allowed origin read the answer, and let no browser guess what an answer is."""
        if not response.prepared:
            response.headers["X-Content-Type-Options"] = "nosniff"
        if request.headers.get(hdrs.ORIGIN) in self._origins and not response.prepared:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "ETag, Link, Retry-After"
            response.headers.add(hdrs.VARY, "Origin")
        return response


def shown(request: web.Request) -> list[str]:
    """Give the credentials that a request shows: its Authorization headers, or else the cookie of a page's reader."""
    headers = request.headers.getall(hdrs.AUTHORIZATION, [])
    cookie = request.cookies.get(COOKIE)
    return headers if headers or cookie is None else [f"Bearer {cookie}"]


def _preflight(request: web.Request) -> web.Response:
    methods = "POST" if request.path.startswith(OTLP) else "GET,POST,PATCH,DELETE"
    allowed = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: methods,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "content-type,content-encoding,authorization",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
    return web.Response(status=204, headers=allowed)


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
    if origin == own or _is_link(request):
        return ""
    raise Forbidden("requests from other web origins are refused; see [collector.http] allowed_origins")


def _is_link(request: web.Request) -> bool:
    """Say whether a person follows a link to a page: the site that holds it learns nothing, and no page frames ours."""
    told = tuple(request.headers.get(f"Sec-Fetch-{name}", "") for name in ("Mode", "Dest"))
    return request.method == hdrs.METH_GET and not request.path.startswith(API) and told == ("navigate", "document")
