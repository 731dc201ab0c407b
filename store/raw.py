"""Read raw records for those who derive from them: in order of arrival, or those of a trace.

Each thread needs its own; a read never makes the writer wait.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from schema.derived import BY_HAND, COUNTED, INVENTORY, MIRRORED, TABLES, USAGE_SERIES, Table
from schema.rows import COLUMNS, Row
from schema.signals import Signal
from store import troubles
from store.connection import let_go, open_reader
from store.derived import QUERIES

SIGNALS: Final = (Signal.TRACES, Signal.LOGS)
"""The signals that hold records; metric points are read apart."""
ITEM: Final = {Signal.TRACES: "span", Signal.LOGS: "log"}
DEADLINE_S: Final = 60.0
READ_BYTES: Final = 8 << 20
"""Characters that are read at a time."""
MOST_TEXT: Final = 16 << 20
"""Bytes of a longest column that is read; what a longer one says is not derived from."""


class SqliteRawSide:
    """Read what there is to derive from, and what was derived."""

    def __init__(self, path: Path) -> None:
        """Open the database; raise Misconfigured when there is none of ours."""
        self._connection = open_reader(path)

    def positions(self) -> dict[Signal, int]:
        """Say up to which id each signal has been read."""
        return self._positions("{}")

    def inventory(self) -> tuple[list[Row], dict[Signal, int]]:
        """List what keys records had, and up to which id of each signal they are counted."""
        return self._all(KEPT), self._positions(COUNTED)

    def names(self) -> tuple[list[Row], int]:
        """List the kinds and names of spans and services, and up to which span they are counted."""
        return self._all(QUERIES["known_names"]), int(self._all(QUERIES["names_position"])[0][0])

    def ends(self) -> dict[Signal, int]:
        """Say what the newest id of each signal is."""
        return dict(zip(SIGNALS, self._all(QUERIES["raw_ends"])[0], strict=True))

    def oldest_after(self, positions: Mapping[Signal, int]) -> int | None:
        """Say when the first record or metric point behind these ids came, in Unix nanoseconds."""
        came: int | None = self._all(QUERIES["oldest_after"], *(positions[signal] for signal in Signal))[0][0]
        return came

    def after(self, signal: Signal, after_id: int, limit: int) -> list[Row]:
        """List rows in order of arrival, each with its id behind its columns: up to `limit`, and some megabytes."""
        cursor = self._connection.cursor()
        with self._told():
            rows = list(_some(cursor.execute(READ[signal], (after_id, limit)), LONG[signal]))
            more = len(rows) == limit or next(cursor, None) is not None
        cursor.close()
        return _whole(rows, COLUMNS[signal].index("received_at")) if more else rows

    def trace(self, signal: Signal, trace_id: str) -> Iterator[Row]:
        """List the rows of a trace."""
        cursor = self._connection.cursor()
        with self._told():
            yield from cursor.execute(TRACE[signal], (trace_id,))

    def trace_size(self, trace_id: str) -> int:
        """Count the spans and log records of a trace."""
        return int(self._all(QUERIES["trace_size"], trace_id)[0][0])

    def log(self, sort_time: int, fingerprint: int) -> list[Row]:
        """Read one log record, if it is there."""
        return self._all(LOG, sort_time, fingerprint)

    def points_end(self) -> tuple[int, int]:
        """Say what the newest id of the metric points is, and up to which they have been read."""
        newest, read = self._all(QUERIES["points_end"])[0]
        return newest, read

    def points(self, after_id: int, until_id: int, names: str) -> list[Row]:
        """List the points of the metrics in a JSON array of names, after one id up to another."""
        return self._all(QUERIES["points_read"], after_id, until_id, names)

    def series_of(self, session_id: str) -> list[Row]:
        """List a session's folded series."""
        return self._all(SERIES, session_id)

    def is_counted(self, session_id: str) -> bool:
        """Say whether a session has model calls that records tell of."""
        return bool(self._all(QUERIES["session_is_counted"], session_id))

    def is_told(self, session_id: str) -> bool:
        """Say whether a program wrote a session's model calls itself."""
        return bool(self._all(QUERIES["session_is_told"], session_id))

    def calls_of(self, emitter: str, since: str, until: str) -> bool:
        """Say whether a program had model calls that records tell of, between two times in ISO 8601."""
        return bool(self._all(QUERIES["program_is_counted"], emitter, since, until))

    def resource(self, number: int) -> str:
        """Read a resource's attributes, JSON text."""
        return str(self._all(QUERIES["resource"], number)[0][0])

    def scope(self, number: int) -> tuple[str, str]:
        """Read a scope's name and version."""
        name, version = self._all(QUERIES["scope"], number)[0]
        return name, version

    def is_known(self, trace_id: str) -> bool:
        """Say whether anything was derived from a trace, or from one that it caused."""
        return bool(self._all(QUERIES["trace_is_known"], trace_id))

    def is_session(self, session_id: str) -> bool:
        """Say whether anything was derived for a session."""
        return bool(self._all(QUERIES["session_is_known"], session_id))

    def traces_of(self, session_id: str) -> list[str]:
        """List the traces of a session."""
        return [trace for (trace,) in self._all(QUERIES["session_traces"], session_id)]

    def logs_of(self, session_id: str) -> list[tuple[int, int]]:
        """List the identities of a session's log records outside of any trace."""
        keys = (key.split("/") for (key,) in self._all(QUERIES["session_logs"], session_id))
        return [(int(sort_time), int(fingerprint)) for _, sort_time, fingerprint in keys]

    def sessions_of(self, trace_id: str) -> list[str]:
        """List the sessions that a trace's entries were given to."""
        return [session for (session,) in self._all(QUERIES["trace_sessions"], trace_id)]

    def tied(self, tie: str) -> list[str]:
        """List the traces that a tie holds together."""
        return [trace for (trace,) in self._all(QUERIES["tied"], tie)]

    def relatives_of(self, session_id: str) -> list[str]:
        """List the sessions that a session is tied to: its parent, its children, and those before and after it."""
        return [session for (session,) in self._all(QUERIES["relatives"], session_id)]

    def keys_of(self, session_id: str) -> Iterator[tuple[str, Row]]:
        """List the keys of all rows that were derived for a session, with their tables."""
        for table in TABLES.values():
            for key in self._all(KEYS[table.name], session_id):
                yield table.name, key

    def forgets(self) -> bool:
        """Say whether raw records were ever forgotten."""
        return bool(self._all(QUERIES["raw_forgotten"]))

    def told_of(self, session_id: str) -> list[Row]:
        """List what was derived of a session record by record."""
        return self._all(QUERIES["told_of_session"], session_id)

    def told_in(self, trace_id: str) -> list[Row]:
        """List what was derived of a trace record by record, as far as it belongs to no session."""
        return self._all(QUERIES["told_in_trace"], trace_id)

    def span_of(self, session_id: str) -> list[Row]:
        """Read from when to when a session's records go, in ISO 8601, if records tell of it."""
        return self._all(QUERIES["session_span"], session_id)

    def open_jobs_of(self, session_id: str) -> list[str]:
        """List a session's jobs that go on."""
        return [job for (job,) in self._all(QUERIES["open_jobs_of_session"], session_id)]

    def priced_calls(self, after: str, limit: int) -> list[Row]:
        """List calls that were priced, or could not be, after an id, with what is needed to price them again."""
        return self._all(QUERIES["priced_calls"], after, limit)

    def prices(self) -> list[Row]:
        """List the rows of `model_prices`."""
        return self._all(QUERIES["prices"])

    def has_parked(self) -> bool:
        """Say whether commands wait for what they are about."""
        return bool(self._all(QUERIES["any_parked"]))

    def days(self) -> list[str]:
        """List the days on which jobs started or ended."""
        return [day for (day,) in self._all(QUERIES["job_days"])]

    def idle_sessions(self, before: str, limit: int) -> list[str]:
        """List open sessions without a record since a time in ISO 8601."""
        return [session for (session,) in self._all(QUERIES["idle_sessions"], before, limit)]

    def open_job_sessions(self, after: str, before: str, limit: int) -> list[str]:
        """List sessions, in order after one, that have open jobs without a record since a time in ISO 8601."""
        return [session for (session,) in self._all(QUERIES["open_job_sessions"], after, before, limit)]

    def close(self) -> None:
        """Let go of the database."""
        let_go(self._connection)

    def _positions(self, named: str) -> dict[Signal, int]:
        told: dict[str, int] = dict(self._all(QUERIES["positions"]))
        return {signal: told.get(named.format(signal), 0) for signal in SIGNALS}

    def _all(self, query: str, *values: Any) -> list[Row]:
        with self._told():
            return self._connection.execute(query, values).fetchall()

    def _told(self) -> AbstractContextManager[None]:
        return troubles.reading(deadline_s=DEADLINE_S)


