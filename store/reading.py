"""Read one SQLite file (`store.protocol` says what is promised); it never makes the writer wait."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import apsw

from schema.signals import Signal
from search.query import Query
from search.shapes import Filters, Found, IndexState
from store import books, troubles
from store.connection import Deadline, file_bytes, let_go, open_reader
from store.drift import DRIFT
from store.outlines import Outline, Outlines
from store.protocol import LedgerLine
from store.queries import QUERIES
from store.reports import question
from store.sandbox import confine
from store.searching import Searcher

Values = tuple[int, ...] | dict[str, Any]

DEADLINE_S = 10.0
PAGE_BYTES = 4 << 20
"""Text of a page of a list: rows of prompts may be large."""


class SqliteReadSide:
    """Read one SQLite file; each thread needs its own.

    A statement that runs longer than `deadline_s` is refused, so that no reader keeps the log from being shortened.
    """

    def __init__(self, path: Path, *, deadline_s: float = DEADLINE_S, vfs: str | None = None) -> None:
        """Open the database; raise Misconfigured when there is none of ours."""
        self._path = path
        self._connection = open_reader(path, vfs=vfs)
        confine(self._connection)
        self._deadline = Deadline(self._connection, seconds=deadline_s)
        self._searcher = Searcher(path, self._connection, deadline_s=deadline_s)
        self._outlines = Outlines(self.report)

    def sizes(self) -> dict[str, int]:
        """Say how many bytes the database and its log take, and how many of them hold nothing."""
        pages, page, free = (
            int(self._connection.pragma(name)) for name in ("page_count", "page_size", "freelist_count")
        )
        return {
            "database": pages * page,
            "log": file_bytes(self._path.with_name(f"{self._path.name}-wal")),
            "free": free * page,
        }

    def ledger(self) -> list[LedgerLine]:
        """List the ledger's lines."""
        with self._told():
            return books.ledger(self._connection.cursor())

    def items(self, signal: Signal, *, after_id: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """List items in order of arrival, each with its resource's and scope's columns."""
        return self._list(QUERIES[ITEMS[signal]], (after_id, limit))

    def rejections(self, *, after_id: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """List refused items, oldest first, payload included."""
        return self._list(QUERIES["rejections"], (after_id, limit))

    def tally(self) -> books.Tally:
        """Count the refused items that are kept and that were forgotten."""
        with self._told():
            return books.tally(self._connection.cursor())

    def drift(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Answer a question of `drift.sql`."""
        return self._list(DRIFT[name], values)

    def report(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """Answer a question of `reports.sql`; a condition whose value is None or not given is left out."""
        return self._list(*question(name, values))

    def page(self, name: str, /, *, rows: int, **values: Any) -> tuple[list[dict[str, Any]], bool]:
        """Answer with up to so many rows, and not many more bytes than `PAGE_BYTES`."""
        found = self._run(*question(name, {**values, "limit": rows + 1}))
        names, size = next(found), 0
        kept: list[dict[str, Any]] = []
        for row in found:
            if len(kept) == rows or size > PAGE_BYTES:
                return kept, True
            size += sum(len(value) for value in row if isinstance(value, str | bytes))
            kept.append(dict(zip(names, row, strict=True)))
        return kept, False

    def outline(self, trace_id: str) -> Outline | None:
        """Say how the spans of a trace hang together; None when there is no such trace."""
        return self._outlines.get(trace_id)

    def search(self, query: Query, filters: Filters, *, order: str, limit: int, after: int | None = None) -> Found:
        """Find documents by their words, newest first or best first."""
        self._deadline.restart()
        return self._searcher.search(query, filters, order=order, limit=limit, after=after)

    def search_state(self) -> IndexState:
        """Say how far the index of texts is."""
        self._deadline.restart()
        return self._searcher.state()

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run a statement of the user's; the first tuple holds the column names.

        Raise Refused when it is wrong, wants to do more than read, or runs for too long.
        """
        return self._run(sql)

    def interrupt(self) -> None:
        """Stop the statement that runs, from any thread."""
        self._connection.interrupt()
        self._searcher.interrupt()

    def close(self) -> None:
        """Let go of the database."""
        self._searcher.close()
        let_go(self._connection)

    def _list(self, sql: str, values: Values) -> list[dict[str, Any]]:
        rows = self._run(sql, values)
        names = next(rows)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _run(self, sql: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """Give the column names, which are known even when there are no rows, and then the rows."""
        cursor = self._connection.cursor()
        names: list[tuple[str, ...]] = [()]

        def note_names(running: apsw.Cursor, _sql: str, _values: object) -> bool:
            names[0] = tuple(column[0] for column in running.get_description())
            return True

        cursor.exec_trace = note_names
        with self._told():
            rows = cursor.execute(sql, values or None)
            yield names[0]
            yield from rows

    def _told(self) -> AbstractContextManager[None]:
        self._deadline.restart()
        return troubles.reading(deadline_s=self._deadline.seconds)


ITEMS = {Signal.TRACES: "spans_after", Signal.LOGS: "logs_after", Signal.METRICS: "points_after"}
