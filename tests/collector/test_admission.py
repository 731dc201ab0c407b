"""Mirror of collector/admission.py; the gate's tests are rows S02 and S03 of the conformance table."""

import asyncio

import pytest

from collector.admission import Admission
from core.errors import Overloaded
from core.memory import resident_bytes


async def _hold(admission: Admission, count: int, begun: asyncio.Event, over: asyncio.Event) -> None:
    async with admission.admit(count):
        begun.set()
        await over.wait()


async def test_what_fits_enters_at_once_and_leaves_its_room() -> None:
    """Room is taken for the length of the block."""
    admission = Admission(limit_bytes=100, wait_s=1)

    async with admission.admit(60), admission.admit(40):
        assert admission.in_flight_bytes == 100
    assert admission.in_flight_bytes == 0


async def test_what_does_not_fit_waits_its_turn() -> None:
    """The first in the queue enters when room is made, and nobody overtakes it."""
    admission = Admission(limit_bytes=100, wait_s=5)
    order = []

    async def enter(name: str, count: int) -> None:
        async with admission.admit(count):
            order.append(name)

    async with admission.admit(90):
        large = asyncio.create_task(enter("large", 80))
        await asyncio.sleep(0)
        small = asyncio.create_task(enter("small", 5))
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(large, small)

    assert order == ["large", "small"]
    assert admission.in_flight_bytes == 0


async def test_nobody_waits_longer_than_agreed() -> None:
    """A request that finds no room in time is turned away and leaves the queue."""
    admission = Admission(limit_bytes=10, wait_s=0.01)

    async with admission.admit(10):
        with pytest.raises(Overloaded):
            async with admission.admit(1):
                pass
    async with admission.admit(10):
        assert admission.in_flight_bytes == 10


async def test_a_cancelled_wait_takes_no_room() -> None:
    """Whoever goes away while waiting, or in the moment of entering, leaves nothing behind."""
    admission = Admission(limit_bytes=10, wait_s=5)
    begun, over = asyncio.Event(), asyncio.Event()
    holder = asyncio.create_task(_hold(admission, 10, begun, over))
    await begun.wait()
    waiting = asyncio.create_task(_hold(admission, 10, asyncio.Event(), over))
    await asyncio.sleep(0)
    over.set()
    waiting.cancel()
    await asyncio.gather(holder, waiting, return_exceptions=True)

    assert admission.in_flight_bytes == 0


async def test_a_request_may_grow_and_shrink() -> None:
    """Room is waited for when a request turns out larger, and given back when it is smaller."""
    admission = Admission(limit_bytes=100, wait_s=0.01)

    async with admission.admit(10) as ticket:
        await admission.grow(ticket, 60)
        assert admission.in_flight_bytes == 60
        async with admission.admit(40):
            with pytest.raises(Overloaded):
                await admission.grow(ticket, 90)
        admission.settle(ticket, 20)
        assert admission.in_flight_bytes == 20
    assert admission.in_flight_bytes == 0


async def test_a_request_as_large_as_everything_enters_alone() -> None:
    """A request over the whole limit is held to the limit, so that it can come in at all."""
    admission = Admission(limit_bytes=100, wait_s=0.01)

    async with admission.admit(1000):
        assert admission.in_flight_bytes == 100


def test_resident_memory_is_known() -> None:
    """A Python process holds more than a megabyte."""
    assert resident_bytes() > 1 << 20
