"""Answer browsers: each page is a function that asks and a template that shows."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qs

from aiohttp import hdrs, web

from access.asking import BY
from api.readers import Readers
from collector.answers import answer
from core.errors import TryAgain, Unauthenticated, UnknownPath
from web import static
from web.asking import Asked
from web.daemon import Daemon
from web.entry import enter
from web.headers import SAFE
from web.live import Live
from web.outlines import ahead
from web.pages import PAGES, Page
from web.plain import Plain
from web.problem import Problem
from web.rendering import render, warm
from web.replaying import replay
from web.shared import Shared

THREADS: Final = 2
"""Pages that are made at once; the machine has other things to do."""
HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"
LIVE: Final = "/live"
LIVE_PART: Final = "live"
"""The part of a page that every open one asks for again when there is news."""
ENTER: Final = "/enter"
REPLAY: Final = "/health/replay"
FILES: Final = f"{static.PREFIX}/{{digest}}/{{name}}"
SCOPES: Final = {(hdrs.METH_POST, ENTER): None, (hdrs.METH_GET, FILES): None}
"""What is open to everybody: files that are the same everywhere, and the form that takes a token."""
Body = Callable[[web.Request], AbstractAsyncContextManager[bytes]]
Made = tuple[bytes, str]
"""What is sent, and its media type."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """Own the threads that make pages, and the streams that tell open ones of news."""

    def __init__(self, daemon: Daemon, body: Body) -> None:
        """Open nothing yet; `body` gives a request's body within the bounds that hold for all requests."""
        self._daemon = daemon
        self._readers = Readers(daemon.open_reader)
        self._threads = ThreadPoolExecutor(THREADS, "pages")
        self._body = body
        self.live = Live(daemon.version)
        self._shared: Shared[Made] = Shared()

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        shown = [web.get(page.path, self._showing(page)) for page in PAGES]
        return [
            *shown,
            web.get(FILES.replace("{name}", "{name:.+}"), static.serve),
            web.get(LIVE, self.live.serve),
            web.post(ENTER, self._enter),
            web.post(REPLAY, self._replay),
        ]

    def warm(self) -> None:
        """Prepare the templates meanwhile, so that the first to open a page does not wait for that."""
        self._threads.submit(warm)

    def close(self) -> None:
        """Stop questions under way, and go."""
        self.live.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._readers.interrupt()
        self._threads.shutdown()
        self._readers.close()

    def told(self, error: Exception, request: web.Request) -> web.Response | None:
        """Tell a person of an error with a page; None for programs."""
        if request.method not in {"GET", "POST"} or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
            return None
        if isinstance(error, web.HTTPNotFound):
            error = UnknownPath(f"there is no page at {request.path[:200]}")
        if isinstance(error, web.HTTPException):
            return None
        told = answer(error)
        shown = Problem(told.http, told.message, wants_token=isinstance(error, Unauthenticated), enter=ENTER)
        headers = {**SAFE, hdrs.CONTENT_TYPE: HTML, hdrs.CACHE_CONTROL: "no-store"}
        body = render("problem.html", {"page": shown, "asked": None})
        return web.Response(body=body.encode(errors="replace"), status=told.http, headers=headers)

    def _showing(self, page: Page) -> Handler:
        async def show(request: web.Request) -> web.StreamResponse:
            began = time.perf_counter()
            query = {name: text for name, text in request.query.items() if text}
            make = partial(self._threaded, lambda: self._made(page, request.match_info, query))
            is_live = query.get("part") == LIVE_PART
            body, media = await (self._shared.get(f"{self.live.told} {request.path_qs}", make) if is_live else make())
            return _answer(request, body, media=media, began=began)

        return show

    def _made(self, page: Page, path: Mapping[str, str], query: Mapping[str, str]) -> Made:
        asked = Asked(self._readers.mine(), self._daemon, dict(path), query, datetime.now(UTC))
        shown = page.make(asked)
        if isinstance(shown, Plain):
            return shown.text.encode(errors="replace"), TEXT
        if traces := page.leads(shown):
            self._threads.submit(self._look_ahead, asked, traces)
        template = page.parts.get(query.get("part", ""), page.template)
        return render(template, {"page": shown, "asked": asked}).encode(errors="replace"), HTML

    def _look_ahead(self, asked: Asked, traces: Sequence[str]) -> None:
        """Have the traces at hand that a page leads to; who opens one asks again, and hears what went wrong."""
        ahead(replace(asked, side=self._readers.mine()), traces)

    async def _threaded(self, work: Callable[[], Made]) -> Made:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TryAgain:
            self._readers.renew()
            raise

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        given = await self._form(request)
        return enter(self._daemon.admit, given.get("token", "").strip(), request)

    async def _replay(self, request: web.Request) -> web.StreamResponse:
        return await replay(self._daemon.rejections, await self._form(request), request[BY])

    async def _form(self, request: web.Request) -> dict[str, str]:
        async with self._body(request) as body:
            given: dict[str, list[str]] = parse_qs(body.decode(errors="replace"))
        return {name: values[0] for name, values in given.items()}


def _answer(request: web.Request, body: bytes, *, media: str, began: float) -> web.Response:
    """Give a page, or say that the browser has it already."""
    tag = f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
    headers = {
        **SAFE,
        hdrs.CONTENT_TYPE: media,
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.ETAG: tag,
        "Server-Timing": f"page;dur={(time.perf_counter() - began) * 1000:.1f}",
    }
    if tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers)
