"""Hold what the writer's tests share: a thread that is kept busy, puts, what is stored."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schema.rows import Batch
from schema.signals import Signal
from store.protocol import Outcome
from store.reading import SqliteReadSide
from store.writer import Writer
from tests.contracts.batches import batch, span

ROOMY: dict[str, Any] = {"min_free_disk": 0, "min_free_percent": 0, "reserve": 0}
LONG_S = 20.0
ONE = Outcome(1, 0, 0)


class Gate:
    """Stop the writer's thread in the middle of a commit: the guard asks for the time when one begins."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.closed = False

    def clock(self) -> float:
        """Tell that a commit begins, and wait while the gate is closed."""
        if self.closed:
            self.begun.set()
            assert self.go_on.wait(LONG_S)
        return 0.0


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keep the thread busy between two commits for the length of a block."""
    busy, over = threading.Event(), threading.Event()

    def wait(_side: Any) -> None:
        busy.set()
        assert over.wait(LONG_S)

    done = writer.run(wait)
    assert busy.wait(LONG_S)
    try:
        yield
    finally:
        over.set()
        done.result(LONG_S)


def stored(path: Path) -> list[int]:
    """List the numbers of the stored spans in order of arrival."""
    reader = SqliteReadSide(path)
    found = [int(item["span_id"], 16) for item in reader.items(Signal.TRACES)]
    reader.close()
    return found


def one(number: int, *, size: int = 100) -> Batch:
    """Build a batch of one span that counts for some bytes."""
    return batch([span(number)], body_bytes=size)


def put(
    writer: Writer, made: Batch, *, wait_s: float = LONG_S, answer_s: float = LONG_S
) -> Coroutine[Any, Any, Outcome]:
    """Put a batch, with all the time in the world unless a test says otherwise."""
    return writer.put(made, wait_s=wait_s, answer_s=answer_s)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  what is waited for happens on a thread that knows of no event
            await asyncio.sleep(0)


async def failure(awaited: Awaitable[Any]) -> BaseException | None:
    """Say what an awaitable raised."""
    results: list[Any] = [*await asyncio.gather(awaited, return_exceptions=True)]
    return results[0] if isinstance(results[0], BaseException) else None
