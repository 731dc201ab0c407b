"""Read raw rows as records; what stands above many of them is read once."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from mapping.record import Above, Record, log_record, span_record
from schema.rows import COLUMNS, Row
from schema.signals import Signal
from store.protocol import RawSide

KNOWN: Final = 4096
"""Pairs of resource and scope that are remembered."""
MAKE: Final[dict[Signal, Callable[[Row, Above], Record]]] = {Signal.TRACES: span_record, Signal.LOGS: log_record}
SIGNALS: Final = tuple(MAKE)


class Records:
    """Read records from a store."""

    def __init__(self, side: RawSide) -> None:
        """Read through one raw side, on its thread."""
        self._side = side
        self._above = lru_cache(KNOWN)(self._read_above)

    def after(self, signal: Signal, after_id: int, limit: int) -> list[tuple[int, Record]]:
        """Give the next records in order of arrival, each with its id."""
        number = len(COLUMNS[signal])
        return [(row[number], self._record(signal, row)) for row in self._side.after(signal, after_id, limit)]

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
