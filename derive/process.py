"""Derive in a process of its own, so that reading what records mean never keeps the interpreter from taking them in.

Run as `python -m derive.process`, this is that process: it reads the database by itself and hands every change
to the daemon, whose writer alone writes. It ends with its input.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from typing import Any, BinaryIO, Final

from core.errors import TryAgain
from core.memory import collect_seldom, frugal, give_back, resident_bytes
from derive.channel import Apply, Order, Report, Start, Ticket
from derive.deriver import Deriver
from derive.meaning import Rules
from derive.pace import Pace
from derive.prices import catalogue
from schema.derived import Changes
from store.raw import SqliteRawSide

LOOK_S: Final = 0.1
"""How long it rests when there is nothing new."""
REPORT_S: Final = 1.0
AHEAD: Final = 4
"""Messages that may wait for their answers: while the daemon writes one, the next is made."""
IDLE_BYTES: Final = 160 << 20
"""Above this, memory is given back whenever there is nothing to do."""
KEPT: Final = 500_000
"""Containers that come to be kept between two looks for cycles: by then a step's records are gone."""
NICE: Final = 19
"""Taking records in comes first."""


class Daemon:
    """Speak to the daemon. It answers every message in order; a few may be on their way before the first answer."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Read answers from `source`, write to `sink`."""
        self._source, self._sink = source, sink
        self._unanswered = 0
        self._orders: list[Ticket] = []
        self._begun = self._done = 0

    def start(self) -> Start:
        """Wait for the first word."""
        start: Start = self._read()
        return start

    def apply(self, changes: Changes) -> None:
        """Have changes written, in order: the daemon tries for as long as it takes."""
        self._say(Apply.of(changes))

    def report(self, deriver: Deriver) -> None:
        """Tell how it goes, and hear what is ordered; what was ordered before is done once nothing looks back."""
        if not deriver.looks_back:
            self._done = self._begun
        self._say(Report(deriver.backlog(), deriver.failures, self._done))
        self._hear(0)

    def orders(self) -> list[Order]:
        """Give the orders that came and are not begun."""
        new = [(number, order) for number, order in self._orders if number > self._begun]
        self._begun = max((number for number, _ in new), default=self._begun)
        return [order for _, order in new]

    def _say(self, message: object) -> None:
        pickle.dump(message, self._sink, pickle.HIGHEST_PROTOCOL)
        self._sink.flush()
        self._unanswered += 1
        self._hear(AHEAD)

    def _hear(self, left: int) -> None:
        """Read answers until so many are left to come; each holds the orders that are not done."""
        while self._unanswered > left:
            self._orders = self._read()
            self._unanswered -= 1

    def _read(self) -> Any:
        return pickle.load(self._source)  # noqa: S301  from the daemon that started us


def follow(daemon: Daemon, deriver: Deriver, *, rest: Callable[[float], None] = time.sleep) -> None:
    """Derive what comes until the daemon is gone."""
    reported = float("-inf")
    pace = Pace(deriver.reached, rest=rest)
    while True:
        try:
            more = deriver.step(time.time_ns())
        except TryAgain as trouble:
            rest(trouble.retry_after_s)
            more = False
        if time.monotonic() - reported > REPORT_S:
            reported = time.monotonic()
            daemon.report(deriver)
        for order in daemon.orders():
            obey(order, deriver)
            reported = float("-inf")  # whoever ordered waits to hear that it is done
        pace.give_way()
        if not more:
            if resident_bytes() > IDLE_BYTES:
                give_back()
            rest(LOOK_S)


def obey(order: Order, deriver: Deriver) -> None:
    """Begin what was ordered."""
    if order is Order.REBUILD:
        deriver.rebuild()
    elif order is Order.LET_GO:
        deriver.let_go()
    else:
        deriver.reprice(past=order is Order.RECOST)


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (SIGTERM, SIGINT, SIGHUP):
        on_signal(number, SIG_IGN)
    frugal()
    collect_seldom(KEPT)
    os.nice(NICE)
    daemon = Daemon(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout = sys.stderr
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
        start = daemon.start()
        side = SqliteRawSide(start.path)
        rules = Rules(catalogue(side), grace=start.grace, idle=start.idle, park=start.park)
        follow(daemon, Deriver(side, daemon.apply, rules))


if __name__ == "__main__":
    main()
