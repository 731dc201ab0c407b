"""Derive in a process of its own, so that reading what records mean never keeps the interpreter from taking them in.

Run as `python -m derive.process`, this is that process: it reads the database by itself and hands every change
to the daemon, whose writer alone writes. It always speaks first and waits for the answer; it ends with its input.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from typing import Any, BinaryIO, Final

from core.errors import StoreBusy, TryAgain
from core.memory import collect_seldom
from derive.deriver import Backlog, Deriver
from derive.meaning import Rules
from pricing.catalogue import Catalogue
from schema.derived import Changes
from store.raw import SqliteRawSide

LOOK_S: Final = 0.1
"""How long it rests when there is nothing new."""
REPORT_S: Final = 1.0
NICE: Final = 10
"""Taking records in comes first."""


@dataclass(frozen=True, slots=True)
class Start:
    """Say what to derive from, and by which rules; times are nanoseconds."""

    path: Path
    grace: int
    idle: int


@dataclass(frozen=True, slots=True)
class Apply:
    """Ask for changes to be written; answered with None, or with what TryAgain said."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class Report:
    """Say how far behind this is, and how many groups could not be derived."""

    backlog: Backlog
    failures: int


class Daemon:
    """Speak to the daemon."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Read answers from `source`, write to `sink`."""
        self._source, self._sink = source, sink

    def start(self) -> Start:
        """Wait for the first word."""
        start: Start = self._read()
        return start

    def apply(self, changes: Changes) -> None:
        """Have changes written; raise TryAgain when they could not be."""
        trouble = self._ask(Apply(changes))
        if trouble is not None:
            raise StoreBusy(trouble)

    def report(self, report: Report) -> None:
        """Tell how it goes."""
        self._ask(report)

    def _ask(self, message: object) -> Any:
        pickle.dump(message, self._sink, pickle.HIGHEST_PROTOCOL)
        self._sink.flush()
        return self._read()

    def _read(self) -> Any:
        return pickle.load(self._source)  # noqa: S301  from the daemon that started us


def follow(daemon: Daemon, deriver: Deriver, *, rest: Callable[[float], None] = time.sleep) -> None:
    """Derive what comes until the daemon is gone."""
    reported = float("-inf")
    while True:
        try:
            more = deriver.step(time.time_ns())
        except TryAgain as trouble:
            rest(trouble.retry_after_s)
            more = False
        if time.monotonic() - reported > REPORT_S:
            reported = time.monotonic()
            daemon.report(Report(deriver.backlog(), deriver.failures))
        if not more:
            rest(LOOK_S)


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (SIGTERM, SIGINT, SIGHUP):
        on_signal(number, SIG_IGN)
    collect_seldom()
    os.nice(NICE)
    daemon = Daemon(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout = sys.stderr
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
        start = daemon.start()
        rules = Rules(Catalogue(), grace=start.grace, idle=start.idle)
        follow(daemon, Deriver(SqliteRawSide(start.path), daemon.apply, rules))


if __name__ == "__main__":
    main()
