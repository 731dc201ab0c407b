"""Have everything that changes the database done by its one writer, and know when it was."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import structlog

from core.counters import Counters
from core.errors import SpanledgerError
from schema.derived import Changes
from store.config import Store
from store.protocol import WriteSide
from store.sqlite import SqliteWriteSide
from store.writer import Writer

log = structlog.get_logger()
T = TypeVar("T")

LOGGED: Final = 5
"""Refused commands that are logged in words at a time."""
PROBE_S: Final = 2.0


class Writing:
    """Own the writer; requests go to it directly, all other work by way of this."""

    def __init__(self, store: Store, counters: Counters) -> None:
        """Open nothing yet."""
        self._counters = counters
        self._changes = 0
        self.writer = Writer(
            lambda: SqliteWriteSide(store),
            queue_bytes=store.queue_bytes,
            group_bytes=store.group_bytes,
            took=counters.commit_seconds.observe,
        )

    @property
    def version(self) -> int:
        """Give a number that is another one whenever something was written."""
        return self.writer.commits + self._changes

    def has_begun(self) -> bool:
        """Say whether requests were written since the start."""
        return self.writer.commits > 0

    def busy(self) -> bool:
        """Say whether requests wait to be written."""
        return self.writer.queued_batches > 0

    def run(self, work: Callable[[WriteSide], T]) -> "Future[T]":
        """Have the writer do something, and count it as a change when it is done."""
        future = self.writer.run(work)
        future.add_done_callback(self._changed)
        return future

    def apply(self, changes: Changes) -> "Future[list[int]]":
        """Have changes made."""
        return self.run(lambda side: side.apply(changes))

    def write(self, changes: Changes) -> None:
        """Have changes made, commands that records told included, and wait until they are; may raise TryAgain."""
        if changes.told is None:
            self.apply(changes).result()
            return
        refused = self.run(lambda side: side.hear(changes)).result()
        for fault in refused:
            self._counters.commands_rejected.labels(fault.code, fault.event).inc()
        if refused:
            log.warning(
                "commands were refused", commands=len(refused), first=[fault.line() for fault in refused[:LOGGED]]
            )

    async def ready(self) -> str:
        """Say why requests cannot be kept now; empty when they can (otlp.md O01)."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(self.writer.run(lambda side: side.probe())), PROBE_S)
        except (SpanledgerError, TimeoutError) as error:
            return str(error) or "the writer does not answer"
        return ""

    def _changed(self, _done: "Future[Any]") -> None:
        self._changes += 1
