"""Own the deriving process, from the daemon's side: write what it hands over, and tell it what is ordered."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from threading import Lock
from typing import Any, Final

from core.errors import TryAgain
from derive.channel import Apply, Backlog, Order, Report, Start, Ticket
from derive.child import Child, Program
from schema.derived import Changes

log = logging.getLogger(__name__)

GIVE_WAY_S: Final = 0.5
LOOK_S: Final = 0.005
NEAR_S: Final = 60.0
REST_S: Final = 1.0


class Following:
    """Keep the process running on a thread of its own; all methods belong to the daemon."""

    def __init__(
        self,
        start: Start,
        write: Callable[[Changes], object],
        *,
        busy: Callable[[], bool],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Derive as `start` says; `write` returns when changes are durable, and may raise TryAgain.

        While the writer is `busy` with requests, they go first: derived rows wait, though not for ever.
        The process is `wanted` when something new was written; what is left from before waits a moment longer.
        """
        self.backlog = Backlog(0, 0)
        self._heard: int | None = None
        self.failures = 0
        self.refused = 0
        self.done = 0
        self._ordered = 0
        self._orders: list[Ticket] = []
        self._ordering = Lock()
        self._write, self._busy = write, busy
        self._child = Child(Program("deriving", "derive.process", start, REST_S), self._do, wanted=wanted)

    def start(self) -> None:
        """Start the thread, and the process on it."""
        self._child.start()

    def stop(self) -> None:
        """End the process, which has nothing to lose: it goes on from where the database says."""
        self._child.stop()

    def order(self, name: str) -> int:
        """Ask the process for something; give the order's number, which `done` has reached when it is carried out."""
        with self._ordering:
            self._ordered += 1
            self._orders.append((self._ordered, Order(name)))
            return self._ordered

    def state(self) -> dict[str, Any]:
        """Say how far the derived tables are behind, and what went wrong since the start."""
        told = ("done", "failures", "refused", "restarts")
        return {**asdict(self.backlog), **{name: getattr(self, name) for name in told}}

    @property
    def is_level(self) -> bool:
        """Say whether all records were derived from a moment ago."""
        return self._heard == self.restarts and self.backlog == Backlog(0, 0)

    def is_near(self, now: int) -> bool:
        """Say whether all but the newest records were derived from; `now` is Unix nanoseconds.

        While records come without a pause, some always wait: what is older is done all the same.
        """
        return self._heard == self.restarts and not self.backlog.again and self.backlog.lag_s(now) < NEAR_S

    @property
    def pid(self) -> int | None:
        """Give the process id, None before the first start."""
        return self._child.pid

    @property
    def restarts(self) -> int:
        """Count how often the process ended without being asked to."""
        return self._child.restarts

    def _do(self, message: Any) -> list[Ticket]:
        """Do what the process asks for, and say what is left of what it is asked for."""
        match message:
            case Apply() as asked:
                self._apply(asked.whole())
            case Report(backlog, failures, done):
                self.backlog, self.failures, self.done = backlog, failures, max(done, self.done)
                self._heard = self.restarts
        return self._left()

    def _left(self) -> list[Ticket]:
        """Give the orders that are not carried out; a process that is started anew hears of them again."""
        with self._ordering:
            self._orders = [ticket for ticket in self._orders if ticket[0] > self.done]
            return self._orders

    def _apply(self, changes: Changes) -> None:
        """Have changes written before anything that comes after them, however long it takes."""
        until = time.monotonic() + GIVE_WAY_S
        while self._busy() and time.monotonic() < until and not self._child.over.is_set():
            self._child.over.wait(LOOK_S)
        while not self._child.over.is_set() and not self._tried(changes):
            pass

    def _tried(self, changes: Changes) -> bool:
        """Try once; say whether that settles it."""
        try:
            self._write(changes)
        except TryAgain as trouble:
            self._child.over.wait(trouble.retry_after_s)
            return False
        except Exception:  # they would never go in: their records are still there to derive from again
            self.refused += len(changes)
            log.exception("%d derived rows cannot be written and are left out; run `spanledger rebuild`", len(changes))
        return True
