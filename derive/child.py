"""Keep a process of ours running, from a thread of the daemon: answer what it says, start it again when it ends.

It says one thing after the other as pickles over its standard output, and gets one answer to each over its standard
input, in order; it ends with its input.
"""

import logging
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final

from core.children import apart, widen

log = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
STOP_S: Final = 2.0
LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Program:
    """Say what to run, and its first word from us; when a daemon begins, others come first for up to `rest_s`."""

    name: str
    module: str
    start: object
    rest_s: float = 0.0


class Child:
    """Own a process and the thread that listens to it."""

    def __init__(
        self, program: Program, answer: Callable[[Any], object], *, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Run a program as soon as it is `wanted`; `answer` says what it is told after what it said."""
        self.restarts = 0
        self.over = Event()
        self._program, self._answer, self._wanted = program, answer, wanted
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._run, name=program.name)

    def start(self) -> None:
        """Start the thread, and the process on it."""
        self._thread.start()

    def stop(self) -> None:
        """End the process, which has nothing to lose: it goes on from where the database says."""
        self.over.set()
        if self._process is not None:
            self._process.kill()
        self._thread.join(STOP_S)

    @property
    def pid(self) -> int | None:
        """Give the process id, None before the first start."""
        return self._process.pid if self._process else None

    def _run(self) -> None:
        self._rest()
        wait = FIRST_WAIT_S
        while not self.over.is_set():
            began_well = self._tried_once()
            if self.over.is_set():
                return
            wait = FIRST_WAIT_S if began_well else min(wait * 2, LONGEST_WAIT_S)
            self.restarts += 1
            log.warning("the %s process ended; it starts again in %g s", self._program.name, wait)
            self.over.wait(wait)

    def _rest(self) -> None:
        """Wait until the process is wanted."""
        until = time.monotonic() + self._program.rest_s
        while time.monotonic() < until and not self._wanted():
            if self.over.wait(LOOK_S):
                return

    def _tried_once(self) -> bool:
        try:
            return self._once()
        except OSError:  # there is no room for another process now
            log.exception("the %s process cannot be started", self._program.name)
            return False

    def _once(self) -> bool:
        """Run the process until it ends; say whether it did anything."""
        command = [sys.executable, "-P", "-m", self._program.module]
        pipe = subprocess.PIPE
        process = self._process = subprocess.Popen(  # noqa: S603  our own program
            command, stdin=pipe, stdout=pipe, **apart()
        )
        widen(process)
        spoke = False
        try:
            _say(process, self._program.start)
            while not self.over.is_set():
                message = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301  from our own process
                spoke = True
                _say(process, self._answer(message))
        except (EOFError, OSError, pickle.UnpicklingError):  # it ended, maybe half-way
            pass
        except Exception:  # whatever it was, a new process may do better
            log.exception("the %s process said what cannot be understood", self._program.name)
        finally:
            _end(process)
        return spoke


def _say(process: "subprocess.Popen[bytes]", answer: object) -> None:
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
