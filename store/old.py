"""Find old rows in SQLite (`store.forgetting` says what is promised)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from schema.derived import Row
from schema.signals import Signal
from store import troubles
from store.connection import let_go, open_reader
from store.forgetting import Found, Looked, Room
from store.queries import load
from store.soundness import look_through

HERE: Final = Path(__file__).parent
QUERIES: Final = {**load((HERE / "old.sql").read_text()), **load((HERE / "holdings.sql").read_text())}
TABLES: Final = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}
ITEMS: Final = {Signal.TRACES: "span", Signal.LOGS: "log", Signal.METRICS: "point"}
RULES: Final = ("rule_of_session", "rules_of_trace", "rules_of_log")
DEADLINE_S: Final = 60.0
SCAN_IDS: Final = 20_000
"""Ids that are passed at a time when all rows are looked at."""


class SqliteOldSide:
    """Find what is old in one SQLite file; each thread needs its own."""

    def __init__(self, path: Path) -> None:
        """Open the database; raise Misconfigured when there is none of ours."""
        self._connection = open_reader(path)

    def room(self) -> Room:
        """Say how large the file is."""
        with self._told():
            pragma = self._connection.pragma
            size = pragma("page_size")
            return Room(pragma("page_count") * size, pragma("freelist_count") * size)

    def ends(self) -> dict[Signal, int]:
        """Say what the newest id of each signal is."""
        told: dict[str, int] = dict(self.rows("ends"))
        return {signal: told.get(table, 0) for signal, table in TABLES.items()}

    def derived_until(self) -> dict[Signal, int]:
        """Say up to which id each signal is known to be derived from."""
        told: dict[str, int] = dict(self.rows("positions"))
        return {signal: told.get(str(signal), 0) for signal in Signal}

    def sent_until(self) -> dict[Signal, int]:
        """Say up to which id each signal is sent on, by the exporter farthest behind; none that nobody sends."""
        return {Signal(signal): after_id for signal, after_id in self.rows("sent")}

    def newest_pin(self) -> int:
        """Give the number of the newest pin; 0 when nothing is pinned."""
        return int(self.rows("newest_pin")[0][0])

    def find(self, what: str, after: Found | None, limit: int, **values: Any) -> list[Found]:
        """List rows of a kind in order of arrival, behind one that was found before or None.

        `scopes` says whom the rules are about, as JSON; without it rows fall under none.
        """
        query = QUERIES[what]
        scoped = values.get("scopes") is not None
        for name in RULES:
            query = query.replace(f"{{{name}}}", f"({QUERIES[name]})" if scoped else "null")
        bound = {"after": None, "after_time": None, "limit": limit, **values}
        if after is not None:
            bound |= {"after": after.key, "after_time": _text(after.came)}
        return [Found(key, _came(came), size, _rules(rules)) for key, came, size, rules in self._all(query, bound)]

    def jobs_of(self, what: str, keys: Sequence[Any]) -> list[str]:
        """List the finished jobs that raw rows tell of."""
        name = f"jobs_of_{what}"
        if name not in QUERIES:
            return []
        return [job for (job,) in self.rows(name, keys=orjson.dumps(list(keys)).decode())]

    def records(self, signal: Signal, keys: Sequence[int]) -> list[dict[str, Any]]:
        """Read raw rows whole, in order of arrival, with their resources and scopes."""
        with self._told():
            values = {"keys": orjson.dumps(list(keys)).decode()}
            cursor = self._connection.execute(QUERIES[f"{ITEMS[signal]}_records"], values)
            rows = cursor.fetchall()
        return [dict(zip(self._names(signal), row, strict=True)) for row in rows]

    def unused(self) -> Iterator[tuple[str, list[Any], Mapping[Signal, int]]]:
        """List the resources, scopes and names that no raw row has, each with up to which ids this was looked at."""
        known = {name: {number for (number,) in self.rows(f"all_{name}")} for name in ("resources", "scopes")}
        ends = self.ends()
        for signal, end in ends.items():
            for resource, scope in self._used(signal, end):
                known["resources"].discard(resource)
                known["scopes"].discard(scope)
        for name, numbers in known.items():
            yield name, sorted(numbers), ends
        yield "names", self._unused_names(ends[Signal.TRACES]), ends

    def state(self) -> dict[str, str]:
        """Read what retention keeps of itself."""
        return dict(self.rows("state"))

    def rows(self, name: str, **values: Any) -> list[Row]:
        """Answer a question of `store/old.sql` or `store/holdings.sql`."""
        return self._all(QUERIES[name], values)

    def look_through(self, *, seconds: float, stopped: Callable[[], bool]) -> Looked:
        """Look whether each table is whole and agrees with its indexes, for so many seconds each at most."""
        with self._told():
            return look_through(self._connection, seconds=seconds, stopped=stopped)

    def interrupt(self) -> None:
        """Stop what is being read, from any thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of the database."""
        let_go(self._connection)

    def _unused_names(self, end: int) -> list[Any]:
        """List the kinds and names that no span has."""
        known = {name for (name,) in self.rows("span_names")}
        for after in range(0, end if known else 0, SCAN_IDS):
            until = min(end, after + SCAN_IDS)
            known.difference_update(name for (name,) in self.rows("names_of_spans", after=after, until=until))
        services = [name for (name,) in self.rows("unused_services")]
        return [*(["span", name] for name in sorted(known)), *(["service", name] for name in services)]

    def _used(self, signal: Signal, end: int) -> Iterator[Row]:
        for after in range(0, end, SCAN_IDS):
            yield from self.rows(f"used_by_{ITEMS[signal]}s", after=after, until=min(end, after + SCAN_IDS))

    def _names(self, signal: Signal) -> list[str]:
        view = {Signal.TRACES: "spans", Signal.LOGS: "log_records", Signal.METRICS: "metric_points"}[signal]
        return [name for (name,) in self._all("select name from pragma_table_info(?)", (view,))]

    def _all(self, query: str, values: Any) -> list[Row]:
        with self._told():
            return self._connection.execute(query, values or None).fetchall()

    def _told(self) -> AbstractContextManager[None]:
        return troubles.reading(deadline_s=DEADLINE_S)


def _rules(told: int | str | None) -> frozenset[int]:
    """Read the rules that a row falls under; none is the general one."""
    return frozenset(map(int, str(told).split(","))) if told is not None else frozenset()


def _came(told: int | str) -> int:
    if isinstance(told, int):
        return told
    return int(datetime.fromisoformat(told).timestamp()) * 1_000_000_000


def _text(came: int) -> str:
    """Write a time the way `created_at` has it."""
    return datetime.fromtimestamp(came // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
