"""Let commands that wait at the same time share one transaction: an fsync is what a command costs."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, Final

from core.errors import Overloaded, SpanledgerError
from store.protocol import WriteSide
from tracking.commands import Command, Done
from tracking.faults import Fault

TOGETHER: Final = 256
"""Commands of one transaction: whatever else is to be written waits for it."""
MOST: Final = 8192
"""Commands that may wait."""

Run = Callable[[Callable[[WriteSide], None]], "Future[None]"]
Told = Callable[[Done | Fault], Any]
Waiting = tuple[Command, Told, "Future[Any]"]


class Tracks:
    """Queue commands for the writer; `track` may be called from any thread."""

    def __init__(self, run: Run) -> None:
        """Queue nothing yet; `run` does work on the writer's thread."""
        self._run = run
        self._lock = Lock()
        self._waiting: deque[Waiting] = deque()
        self._asked = False
        """Whether the writer will come for what waits."""

    def track(self, command: Command, told: Told) -> "Future[Any]":
        """Queue a command; the future has what `told` makes of its result, or raises.

        Raise Overloaded when too many wait, and what the writer raises when it takes no more work.
        """
        future: Future[Any] = Future()
        with self._lock:
            if len(self._waiting) >= MOST:
                raise Overloaded("too many commands wait to be written; send the same again in a moment")
            if not self._asked:
                self._ask()
            self._waiting.append((command, told, future))
        return future

    def _ask(self) -> None:
        """Have the writer come; the lock is held, so it finds what is queued next."""
        asked = self._run(self._work)
        self._asked = True
        asked.add_done_callback(self._came)

    def _work(self, side: WriteSide) -> None:
        """Do what waits, and come again for what is left."""
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        _carry_out(side, [waiting for waiting in taken if waiting[2].set_running_or_notify_cancel()])
        with self._lock:
            self._asked = False
            if self._waiting:
                self._ask()

    def _came(self, asked: "Future[None]") -> None:
        """Fail what waits when the writer ended before it came."""
        error = asked.exception()
        if error is None:
            return
        with self._lock:
            left, self._asked = list(self._waiting), False
            self._waiting.clear()
        for _, _, future in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)


def _carry_out(side: WriteSide, begun: list[Waiting]) -> None:
    """Do commands in one transaction; when that fails for no reason of the store's, each in its own."""
    try:
        results = side.track([command for command, _, _ in begun])
    except BaseException as error:  # it goes to everybody whose command was to be done
        if len(begun) > 1 and isinstance(error, Exception) and not isinstance(error, SpanledgerError):
            for waiting in begun:
                _carry_out(side, [waiting])
            return
        for _, _, future in begun:
            future.set_exception(error)
        if not isinstance(error, Exception):  # an Exception belongs to the callers, the rest to the writer as well
            raise
        return
    for (_, told, future), result in zip(begun, results, strict=True):
        _settle(future, told, result)


def _settle(future: "Future[Any]", told: Told, result: Done | Fault) -> None:
    try:
        future.set_result(told(result))
    except Exception as error:  # it goes to whoever waits
        future.set_exception(error)
