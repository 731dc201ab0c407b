"""Say what deriving asks of a database: raw records in order, and what was derived from them."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from schema.rows import Row
from schema.signals import Signal


class RawSide(Protocol):
    """Read raw records to derive from, and what was derived; never blocks the write side.

    Rows are in the order of their signal's columns.
    """

    def positions(self) -> dict[Signal, int]:
        """Say up to which id each signal has been derived from."""
        ...

    def inventory(self) -> tuple[list[Row], dict[Signal, int]]:
        """List what keys records had, and up to which id of each signal they are counted."""
        ...

    def names(self) -> tuple[list[Row], int]:
        """List the kinds and names of spans and services, and up to which span they are counted."""
        ...

    def ends(self) -> dict[Signal, int]:
        """Say what the newest id of each signal is."""
        ...

    def oldest_after(self, positions: Mapping[Signal, int]) -> int | None:
        """Say when the first record or metric point behind these ids came, in Unix nanoseconds."""
        ...

    def after(self, signal: Signal, after_id: int, limit: int) -> list[Row]:
        """List rows in order of arrival, each with its id behind its columns: up to `limit`, and some megabytes."""
        ...

    def trace(self, signal: Signal, trace_id: str) -> Iterator[Row]:
        """List the rows of a trace."""
        ...

    def trace_size(self, trace_id: str) -> int:
        """Count the spans and log records of a trace."""
        ...

    def log(self, sort_time: int, fingerprint: int) -> list[Row]:
        """Read one log record, if it is there."""
        ...

    def points_end(self) -> tuple[int, int]:
        """Say what the newest id of the metric points is, and up to which they have been read."""
        ...

    def points(self, after_id: int, until_id: int, names: str) -> list[Row]:
        """List the points of the metrics in a JSON array of names, after one id up to another, in order of arrival.

        Columns: id, resource_id, scope_id, name, type, temporality, is_monotonic, start and time in Unix nanoseconds,
        attributes, value, sum.
        """
        ...

    def series_of(self, session_id: str) -> list[Row]:
        """List a session's folded series, in the order of their table's columns."""
        ...

    def is_counted(self, session_id: str) -> bool:
        """Say whether a session has model calls that records tell of."""
        ...

    def is_told(self, session_id: str) -> bool:
        """Say whether a program wrote a session's model calls itself."""
        ...

    def calls_of(self, emitter: str, since: str, until: str) -> bool:
        """Say whether a program had model calls that records tell of, between two times in ISO 8601."""
        ...

    def resource(self, number: int) -> str:
        """Read a resource's attributes, JSON text."""
        ...

    def scope(self, number: int) -> tuple[str, str]:
        """Read a scope's name and version."""
        ...

    def is_known(self, trace_id: str) -> bool:
        """Say whether anything was derived from a trace, or from one that it caused."""
        ...

    def is_session(self, session_id: str) -> bool:
        """Say whether anything was derived for a session."""
        ...

    def traces_of(self, session_id: str) -> list[str]:
        """List the traces of a session."""
        ...

    def logs_of(self, session_id: str) -> list[tuple[int, int]]:
        """List the identities of a session's log records outside of any trace."""
        ...

    def sessions_of(self, trace_id: str) -> list[str]:
        """List the sessions that a trace was given to."""
        ...

    def tied(self, tie: str) -> list[str]:
        """List the traces that a tie holds together."""
        ...

    def relatives_of(self, session_id: str) -> list[str]:
        """List the sessions that a session is tied to: its parent, its children, and those before and after it."""
        ...

    def keys_of(self, session_id: str) -> Iterator[tuple[str, Row]]:
        """List the keys of all rows that were derived for a session, with their tables."""
        ...

    def forgets(self) -> bool:
        """Say whether raw records were ever forgotten."""
        ...

    def told_of(self, session_id: str) -> list[Row]:
        """List what was derived of a session record by record, and not written by a program.

        Columns: table, key, the keys of its records as a JSON array, job_id.
        """
        ...

    def told_in(self, trace_id: str) -> list[Row]:
        """List what was derived of a trace record by record, as far as it belongs to no session."""
        ...

    def span_of(self, session_id: str) -> list[Row]:
        """Read from when to when a session's records go, in ISO 8601, if records tell of it."""
        ...

    def open_jobs_of(self, session_id: str) -> list[str]:
        """List a session's jobs that go on."""
        ...

    def priced_calls(self, after: str, limit: int) -> list[Row]:
        """List calls that were priced, or could not be, after an id, with what is needed to price them again.

        Columns: call_id, provider, model, started_at, duration_ms, input, output, cache read and cache write tokens,
        and as they are now cost_nanos, cost_source, price_version; then the usage role.
        """
        ...

    def prices(self) -> list[Row]:
        """List the rows of `model_prices`."""
        ...

    def has_parked(self) -> bool:
        """Say whether commands wait for what they are about."""
        ...

    def days(self) -> list[str]:
        """List the days on which jobs started or ended."""
        ...

    def idle_sessions(self, before: str, limit: int) -> list[str]:
        """List open sessions without a record since a time in ISO 8601, the oldest first."""
        ...

    def open_job_sessions(self, after: str, before: str, limit: int) -> list[str]:
        """List sessions, in order after one, that have open jobs without a record since a time in ISO 8601."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
