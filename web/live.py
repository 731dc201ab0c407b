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
    """Own the open streams; `version` changes with everything that is written.

    All hear of news in one moment, so that what they ask for then can be made once for all (web.shared).
    """

    def __init__(self, version: Callable[[], int]) -> None:
        """Hold none yet."""
        self._version = version
        self._news = asyncio.Event()
        self._over = False
        self._looking: asyncio.Task[None] | None = None
        self.told = version()
        """The version that all open pages know of, or are being told."""
        self.open = 0

    def close(self) -> None:
        """End every stream, so that nobody waits for them."""
        self._over = True
        self._news.set()
        if self._looking is not None:
            self._looking.cancel()

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
            self._look_out()
            await self._tell(response)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self.open -= 1
        return response

    def _look_out(self) -> None:
        """Look for news as long as anybody listens."""
        if self._looking is None or self._looking.done():
            self.told = self._version()
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self.open:
            await asyncio.sleep(LOOK_S)
            if self.told != (version := self._version()):
                self.told = version
                self._news.set()
                self._news = asyncio.Event()

    async def _tell(self, response: web.StreamResponse) -> None:
        known = self.told
        await response.write(b"retry: 2000\n\n")
        while not self._over:
            silent = known == self.told and not await self._heard()
            known = self.told
            if not self._over:
                await response.write(b": nothing new\n\n" if silent else b"event: news\ndata: %d\n\n" % known)

    async def _heard(self) -> bool:
        """Wait for news, but not for ever; say whether there are any."""
        try:
            await asyncio.wait_for(self._news.wait(), ALIVE_S)
        except TimeoutError:
            return False
        return True
