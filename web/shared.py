"""Make what many open pages ask for at the same time once for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
FRESH_S: Final = 0.25
"""For so long after its making a thing is new enough for those who heard of the same news."""
MOST: Final = 64
"""Things that are held."""


class Shared(Generic[T]):
    """Hold what was made a moment ago, and what is being made; belongs to one event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold nothing yet."""
        self._clock = clock
        self._held: dict[str, tuple[asyncio.Task[T], float]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """Give what `make` made for the key; a failure goes to all who waited, and the next one tries again."""
        task, began = self._held.get(key, (None, 0.0))
        if task is None or (task.done() and not self._fresh(task, began)):
            self._let_go()
            task = asyncio.ensure_future(_made(make))
            self._held[key] = task, self._clock()
        return await asyncio.shield(task)

    def _fresh(self, task: "asyncio.Task[T]", began: float) -> bool:
        failed = task.cancelled() or task.exception() is not None
        return not failed and self._clock() - began < FRESH_S

    def _let_go(self) -> None:
        """Make room for one more: what is done is no longer needed."""
        if len(self._held) >= MOST:
            self._held = {key: held for key, held in self._held.items() if not held[0].done()}


async def _made(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
