"""Read the bodies of HTTP requests within the time and room there is, inflated within a bound."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import hdrs, web

from collector.admission import Ticket
from collector.inflate import coding, inflate
from collector.intake import Intake
from core.errors import TooLarge, TooSlow

CHUNK_BYTES = 1 << 18
"""How much room a body without a length asks for at a time."""
SMALL_BYTES = 1 << 16
"""Below this, inflating is quicker than handing it to another thread."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Read bodies; their bytes count as in flight until they are let go."""

    intake: Intake

    @asynccontextmanager
    async def read(self, request: web.Request) -> AsyncIterator[bytes]:
        """Give a body for the length of a block, or raise Overloaded, TooLarge, TooSlow or UnsupportedMedia."""
        window = coding(request.headers.get(hdrs.CONTENT_ENCODING, ""))
        announced = request.content_length
        if announced is not None and announced > self.intake.limits.request_bytes:
            raise TooLarge(f"body of {announced} bytes is over the limit of {self.intake.limits.request_bytes}")
        async with self.intake.admission.admit(CHUNK_BYTES if announced is None else announced) as ticket:
            body = await self._body(request, ticket)
            if window is not None:
                body = await self._inflate(body, window, ticket)
            yield body

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
