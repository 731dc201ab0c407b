"""Answer OTLP/HTTP: protobuf and JSON, plain, gzip and deflate, on one port.

Every answer, errors included, is in the request's encoding; nothing under these paths ever redirects.
"""

import time
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from access.tokens import By, Scope
from collector.answers import API, MEDIA_TYPE, PROBLEM, Answer, answer, problem, retry_after, status, success
from collector.bodies import Bodies
from collector.inflate import ACCEPTED
from collector.ingest import Accepted, Request
from collector.intake import Intake
from core.counters import Counters
from core.errors import Refused, TooLarge, TryAgain, UnsupportedMedia
from schema.signals import WIRE, Signal

ENCODINGS = {media: encoding for encoding, media in MEDIA_TYPE.items()}


@dataclass(frozen=True, slots=True)
class Exports:
    """Answer `POST /v1/traces`, `/v1/logs` and `/v1/metrics`."""

    intake: Intake

    def add_to(self, app: web.Application) -> None:
        """Add the routes, each with and without a slash at its end (otlp.md T05)."""
        for signal, wire in WIRE.items():
            for path in (wire.path, f"{wire.path}/"):
                app.router.add_post(path, self._handler(signal), expect_handler=self._expect)

    def _handler(self, signal: Signal) -> Any:
        async def export(request: web.Request) -> web.Response:
            return await self._export(signal, request)

        return export

    async def _export(self, signal: Signal, request: web.Request) -> web.Response:
        self.intake.rates.check(self._check(request))
        encoding = encoding_of(request)
        try:
            accepted = await self._take(signal, encoding, request)
        except (TooLarge, UnsupportedMedia) as error:
            await self.intake.ingest.refuse(Request(signal, encoding, "http", b""), error)
            raise
        body = success(signal, encoding, rejected=accepted.rejected, message=accepted.message)
        self.intake.counters.answers.labels("http", "ok").inc()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: MEDIA_TYPE[encoding]})

    async def _take(self, signal: Signal, encoding: str, request: web.Request) -> Accepted:
        async with Bodies(self.intake).read(request) as body:
            began = time.perf_counter()
            try:
                return await self.intake.ingest.take(Request(signal, encoding, "http", body))
            finally:
                self.intake.counters.seconds.labels("http").observe(time.perf_counter() - began)

    def _check(self, request: web.Request) -> By:
        shown = request.headers.getall(hdrs.AUTHORIZATION, [])
        return self.intake.gate.check(shown, Scope.INGEST, request.remote or "")

    async def _expect(self, request: web.Request) -> web.Response | None:
        """Ask for a body only from those who may send one (reliability.md row 68)."""
        try:
            self._check(request)
            encoding_of(request)
        except Refused as error:
            response = error_response(error, request, self.intake.counters)
            response.force_close()
            return response
        if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None


def encoding_of(request: web.Request) -> str:
    """Read which encoding a request is in; it is never guessed (otlp.md C02, C03)."""
    media = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    if media not in ENCODINGS:
        shown = f"Content-Type {media[:40]!r} is not supported" if media else "Content-Type is missing"
        raise UnsupportedMedia(f"{shown}; use {' or '.join(ENCODINGS)}")
    return ENCODINGS[media]


def error_response(error: BaseException, request: web.Request, counters: Counters) -> web.Response:
    """Answer an error in the request's encoding, JSON when it has none of ours (otlp.md R13).

    Beside OTLP an error is a problem document (RFC 9457).
    """
    told = answer(error)
    reason = error.reason if isinstance(error, Refused | TryAgain) else type(error).__name__
    counters.answers.labels("http", reason).inc()
    body, media = _told(error, told, request)
    headers = {hdrs.CONTENT_TYPE: media}
    if told.http in (429, 503):
        headers[hdrs.RETRY_AFTER] = retry_after(told)
    if told.http == 401:
        headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    if told.http == 415:
        headers[hdrs.ACCEPT_ENCODING] = ACCEPTED
    response = web.Response(status=told.http, body=body, headers=headers)
    if told.http in (408, 413):
        response.force_close()
    return response


def _told(error: BaseException, told: Answer, request: web.Request) -> tuple[bytes, str]:
    """Write an error the way the path's callers read it, and name its media type."""
    if request.path.startswith(API):
        return problem(told, error), PROBLEM
    try:
        encoding = encoding_of(request)
    except UnsupportedMedia:
        encoding = "json"
    return status(told, encoding), MEDIA_TYPE[encoding]
