"""Write batches on one thread, many to a transaction.

A future resolves when its batch is durable, or with what was wrong; none is ever left hanging.
What has begun is finished, whether or not somebody still waits for it.
The queue is bounded: whoever finds it full waits for a while and is then turned away, and counted.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any, TypeVar

from core.errors import Overloaded, SpanledgerError, Stopping, StoreBusy
from schema.rows import Batch
from store.protocol import Outcome, WriteSide
from store.queue import Entry, Queue, Result, State, tell

T = TypeVar("T")

IDLE_S = 5.0
"""How long the thread rests before it looks for upkeep to do."""
ABANDON_S = 1.0
"""How long a writer that could not finish in its grace is given to let go."""


class Writer:
    """Own the write side and its thread; every method may be called from any thread.

    `queued_bytes` and `queued_batches` include what is being written.
    `broken` says why nothing can be written any more; it is None while all is well.
    """

    def __init__(  # noqa: PLR0913  one for each setting, and who is told
        self,
        open_write_side: Callable[[], WriteSide],
        *,
        queue_bytes: int,
        queue_batches: int = 4096,
        group_bytes: int = 8 << 20,
        took: Callable[[float], object] = lambda _seconds: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare; nothing is opened before `start`. How long each group commit `took` is told on the thread."""
        self.commits = 0
        self.failed_commits = 0
        self.committed_items = 0
        self.turned_away = 0
        self.trouble: Exception | None = None
        self.broken: BaseException | None = None
        self._open = open_write_side
        self._group_bytes = group_bytes
        self._clock, self._took = clock, took
        self._changed = Condition()
        self._queue = Queue(max_bytes=queue_bytes, max_batches=queue_batches)
        self._works: deque[tuple[Callable[[WriteSide], Any], Future[Any]]] = deque()
        self._stopping = self._abandoned = False
        self._started: Future[None] = Future()
        self._thread = Thread(target=self._run, name="writer")

    @property
    def queued_bytes(self) -> int:
        """Count the bytes of the batches that are not settled."""
        return self._queue.bytes

    @property
    def queued_batches(self) -> int:
        """Count the batches that are not settled."""
        return self._queue.batches

    def start(self) -> None:
        """Open the write side on the thread; raise what it raises."""
        self._thread.start()
        self._started.result()

    def stop(self, grace_s: float) -> bool:
        """Refuse new batches, write all accepted ones, close; say whether there was time for all of them.

        What is left after `grace_s` fails with Stopping.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(grace_s)
        in_time = not self._thread.is_alive()
        if not in_time:
            with self._changed:
                self._abandoned = True
                self._changed.notify()
            self._thread.join(ABANDON_S)
        return in_time

    def submit(self, batch: Batch) -> "Future[Outcome]":
        """Queue a batch for a caller without a loop; raise Overloaded when there is no room."""
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()
        entry = Entry(batch, future)
        with self._changed:
            self._enter(entry)
            if entry.state is State.WAITING:
                self._queue.withdraw(entry)
                self.turned_away += 1
                raise _overloaded()
        return future

    async def put(self, batch: Batch, *, wait_s: float, answer_s: float) -> Outcome:
        """Return when the batch is durable.

        Raise Overloaded when there was no room within `wait_s`,
        StoreBusy when its writing had not begun within `answer_s`: then it never will.
        Once begun it is waited for, and goes on even if the caller is cancelled.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        entry = Entry(batch, future, loop)
        with self._changed:
            self._enter(entry)
        limits = [loop.call_later(answer_s, self._give_up, entry, _busy())]
        if entry.state is State.WAITING:
            limits.append(loop.call_later(wait_s, self._give_up_waiting, entry))
        try:
            return await future
        finally:
            for limit in limits:
                limit.cancel()
            self._withdraw(entry)

    def run(self, work: Callable[[WriteSide], T]) -> "Future[T]":
        """Do other work with the write side between two commits."""
        future: Future[T] = Future()
        with self._changed:
            self._refuse_if_over()
            self._works.append((work, future))
            self._changed.notify()
        return future

    def _enter(self, entry: Entry) -> None:
        self._refuse_if_over()
        self._queue.enter(entry)
        self._changed.notify()

    def _refuse_if_over(self) -> None:
        if self.broken is not None:
            raise _broken(self.broken)
        if self._stopping:
            raise Stopping("the daemon is stopping; send the same again to its successor")

    def _withdraw(self, entry: Entry) -> bool:
        with self._changed:
            withdrawn = entry.state is not State.GONE and self._queue.withdraw(entry)
            if withdrawn:
                self._changed.notify()
            return withdrawn

    def _give_up(self, entry: Entry, error: Exception) -> None:
        """Turn an entry away unless its writing has begun; runs on its loop."""
        if self._withdraw(entry):
            self.turned_away += 1
            if not entry.future.done():
                entry.future.set_exception(error)

    def _give_up_waiting(self, entry: Entry) -> None:
        if entry.state is State.WAITING:
            self._give_up(entry, _overloaded())

    def _run(self) -> None:
        """Live on the thread: open, work until told to stop, close; leave nobody waiting."""
        try:
            side = self._open()
        except BaseException as error:  # start() raises it to whoever started us
            self._break(error)
            self._started.set_exception(error)
            return
        self._started.set_result(None)
        try:
            while self._turn(side):
                pass
        except BaseException as error:  # a bug; every later caller is told, none hangs
            self._break(error)
        finally:
            self._end(side)

    def _turn(self, side: WriteSide) -> bool:
        """Do one piece of other work and one commit; say whether to go on."""
        with self._changed:
            self._changed.wait_for(self._has_something, timeout=IDLE_S)
            if self._is_over():
                return False
            work = self._works.popleft() if self._works else None
        if work is not None:
            _do(*work, side)
        group = self._take()
        if group:
            self._commit(side, group)
        self._tidy(side)
        return True

    def _take(self) -> list[Entry]:
        with self._changed:
            return [] if self._abandoned else self._queue.take(max_bytes=self._group_bytes)

    def _has_something(self) -> bool:
        return bool(self._works or len(self._queue) or self._stopping)

    def _is_over(self) -> bool:
        return self._abandoned or (self._stopping and not self._works and not len(self._queue))

    def _commit(self, side: WriteSide, group: list[Entry]) -> None:
        """Write a group and tell everybody, whatever happens."""
        begun = self._clock()
        results: Sequence[Result] = [_unexplained()] * len(group)
        try:
            results = side.commit([entry.batch for entry in group])
            self.commits += 1
            self.committed_items += sum(result.stored for result in results if isinstance(result, Outcome))
        except SpanledgerError as error:
            self.failed_commits += 1
            results = [error] * len(group)
        finally:
            self._took(self._clock() - begun)
            self._settle(group, results)

    def _tidy(self, side: WriteSide) -> None:
        """Do upkeep; its troubles pass, or show up at the next commit."""
        try:
            side.tidy()
            self.trouble = None
        except SpanledgerError as error:
            self.trouble = error

    def _settle(self, group: list[Entry], results: Sequence[Result]) -> None:
        """Give the room back and tell the callers: those on a loop with one call for all of them."""
        with self._changed:
            self._queue.settle(group)
            for entry in group:
                entry.state = State.GONE
        tell(list(zip(group, results, strict=True)))

    def _break(self, error: BaseException) -> None:
        with self._changed:
            self.broken = error

    def _end(self, side: WriteSide) -> None:
        """Fail what is left, and close."""
        with self._changed:
            self._stopping = True
            entries, works = self._queue.empty(), list(self._works)
            self._works.clear()
        error = _broken(self.broken) if self.broken else Stopping("the daemon stopped before this was written")
        tell([(entry, error) for entry in entries])
        for _, future in works:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        side.close()


def _do(work: Callable[[WriteSide], Any], future: "Future[Any]", side: WriteSide) -> None:
    """Do other work; what it raises goes to who asked for it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work(side))
    except BaseException as error:
        future.set_exception(error)
        if not isinstance(error, Exception):  # an Exception belongs to the caller, the rest to the writer as well
            raise


def _overloaded() -> Overloaded:
    return Overloaded("too many requests wait to be written; send the same again in a moment")


def _busy() -> StoreBusy:
    return StoreBusy("the database took too long; send the same again in a moment")


def _broken(error: BaseException) -> StoreBusy:
    return StoreBusy(f"the writer broke down ({type(error).__name__}: {error}); restart the daemon")


def _unexplained() -> StoreBusy:
    return StoreBusy("the writer broke down while writing this; send the same again")
