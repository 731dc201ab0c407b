"""Mirror of core/loop.py."""

import asyncio

import pytest

from core.loop import every


async def test_work_is_repeated_until_told_to_stop() -> None:
    """The work runs again after each interval, and the stop ends it at once."""
    stop, rounds = asyncio.Event(), []

    async def work() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()

    await asyncio.wait_for(every(0.001, work, stop=stop, name="test"), 5)

    assert len(rounds) == 3


async def test_a_failure_is_logged_and_the_next_round_comes(caplog: pytest.LogCaptureFixture) -> None:
    """A job outlives its failures."""
    stop, rounds = asyncio.Event(), []

    async def work() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            stop.set()
        raise RuntimeError("boom")

    await asyncio.wait_for(every(0.001, work, stop=stop, name="test"), 5)

    assert len(rounds) == 2
    assert "background job failed" in caplog.text


async def test_a_long_interval_does_not_delay_the_stop() -> None:
    """Whoever waits for the next round hears the stop."""
    stop = asyncio.Event()

    async def work() -> None:
        asyncio.get_running_loop().call_soon(stop.set)

    await asyncio.wait_for(every(3600, work, stop=stop, name="test"), 5)

    assert stop.is_set()
