"""Read raw rows as records; what stands above many of them is read once."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from operator import itemgetter
from typing import Final

from mapping.record import Above, Record, log_record, span_record
from schema.rows import COLUMNS, Row
from schema.signals import Signal
from store.raw_side import RawSide

KNOWN: Final = 4096
"""Pairs of resource and scope that are remembered."""
MAKE: Final[dict[Signal, Callable[[Row, Above], Record]]] = {Signal.TRACES: span_record, Signal.LOGS: log_record}
SIGNALS: Final = tuple(MAKE)
RECEIVED: Final = {signal: itemgetter(COLUMNS[signal].index("received_at")) for signal in SIGNALS}


@dataclass(frozen=True, slots=True)
class Came:
    """Hold the next records of a signal, each with its id, and up to which id the signal is read with them.

    There are `count`, and each is made when it is asked for: what was read of the one before is let go by then.
    """

    signal: Signal
    count: int
    records: Iterator[tuple[int, Record]]
    position: int


class Records:
    """Read records from a store."""

    def __init__(self, side: RawSide) -> None:
        """Read through one raw side, on its thread."""
        self._side = side
        self._above = lru_cache(KNOWN)(self._read_above)

    def next(self, positions: Mapping[Signal, int], ends: Mapping[Signal, int], limit: int) -> list[Came]:
        """Give what comes next of each signal up to `ends`, in order of arrival, at most `limit` of each.

        A signal of which there is less does not run ahead: its records would be derived from without the others.
        """
        rows = {
            signal: self._side.after(signal, positions[signal], limit) if positions[signal] < ends[signal] else []
            for signal in SIGNALS
        }
        more = [
            max(map(RECEIVED[signal], held)) for signal, held in rows.items() if held and held[-1][-1] < ends[signal]
        ]
        until = min(more, default=math.inf)
        return [self._came(signal, held, until, max(positions[signal], ends[signal])) for signal, held in rows.items()]

    def _came(self, signal: Signal, rows: list[Row], until: float, end: int) -> Came:
        """Take the rows that came until a time: those behind one that came later wait with it."""
        taken = list(takewhile(lambda row: RECEIVED[signal](row) <= until, rows))
        position = taken[-1][-1] if taken else rows[0][-1] - 1 if rows else end
        return Came(signal, len(taken), ((row[-1], self._record(signal, row)) for row in taken), position)

    def of_trace(self, trace_id: str) -> Iterator[Record]:
        """Give all records of a trace."""
        for signal in SIGNALS:
            for row in self._side.trace(signal, trace_id):
                yield self._record(signal, row)

    def of_logs(self, session_id: str) -> Iterator[Record]:
        """Give a session's log records outside of any trace."""
        for identity in self._side.logs_of(session_id):
            for row in self._side.log(*identity):
                yield self._record(Signal.LOGS, row)

    def _record(self, signal: Signal, row: Row) -> Record:
        return MAKE[signal](row, self._above(row[0], row[1]))

    def _read_above(self, resource: int, scope: int) -> Above:
        return Above.read(self._side.resource(resource), *self._side.scope(scope))
