"""Read the texts that are searched, and what changed in them, from the database; never makes the writer wait."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from search.shapes import SOURCES
from search.whole import whole
from store import troubles
from store.connection import file_identity, let_go, open_reader
from store.queries import load
from store.reports import REPORTS

STATEMENTS: Final = load((Path(__file__).parent / "search_texts.sql").read_text())
DEADLINE_S: Final = 60.0
LOG: Final = re.compile(r"log/(-?\d{1,19})/(-?\d{1,19})")
"""How the key of an entry says which log record it is of; that of others is a trace and a span."""
MOST_COLUMN: Final = 4 << 20
TOOL: Final = "tool"
TABLES: Final = {
    "entry": ("agent_traces", "trace_id"),
    "job": ("job_history", "id"),
    "call": ("tool_calls", "key"),
    "plan": ("feature_plans", "id"),
    "task": ("plan_tasks", "id"),
    "refactor": ("refactors", "id"),
    "debug": ("debug_sessions", "id"),
    "note": ("debug_notes", "id"),
    "experiment": ("experiments", "id"),
    "run": ("experiment_runs", "id"),
    "artifact": ("experiment_artifacts", "id"),
    "summary": ("summaries", "id"),
    "issue": ("agent_issue_work", "work_id"),
    "work": ("sessions", "session_id"),
    "log": ("agent_log_entries", "key"),
}
"""Where each source's rows are, and what names one."""


class SqliteTextSource:
    """Read one database; each thread needs its own."""

    def __init__(self, path: Path) -> None:
        """Open the database; raise Misconfigured when there is none of ours."""
        self._connection = open_reader(path)
        self.identity = file_identity(path) or (0, 0)

    def feed(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """List what changed: place, source, key; the source «entries» stands for all entries of one."""
        return self._all(STATEMENTS["feed"], after, limit)

    def feed_end(self) -> int:
        """Give the last place that there ever was in the list of changes."""
        return int(self._all(STATEMENTS["feed_end"])[0][0])

    def feed_begins(self) -> int:
        """Say up to where the list of changes was shortened."""
        return int(self._all(STATEMENTS["feed_begins"])[0][0])

    def underived(self) -> int:
        """Count the raw records that nothing is derived from yet, about."""
        return sum(max(0, behind) for behind in self._all(REPORTS["behind"])[0])

    def documents(self, source: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Read rows of a source; those that are no more are left out."""
        with troubles.reading(deadline_s=DEADLINE_S):
            return read_documents(self._connection, source, keys)

    def entries_of(self, session: str, after: str, limit: int) -> list[str]:
        """List the entries of a session after one of them."""
        return [key for (key,) in self._all(STATEMENTS["session_entries"], session, after, limit)]

    def ends(self) -> dict[str, int]:
        """Give the last row of each source."""
        return {source: int(self._all(_about(source, "ends"))[0][0]) for source in SOURCES}

    def keys(self, source: str, after: int, until: int, limit: int) -> list[tuple[int, str]]:
        """List rows of a source in the order of their making, after one of them up to another: place and key."""
        return [(row, str(key)) for row, key in self._all(_about(source, "keys"), after, until, limit)]

    def close(self) -> None:
        """Let go of the database."""
        let_go(self._connection)

    def _all(self, sql: str, *values: Any) -> list[Any]:
        with troubles.reading(deadline_s=DEADLINE_S):
            return self._connection.execute(sql, values).fetchall()


def read_documents(connection: apsw.Connection, source: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Read rows of a source by their keys."""
    cursor = connection.cursor()
    rows: Iterator[Any] = cursor.execute(STATEMENTS[f"document_{source}"], (orjson.dumps(keys).decode(),))
    first = next(rows, None)
    if first is None:
        return []
    names = [column[0] for column in cursor.get_description()]
    found = [dict(zip(names, row, strict=True)) for row in (first, *rows)]
    for row in found:
        if row.pop("is_cut", 0):
            row["record"] = _record(connection, row)
    return found


def _record(connection: apsw.Connection, row: Mapping[str, Any]) -> str | None:
    """Read the text of an entry's record, of which the entry has the beginning; None when it is gone."""
    key = str(row["key"])
    place = LOG.fullmatch(key)
    values: tuple[Any, ...] = (int(place[1]), int(place[2])) if place else key.partition("/")[::2]
    columns = connection.execute(STATEMENTS["log_columns" if place else "span_columns"], (*values, MOST_COLUMN))
    told: list[Any] = columns.fetchall()
    return whole(told[0], repeats=row["kind"] != TOOL) if told else None


def _about(source: str, name: str) -> str:
    table, key = TABLES[source]
    return STATEMENTS[name].replace("{table}", table).replace("{key}", key)
