"""Run named tasks on the one event loop and lose none of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import uniform

log = logging.getLogger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[None]], *, stop: asyncio.Event, name: str) -> None:
    """Do the work again and again until told to stop.

    It never overlaps itself; a failure is logged and the next round comes all the same.
    The interval varies by a tenth so that several such jobs do not march in step.
    """
    while not stop.is_set():
        try:
            await work()
        except Exception:  # a background job must outlive any of its failures
            log.exception("background job failed", extra={"job": name})
        try:
            async with asyncio.timeout(seconds * uniform(0.9, 1.1)):  # noqa: S311  spreads load, guards nothing
                await stop.wait()
        except TimeoutError:
            continue
