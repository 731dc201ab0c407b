"""Mirror `web.live` over loopback: all open pages hear of the same news in one moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from core.errors import Overloaded
from web import live
from web.live import LOOK_S, Live


class Written:
    """Count what was written."""

    version = 7

    def __call__(self) -> int:
        """Give the version."""
        return self.version


@asynccontextmanager
async def listening(held: Live, pages: int) -> AsyncIterator[list[ClientResponse]]:
    """Serve, and open some streams."""
    app = web.Application()
    app.router.add_get("/live", held.serve)
    async with TestClient(TestServer(app)) as client:
        streams = [await client.get("/live") for _ in range(pages)]
        for stream in streams:
            assert b"retry: 2000\n\n" == await stream.content.readuntil(b"\n\n")
        yield streams
        held.close()
        for stream in streams:
            assert b"" == await stream.content.read()


async def _news(stream: ClientResponse) -> bytes:
    return await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 10)


async def test_all_hear_of_the_same_news() -> None:
    """One version is told to all, whenever they came, and nothing is told twice."""
    written = Written()
    held = Live(written)
    async with listening(held, 3) as streams:
        for version in (8, 12):
            written.version = version
            told = [await _news(stream) for stream in streams]

            assert [b"event: news\ndata: %d\n\n" % version] * 3 == told
            assert version == held.told
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(streams[0].content.readuntil(b"\n\n"), 2 * LOOK_S)
    assert 0 == held.open


async def test_what_came_while_nobody_listened_is_no_news() -> None:
    """A page that is opened shows it already."""
    written = Written()
    held = Live(written)
    written.version = 9
    async with listening(held, 1) as streams:
        assert 9 == held.told
        written.version = 10
        assert b"event: news\ndata: 10\n\n" == await _news(streams[0])


async def test_a_silent_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides would not notice otherwise that the other has gone."""
    monkeypatch.setattr(live, "ALIVE_S", 0.05)
    async with listening(Live(Written()), 1) as streams:
        assert b": nothing new\n\n" == await _news(streams[0])


async def test_too_many_pages() -> None:
    """Who comes when all streams are taken is asked to come again."""
    held = Live(Written())
    held.open = live.MOST
    with pytest.raises(Overloaded, match="64 pages are live already"):
        await held.serve(None)  # type: ignore[arg-type]  # it is not looked at
