"""Answer OTLP/HTTP: protobuf and JSON, plain, gzip and deflate, on one port.

Every answer, errors included, is in the request's encoding; nothing under these paths ever redirects.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from collector.admission import Ticket
from collector.answers import MEDIA_TYPE, answer, retry_after, status, success
from collector.inflate import ACCEPTED, coding, inflate
from collector.ingest import Accepted, Request
from collector.intake import Intake
from core.counters import Counters
from core.errors import Refused, TooLarge, TooSlow, TryAgain, UnsupportedMedia
from schema.signals import WIRE, Signal

CHUNK_BYTES = 1 << 18
"""How much room a body without a length asks for at a time."""
SMALL_BYTES = 1 << 16
"""Below this, inflating is quicker than handing it to another thread."""
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
        self.intake.gate.check(request.headers.getall(hdrs.AUTHORIZATION, []))
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
        window = coding(request.headers.get(hdrs.CONTENT_ENCODING, ""))
        announced = request.content_length
        if announced is not None and announced > self.intake.limits.request_bytes:
            raise TooLarge(f"body of {announced} bytes is over the limit of {self.intake.limits.request_bytes}")
        async with self.intake.admission.admit(CHUNK_BYTES if announced is None else announced) as ticket:
            body = await self._body(request, ticket)
            if window is not None:
                body = await self._inflate(body, window, ticket)
            began = time.perf_counter()
            try:
                return await self.intake.ingest.take(Request(signal, encoding, "http", body))
            finally:
                self.intake.counters.seconds.labels("http").observe(time.perf_counter() - began)

    async def _body(self, request: web.Request, ticket: Ticket) -> bytes:
        """Read a body within the time and room there is."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.intake.limits.body_timeout):
                while part := await request.content.readany():
                    size += len(part)
                    if size > self.intake.limits.request_bytes:
                        raise TooLarge(f"body is over the limit of {self.intake.limits.request_bytes} bytes")
                    if size > ticket.bytes:
                        await self.intake.admission.grow(ticket, size + CHUNK_BYTES)
                    parts.append(part)
        except TimeoutError:
            raise TooSlow(f"the body did not arrive within {self.intake.limits.body_timeout:g} s") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _inflate(self, body: bytes, window: int, ticket: Ticket) -> bytes:
        limit = self.intake.limits.request_bytes
        if len(body) <= SMALL_BYTES:
            whole = inflate(body, window, limit)
        else:
            whole = await asyncio.to_thread(inflate, body, window, limit)
        self.intake.admission.settle(ticket, len(body) + len(whole))
        return whole

    async def _expect(self, request: web.Request) -> web.Response | None:
        """Ask for a body only from those who may send one (reliability.md row 68)."""
        try:
            self.intake.gate.check(request.headers.getall(hdrs.AUTHORIZATION, []))
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
    """Answer an error in the request's encoding, JSON when it has none of ours (otlp.md R13)."""
    told = answer(error)
    try:
        encoding = encoding_of(request)
    except UnsupportedMedia:
        encoding = "json"
    reason = error.reason if isinstance(error, Refused | TryAgain) else type(error).__name__
    counters.answers.labels("http", reason).inc()
    headers = {hdrs.CONTENT_TYPE: MEDIA_TYPE[encoding]}
    if told.http == 503:
        headers[hdrs.RETRY_AFTER] = retry_after(told)
    if told.http == 401:
        headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    if told.http == 415:
        headers[hdrs.ACCEPT_ENCODING] = ACCEPTED
    response = web.Response(status=told.http, body=status(told, encoding), headers=headers)
    if told.http in (408, 413):
        response.force_close()
    return response
