"""Hold the batches that wait for the writer: bounded in bytes and number, first come first served.

A batch counts until it is settled, so what is being written takes room too.
Whoever finds no room may wait for it; who came first gets in first.
None of this is thread-safe: the writer holds its lock around every call.
"""

from asyncio import AbstractEventLoop
from asyncio import Future as LoopFuture
from collections import defaultdict, deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast

from schema.rows import Batch
from store.protocol import Outcome

Result = Outcome | Exception


class State(Enum):
    """Say how far a batch has come."""

    WAITING = auto()
    QUEUED = auto()
    BEGUN = auto()
    GONE = auto()


@dataclass(eq=False, slots=True)
class Entry:
    """Hold one batch and who is to hear of its outcome: a future of `loop`, or a thread's when that is None."""

    batch: Batch
    future: "LoopFuture[Outcome] | Future[Outcome]"
    loop: AbstractEventLoop | None = None
    state: State = State.WAITING

    @property
    def size(self) -> int:
        """Give the bytes it counts for; nothing is free."""
        return max(1, self.batch.body_bytes)


class Queue:
    """Keep entries in order; `waiting` are those for whom there is no room yet."""

    def __init__(self, *, max_bytes: int, max_batches: int) -> None:
        self.bytes = 0
        self.batches = 0
        self._max_bytes, self._max_batches = max_bytes, max_batches
        self._ready: deque[Entry] = deque()
        self._waiting: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._ready) + len(self._waiting)

    def enter(self, entry: Entry) -> None:
        """Take an entry in, or let it wait behind the others."""
        self._waiting.append(entry)
        self._admit()

    def withdraw(self, entry: Entry) -> bool:
        """Take an entry out unless it is being written; say whether it was."""
        if entry.state is State.WAITING:
            self._waiting.remove(entry)
        elif entry.state is State.QUEUED:
            self._ready.remove(entry)
            self._free([entry])
        else:
            return False
        entry.state = State.GONE
        self._admit()
        return True

    def take(self, *, max_bytes: int) -> list[Entry]:
        """Take the first entries, at least one if there is any, up to about `max_bytes`."""
        group: list[Entry] = []
        size = 0
        while self._ready and (not group or size + self._ready[0].size <= max_bytes):
            entry = self._ready.popleft()
            entry.state = State.BEGUN
            size += entry.size
            group.append(entry)
        return group

    def settle(self, group: list[Entry]) -> None:
        """Give back the room of entries that were taken, and let in who waits."""
        self._free(group)
        self._admit()

    def empty(self) -> list[Entry]:
        """Take out everything, waiting or not."""
        self._free(self._ready)
        entries = [*self._ready, *self._waiting]
        for entry in entries:
            entry.state = State.GONE
        self._ready.clear()
        self._waiting.clear()
        return entries

    def _admit(self) -> None:
        while self._waiting and self._has_room(self._waiting[0]):
            entry = self._waiting.popleft()
            entry.state = State.QUEUED
            self.bytes += entry.size
            self.batches += 1
            self._ready.append(entry)

    def _has_room(self, entry: Entry) -> bool:
        """Say whether an entry gets in now; one larger than the whole queue does when it is alone."""
        fits = self.bytes + entry.size <= self._max_bytes and self.batches < self._max_batches
        return fits or not self.batches

    def _free(self, entries: "deque[Entry] | list[Entry]") -> None:
        self.bytes -= sum(entry.size for entry in entries)
        self.batches -= len(entries)


def tell(settled: list[tuple[Entry, Result]]) -> None:
    """Resolve futures: a thread's here, a loop's on the loop, with one call for all of them."""
    by_loop: dict[AbstractEventLoop | None, list[tuple[Entry, Result]]] = defaultdict(list)
    for entry, result in settled:
        by_loop[entry.loop].append((entry, result))
    _resolve(by_loop.pop(None, []))
    for loop, group in by_loop.items():
        with suppress(RuntimeError):  # a loop that has closed has nobody left to tell
            cast("AbstractEventLoop", loop).call_soon_threadsafe(_resolve, group)


def _resolve(settled: list[tuple[Entry, Result]]) -> None:
    for entry, result in settled:
        if entry.future.done():
            continue
        if isinstance(result, Exception):
            entry.future.set_exception(result)
        else:
            entry.future.set_result(result)
