"""Own the deriving process, from the daemon's side: start it, write what it hands over, start it again when it ends."""

import logging
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from threading import Event, Lock, Thread
from typing import Any, Final

from core.children import environment
from core.errors import TryAgain
from derive.channel import Apply, Backlog, Order, Report, Start, Ticket
from schema.derived import Changes

log = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
STOP_S: Final = 2.0
GIVE_WAY_S: Final = 0.5
LOOK_S: Final = 0.005


class Following:
    """Keep the process running on a thread of its own; all methods belong to the daemon."""

    def __init__(self, start: Start, write: Callable[[Changes], object], *, busy: Callable[[], bool]) -> None:
        """Derive as `start` says; `write` returns when changes are durable, and may raise TryAgain.

        While the writer is `busy` with requests, they go first: derived rows wait, though not for ever.
        """
        self.backlog = Backlog(0, 0)
        self._is_heard = False
        self.failures = 0
        self.restarts = 0
        self.refused = 0
        self.done = 0
        self._ordered = 0
        self._orders: list[Ticket] = []
        self._ordering = Lock()
        self._start, self._write, self._busy = start, write, busy
        self._over = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._run, name="following")

    def start(self) -> None:
        """Start the thread, and the process on it."""
        self._thread.start()

    def stop(self) -> None:
        """End the process, which has nothing to lose: it goes on from where the database says."""
        self._over.set()
        if self._process is not None:
            self._process.kill()
        self._thread.join(STOP_S)

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
        return self._is_heard and self.backlog == Backlog(0, 0)

    @property
    def pid(self) -> int | None:
        """Give the process id, None before the first start."""
        return self._process.pid if self._process else None

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while not self._over.is_set():
            began_well = self._tried_once()
            if self._over.is_set():
                return
            wait = FIRST_WAIT_S if began_well else min(wait * 2, LONGEST_WAIT_S)
            self.restarts += 1
            log.warning("the deriving process ended; it starts again in %g s", wait)
            self._over.wait(wait)

    def _tried_once(self) -> bool:
        try:
            return self._once()
        except OSError:  # there is no room for another process now
            log.exception("the deriving process cannot be started")
            return False

    def _once(self) -> bool:
        """Run the process until it ends; say whether it did anything."""
        command = [sys.executable, "-P", "-m", "derive.process"]
        pipe = subprocess.PIPE
        process = self._process = subprocess.Popen(  # noqa: S603  our own program
            command, stdin=pipe, stdout=pipe, start_new_session=True, env=environment()
        )
        spoke = self._is_heard = False
        try:
            self._say(process, self._start)
            while not self._over.is_set():
                message = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301  from our own process
                spoke = True
                self._do(message)
                self._say(process, self._left())
        except (EOFError, OSError, pickle.UnpicklingError):  # it ended, maybe half-way
            pass
        except Exception:  # whatever it was, a new process may do better
            log.exception("the deriving process said what cannot be understood")
        finally:
            _end(process)
        return spoke

    def _do(self, message: Any) -> None:
        match message:
            case Apply() as asked:
                self._apply(asked.whole())
            case Report(backlog, failures, done):
                self.backlog, self.failures, self.done = backlog, failures, max(done, self.done)
                self._is_heard = True

    def _left(self) -> list[Ticket]:
        """Give the orders that are not carried out; a process that is started anew hears of them again."""
        with self._ordering:
            self._orders = [ticket for ticket in self._orders if ticket[0] > self.done]
            return self._orders

    def _apply(self, changes: Changes) -> None:
        """Have changes written before anything that comes after them, however long it takes."""
        until = time.monotonic() + GIVE_WAY_S
        while self._busy() and time.monotonic() < until and not self._over.is_set():
            self._over.wait(LOOK_S)
        while not self._over.is_set() and not self._tried(changes):
            pass

    def _tried(self, changes: Changes) -> bool:
        """Try once; say whether that settles it."""
        try:
            self._write(changes)
        except TryAgain as trouble:
            self._over.wait(trouble.retry_after_s)
            return False
        except Exception:  # they would never go in: their records are still there to derive from again
            self.refused += len(changes)
            log.exception("%d derived rows cannot be written and are left out; run `spanledger rebuild`", len(changes))
        return True

    def _say(self, process: "subprocess.Popen[bytes]", answer: object) -> None:
        assert process.stdin is not None, "it was started with a pipe"
        pickle.dump(answer, process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process, whatever state it is in, and let go of its pipes."""
    process.kill()
    for end in (process.stdin, process.stdout):
        with suppress(OSError):
            assert end is not None, "it was started with pipes"
            end.close()
    process.wait()
