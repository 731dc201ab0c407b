"""Insert rows: the hot path, and what happens to the ones that were there already.

Rows go in 16 at a time with one statement, during which the interpreter is free for other threads;
more at a time are slower, for their values no longer fit the nearest cache.
Only when fewer rows went in than were given is each of them looked at.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

import apsw

from schema.rows import COLUMNS, SPAN_COLUMNS, Rejection, Row
from schema.signals import Signal
from store.queries import QUERIES, widen

SIZES = (16, 4, 1)
"""Rows a statement; the last ones go in with a handful of smaller statements."""


@dataclass(slots=True)
class Kept:
    """Say what became of some rows: `stored` of them, `repaired` of these, and the variants that were not kept."""

    stored: int
    repaired: int
    conflicts: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kind:
    """Hold what is particular to a signal: its statements and where its identity and content stand in a row."""

    item: str
    columns: tuple[str, ...]
    identity: "itemgetter[tuple[Any, ...]]"
    content: "itemgetter[tuple[Any, ...]] | None"
    inserts: tuple[tuple[int, str], ...]

    def query(self, name: str) -> str:
        """Find a statement of this kind, such as 'last_{}'."""
        return QUERIES[name.format(self.item)]


def insert(cursor: apsw.Cursor, signal: Signal, rows: Sequence[Row]) -> Kept:
    """Insert the rows whose identity is not known, inside the caller's transaction."""
    kind = KINDS[signal]
    last = next(_read(cursor, kind.query("last_{}")))[0]
    stored = _insert(cursor, kind, rows)
    if stored == len(rows):
        return Kept(stored, _repaired(rows))
    return _compare(cursor, kind, rows, last=last, kept=Kept(stored, 0))


def _insert(cursor: apsw.Cursor, kind: Kind, rows: Sequence[Row]) -> int:
    """Insert what is new and count it."""
    start = stored = 0
    for size, statement in kind.inserts:
        while len(rows) - start >= size:
            cursor.execute(statement, tuple(chain.from_iterable(rows[start : start + size])))
            stored += cursor.connection.changes()
            start += size
    return stored


def _compare(cursor: apsw.Cursor, kind: Kind, rows: Sequence[Row], *, last: int, kept: Kept) -> Kept:
    """Look at each row that was there already; the first of several with one identity is the one that went in."""
    fresh = set(_read(cursor, kind.query("{}s_since"), last))
    for row in rows:
        identity = kind.identity(row)
        if identity in fresh:
            fresh.remove(identity)
            kept.repaired += _repaired([row])
        elif _differs(cursor, kind, row):
            kept.conflicts.append(_variant(kind, row))
    return kept


def _differs(cursor: apsw.Cursor, kind: Kind, row: Row) -> bool:
    """Say whether a row is at odds with the one that is kept; put a span's end in the place of its beginning."""
    found = next(_read(cursor, kind.query("{}_content"), *kind.identity(row)), None)
    if found is None:
        _insist(cursor, kind, row)
    if kind.content is None or found is None or found == _as_kept(kind.content(row)):
        return False
    if kind is not KINDS[Signal.TRACES]:
        return True
    if found[_CONTENT_END] or not row[_END]:
        return not _is_stripped(found[-1])
    cursor.execute(QUERIES["new_span_id"])
    cursor.execute(QUERIES["finish_span"], row)
    return False


def _is_stripped(repaired: str | None) -> bool:
    """Say whether a row lost its texts: what is sent again with them is no other version."""
    return repaired is not None and "content" in json.loads(repaired)


def _insist(cursor: apsw.Cursor, kind: Kind, row: Row) -> None:
    """Insert a row that was ignored though its identity is unknown, so that SQLite says what is wrong with it."""
    cursor.execute(QUERIES[f"add_{kind.item}"].replace("insert or ignore", "insert", 1), row)


def _variant(kind: Kind, row: Row) -> Rejection:
    """Write down a version that is not kept; the ledger has it as a duplicate already."""
    columns = dict(zip(kind.columns, row, strict=True))
    identity = " ".join(map(str, kind.identity(row)))
    message = f"{kind.item} {identity}: another version with this identity was kept before"
    return Rejection(f"{kind.item} {identity}", "conflict", message, json.dumps(columns).encode(), items=0)


def _as_kept(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Write values the way SQLite gives them back: it has no NaN."""
    return tuple(None if value != value else value for value in values)  # noqa: PLR0124  only NaN differs from itself


def _repaired(rows: Sequence[Row]) -> int:
    """Count the rows that had to be mended; `repaired` is the last column of each kind."""
    return sum(row[-1] is not None for row in rows)


def _read(cursor: apsw.Cursor, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
    """Read all rows at once: the cursor is used again before they are looked at."""
    return iter(cursor.execute(statement, values).fetchall())


def _kind(item: str, signal: Signal, identity: Sequence[str], content: Sequence[str]) -> Kind:
    columns = COLUMNS[signal]
    inserts = tuple((size, widen(QUERIES[f"add_{item}"], rows=size)) for size in SIZES)
    compared = itemgetter(*map(columns.index, content)) if content else None
    return Kind(item, columns, itemgetter(*map(columns.index, identity)), compared, inserts)


_CONTENT = tuple(column for column in SPAN_COLUMNS if column != "received_at")
_MEASURED = ("value", "count", "sum", "data", "flags")
_TIMED = ("sort_time", "fingerprint")
_END = SPAN_COLUMNS.index("end_time_unix_nano")
_CONTENT_END = _CONTENT.index("end_time_unix_nano")

KINDS = {
    Signal.TRACES: _kind("span", Signal.TRACES, ("trace_id", "span_id"), _CONTENT),
    Signal.LOGS: _kind("log", Signal.LOGS, _TIMED, ()),
    Signal.METRICS: _kind("point", Signal.METRICS, _TIMED, _MEASURED),
}
