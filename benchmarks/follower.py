"""Watch from outside how far the derived tables are behind the raw ones."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from store.connection import open_reader

REACHED = """
select
  (select ifnull(max(id), 0) from raw_spans),
  (select ifnull(max(after_id), 0) from derived_positions where signal = 'traces')
"""
LOOK_EVERY_S = 0.01
PATIENCE_S = 180
"""Whoever is not derived by then is taken to be derived now."""

Lag = tuple[float, int]
"""Seconds, and how many spans waited so long."""


class Follower:
    """Look at a database that a daemon writes."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read through a connection of its own."""
        self._connection = connection

    def reached(self) -> tuple[int, int]:
        """Give the newest span's number, and up to which number spans are derived."""
        newest, derived = next(self._connection.execute(REACHED))
        return int(newest), int(derived)

    def wait(self) -> float:
        """Wait until everything is derived; give how many spans a second were."""
        began = time.perf_counter()
        _, first = self.reached()
        for newest, derived in self._looks(lambda: False):
            if derived >= newest:
                return (derived - first) / max(time.perf_counter() - began, LOOK_EVERY_S)
        return 0

    def lags(self, sending: Callable[[], bool]) -> list[Lag]:
        """Measure, as long as somebody is sending and then until all is derived, how long after its commit each was."""
        lags: list[Lag] = []
        waiting: deque[tuple[int, float, int]] = deque()
        seen, _ = self.reached()
        for newest, derived in self._looks(sending):
            now = time.perf_counter()
            if newest > seen:
                waiting.append((newest, now, newest - seen))
                seen = newest
            while waiting and waiting[0][0] <= derived:
                _, since, spans = waiting.popleft()
                lags.append((now - since, spans))
            if not waiting and not sending():
                break
        now = time.perf_counter()
        return lags + [(now - since, spans) for _, since, spans in waiting]

    def _looks(self, busy: Callable[[], bool]) -> Iterator[tuple[int, int]]:
        """Look again and again, for a bounded time after the last moment in which anybody was busy."""
        until = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < until:
            yield self.reached()
            time.sleep(LOOK_EVERY_S)
            if busy():
                until = time.perf_counter() + PATIENCE_S


@contextmanager
def following(db: Path) -> Iterator[Follower]:
    """Look at a database."""
    connection = open_reader(db)
    try:
        yield Follower(connection)
    finally:
        connection.close()


def at(lags: list[Lag], share: float) -> float:
    """Give the seconds within which this share of the spans were derived."""
    left = share * sum(spans for _, spans in lags)
    for seconds, spans in sorted(lags):
        left -= spans
        if left <= 0:
            return seconds
    raise ValueError("no span was seen")
