"""Many who ask at the same time get what was made once; nobody gets what is old."""

import asyncio

import pytest

from web.shared import FRESH_S, MOST, Shared


class Maker:
    """Make numbers, the next one each time, once it may go on."""

    def __init__(self) -> None:
        self.made = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        """Make the next one."""
        await self.go.wait()
        self.made += 1
        if self.made == 3:
            raise RuntimeError("the third fails")
        return self.made


class Clock:
    """Tell a time that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Give it."""
        return self.now


async def test_made_once() -> None:
    """Ten who ask while it is made, and who asks right after it, get the same; later it is made anew."""
    clock, maker = Clock(), Maker()
    shared: Shared[int] = Shared(clock=clock)
    waiting = [asyncio.create_task(shared.get("/", maker)) for _ in range(10)]
    await asyncio.sleep(0)
    maker.go.set()

    assert [1] * 10 == await asyncio.gather(*waiting)
    assert await shared.get("/", maker) == 1
    assert await shared.get("/other", maker) == 2
    clock.now += FRESH_S
    with pytest.raises(RuntimeError):
        await shared.get("/", maker)
    assert await shared.get("/", maker) == 4


async def test_who_leaves_takes_it_from_nobody() -> None:
    """A page that is closed while it waits does not end the making for others."""
    maker = Maker()
    shared: Shared[int] = Shared()
    leaving, staying = (asyncio.create_task(shared.get("/", maker)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    maker.go.set()

    assert await staying == 1


async def test_bounded() -> None:
    """It holds so many things and no more."""
    clock, maker = Clock(), Maker()
    maker.go.set()
    maker.made = 10
    shared: Shared[int] = Shared(clock=clock)
    for number in range(MOST * 2 + 1):
        await shared.get(str(number), maker)

    assert await shared.get("0", maker) > MOST
