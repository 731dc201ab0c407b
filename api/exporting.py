"""Give all records of a signal as OTLP JSON lines, over HTTP: a piece at a time, and no faster than they are taken."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import hdrs, web

from api.formats import LINES, chosen
from api.operations import PREFIX
from api.readers import Readers
from api.requests import accepted, take_none
from core.errors import Missing, Overloaded
from schema import encode
from schema.signals import Signal
from store.protocol import ReadSide

log = logging.getLogger(__name__)

PATH: Final = f"{PREFIX}/export/{{signal}}"
PAGE_BYTES: Final = 1 << 20
"""What a page should come to when written; in memory its rows take about five times that."""
MAX_ROWS: Final = 1000
AT_ONCE: Final = 8
SLICE: Final = 1 << 18
"""Bytes that are handed to the connection before it is waited for the other side."""
WORDS: Final = tuple(signal.value for signal in Signal)


@dataclass(frozen=True, slots=True)
class Page:
    """Hold the lines of some records; `rows` of them, up to an id."""

    lines: bytes
    rows: int
    last_id: int


def page(side: ReadSide, signal: Signal, *, after: int, limit: int) -> Page | None:
    """Read some records and write them; None when there are no more."""
    items = side.items(signal, after_id=after, limit=limit)
    if not items:
        return None
    lines = b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in encode.requests(signal, items))
    return Page(lines, len(items), int(items[-1]["id"]))


def next_limit(last: Page, *, page_bytes: int = PAGE_BYTES) -> int:
    """Say how many rows to read next: as many as fit if they are like the last ones, and at most twice as many."""
    fitting = last.rows * page_bytes // max(len(last.lines), 1)
    return max(1, min(fitting, 2 * last.rows, MAX_ROWS))


def pages(side: ReadSide, signal: Signal, *, page_bytes: int = PAGE_BYTES) -> Iterator[Page]:
    """Read all records of a signal, in the order in which they came."""
    after, limit = 0, 1
    while found := page(side, signal, after=after, limit=limit):
        yield found
        after, limit = found.last_id, next_limit(found, page_bytes=page_bytes)


class Exporting:
    """Own the thread that reads; nothing is kept open between two pages."""

    def __init__(self, open_reader: Callable[[], ReadSide]) -> None:
        """Open nothing yet."""
        self._readers = Readers(open_reader)
        self._thread = ThreadPoolExecutor(1, "export over http")
        self._under_way = 0

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get(PATH, self._export)]

    def close(self) -> None:
        """Stop what is read, and go."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._readers.interrupt()
        self._thread.shutdown()
        self._readers.close()

    async def _export(self, request: web.Request) -> web.StreamResponse:
        take_none(request)
        chosen(accepted(request), (LINES,))
        named = request.match_info["signal"]
        if named not in WORDS:
            raise Missing(f"there is no signal {named[:40]!r}; {', '.join(WORDS)} can be exported")
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: LINES, hdrs.CACHE_CONTROL: "no-store"})
        if request.method == hdrs.METH_HEAD:
            return response
        if self._under_way >= AT_ONCE:
            raise Overloaded(f"{AT_ONCE} exports are under way; ask again when one is done")
        self._under_way += 1
        try:
            await self._send(request, response, Signal(named))
        finally:
            self._under_way -= 1
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, signal: Signal) -> None:
        """Send page after page; what breaks off closes the connection, so that nobody takes a half for all."""
        found = await self._read(signal, 0, 1)
        await response.prepare(request)
        try:
            while found is not None:
                for start in range(0, len(found.lines), SLICE):
                    await response.write(found.lines[start : start + SLICE])
                after, limit = found.last_id, next_limit(found)
                found = None  # it is let go before the next is read
                found = await self._read(signal, after, limit)
            await response.write_eof()
        except ConnectionError:
            pass  # nobody is there any more
        except Exception:  # an answer is under way: no other can be given
            log.exception("an export broke off", extra={"signal": signal.value})
            if request.transport is not None:
                request.transport.abort()

    async def _read(self, signal: Signal, after: int, limit: int) -> Page | None:
        def read() -> Page | None:
            return page(self._readers.mine(), signal, after=after, limit=limit)

        return await asyncio.get_running_loop().run_in_executor(self._thread, read)
