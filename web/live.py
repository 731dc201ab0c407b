"""Tell open pages that something was written, by server-sent events; what it was they ask themselves."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import hdrs, web

from core.errors import Overloaded
from web.headers import SAFE

LOOK_S: Final = 0.3
ALIVE_S: Final = 15.0
"""After so long without news a comment is sent, so that both sides notice when the other has gone."""
MOST: Final = 64
"""Pages that may listen at once; others are asked to come again, and reload themselves."""


class Live:
    """Own the open streams; `version` changes with everything that is written."""

    def __init__(self, version: Callable[[], int]) -> None:
        """Hold none yet."""
        self._version = version
        self._over = asyncio.Event()
        self.open = 0

    def close(self) -> None:
        """End every stream, so that nobody waits for them."""
        self._over.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send an event whenever the version has changed, at most three a second."""
        if self.open >= MOST:
            raise Overloaded(f"{MOST} pages are live already; close some, or reload this one by hand")
        response = web.StreamResponse(
            headers={**SAFE, hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"}
        )
        self.open += 1
        try:
            await response.prepare(request)
            await self._tell(response)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self.open -= 1
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        told, silent_s = self._version(), 0.0
        await response.write(b"retry: 2000\n\n")
        while not await self._ended():
            silent_s += LOOK_S
            if self._version() != told:
                told, silent_s = self._version(), 0.0
                await response.write(b"event: news\ndata: %d\n\n" % told)
            elif silent_s >= ALIVE_S:
                silent_s = 0.0
                await response.write(b": nothing new\n\n")

    async def _ended(self) -> bool:
        try:
            await asyncio.wait_for(self._over.wait(), LOOK_S)
        except TimeoutError:
            return False
        return True
