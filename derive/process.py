"""Derive in a process of its own, so that reading what records mean never keeps the interpreter from taking them in.

Run as `python -m derive.process`, this is that process: it reads the database by itself and hands every change
to the daemon, whose writer alone writes. It ends with its input.
"""

import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from threading import Semaphore, Thread
from typing import Any, BinaryIO, Final

from core.errors import TryAgain
from core.memory import collect_when_told, frugal, give_back, resident_bytes
from core.output import whole_output
from derive.channel import Apply, Order, Report, Start, Ticket
from derive.deriver import Deriver
from derive.meaning import Rules
from derive.pace import Pace
from derive.prices import catalogue
from schema.derived import Changes
from store.connection import count_no_memory
from store.raw import SqliteRawSide

LOOK_S: Final = 0.1
"""How long it rests when there is nothing new."""
REPORT_S: Final = 1.0
AHEAD: Final = 16
"""Messages that may wait for their answers: the writer is busy with those of one step while the next one is read."""
UNANSWERED: Final = 2
"""Messages that are with the daemon: it turns to the next one as soon as one is written."""
IDLE_BYTES: Final = 160 << 20
"""Above this, memory is given back whenever there is nothing to do."""
NICE: Final = 5
"""Taking records in comes first: it gets three times as much where all are busy, and no more, or rows come late."""


class Daemon:
    """Speak to the daemon, on a thread of its own: while it writes what it was handed, more is derived.

    It answers every message in order, with the orders that are not done. The next message lies ready for it by then.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Read answers from `source`, write to `sink`."""
        self._source, self._sink = source, sink
        self._messages: SimpleQueue[object] = SimpleQueue()
        self.written = 0
        """How many changes are durable, of those that were handed over."""
        self._room = Semaphore(AHEAD)
        self._is_gone = False
        self._orders: list[Ticket] = []
        self._begun = self._done = 0

    def start(self) -> Start:
        """Wait for the first word."""
        start: Start = self._read()
        Thread(target=self._speak, name="daemon", daemon=True).start()
        return start

    def apply(self, changes: Changes) -> None:
        """Have changes written, in order: the daemon tries for as long as it takes."""
        self._say(Apply.of(changes))

    def report(self, deriver: Deriver) -> None:
        """Tell how it goes; what was ordered before is done once nothing looks back."""
        if not deriver.looks_back:
            self._done = self._begun
        self._say(Report(deriver.backlog(), deriver.failures, self._done))

    def orders(self) -> list[Order]:
        """Give the orders that came and are not begun."""
        new = [(number, order) for number, order in self._orders if number > self._begun]
        self._begun = max((number for number, _ in new), default=self._begun)
        return [order for _, order in new]

    def _say(self, message: object) -> None:
        """Hand a message to the thread once there is room; raise EOFError when the daemon is gone."""
        self._room.acquire()
        if self._is_gone:
            raise EOFError
        self._messages.put(message)

    def _speak(self) -> None:
        """Say what is to be said and hear the answers, until the daemon is gone."""
        said: deque[object] = deque()
        try:
            while True:
                if not said or (len(said) < UNANSWERED and not self._messages.empty()):
                    said.append(self._messages.get())
                    pickle.dump(said[-1], self._sink, pickle.HIGHEST_PROTOCOL)
                    self._sink.flush()
                else:
                    self._orders = self._read()
                    self.written += isinstance(said.popleft(), Apply)
                    self._room.release()
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
            self._is_gone = True
            self._room.release(AHEAD)

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
    count_no_memory()
    collect_when_told()
    os.nice(NICE)
    daemon = Daemon(sys.stdin.buffer, whole_output())
    sys.stdout = sys.stderr
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
        start = daemon.start()
        side = SqliteRawSide(start.path)
        rules = Rules(catalogue(side), grace=start.grace, idle=start.idle, park=start.park)
        follow(daemon, Deriver(side, daemon.apply, rules, written=lambda: daemon.written))


if __name__ == "__main__":
    main()