def _some(rows: Iterable[Row], texts: Callable[[Row], Iterable[str | None]]) -> Iterator[Row]:
    """Give rows until they are too large to hold more."""
    size = 0
    for row in rows:
        yield row
        size += sum(map(len, filter(None, texts(row))))
        if size > READ_BYTES:
            return


def _whole(rows: list[Row], received_at: int) -> list[Row]:
    """Leave the last request's rows for the next time unless they are all: its traces would be read twice."""
    last = rows[-1][received_at]
    kept = len(rows)
    while kept and rows[kept - 1][received_at] == last:
        kept -= 1
    return rows[:kept] or rows


def _columns(name: str, signal: Signal) -> str:
    """Write a signal's columns; text that is too long to be of any meaning is left out."""
    told = [
        f"iif(octet_length({column}) > {MOST_TEXT}, {TEXTS[column]}, {column})" if column in TEXTS else column
        for column in COLUMNS[signal]
    ]
    return QUERIES[name].replace("{columns}", ", ".join(told))


def _keys(table: Table) -> str:
    """Write the statement that lists a table's derived keys for a session; subagents are found through their jobs."""
    where = "session_id = ?1"
    if "emitter" in table.columns:
        where += f" and emitter is not '{BY_HAND}' and emitter is not '{MIRRORED}'"
    if table.beside:
        where += f" and emitter is not '{table.beside}'"
    if "session_id" not in table.columns:
        jobs: Iterable[str] = ("job_history", "open_jobs")
        where = " or ".join(
            f"job_id in (select id from {name} where session_id = ?1 and emitter is not '{BY_HAND}')"  # noqa: S608  our own names
            for name in jobs
        )
    return f"select {', '.join(table.key)} from {table.name} where {where}"  # noqa: S608  our own names


TEXTS: Final = {"attributes": "'{}'", "events": "null", "links": "null", "body": "null"}
"""Columns that may be long, and what stands for one that is too long."""
LONG: Final[dict[Signal, Callable[[Row], Iterable[str | None]]]] = {
    signal: itemgetter(*(number for number, column in enumerate(COLUMNS[signal]) if column in TEXTS))
    for signal in SIGNALS
}
READ: Final = {signal: _columns(f"{item}s_read", signal) for signal, item in ITEM.items()}
TRACE: Final = {signal: _columns(f"trace_{item}s", signal) for signal, item in ITEM.items()}
LOG: Final = _columns("log_by_identity", Signal.LOGS)
SERIES: Final = QUERIES["session_series"].replace("{columns}", ", ".join(USAGE_SERIES.columns))
KEPT: Final = QUERIES["inventory"].replace("{columns}", ", ".join(INVENTORY.columns))
KEYS: Final = {name: _keys(table) for name, table in TABLES.items()}
