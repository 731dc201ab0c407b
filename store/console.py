"""Run the statements that people and agents write: each reads what is described, within bounds, and nothing else.

Every statement has a connection of its own, and lets go of the database when it is over:
a reader that lingers keeps the write-ahead log from being shortened.
"""

import time
from collections.abc import Callable, Collection, Generator
from pathlib import Path
from typing import Any, Final

import apsw

from core.errors import Forbidden, Refused, TooLong
from store import troubles
from store.connection import let_go, open_reader

DEADLINE_S: Final = 10.0
STEPS: Final = 10_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""
MAX_MEMORY: Final = 256 << 20
"""Bytes by which SQLite's memory may grow while a statement runs."""
LIMITS: Final = {
    apsw.SQLITE_LIMIT_LENGTH: 20 << 20,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0,
}
FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "randomblob", "zeroblob"})
MADE: Final = frozenset({"json_each", "json_tree", "generate_series"})
"""Tables that SQLite makes of values."""
PRAGMAS: Final = frozenset({"table_info", "table_xinfo", "index_list"})
"""What may be asked of a table that may be read."""

Row = tuple[Any, ...]


class SqliteConsole:
    """Run one statement on one SQLite file, in the thread that made this."""

    def __init__(self, path: Path, tables: Collection[str], *, deadline_s: float = DEADLINE_S) -> None:
        """Open the database, of which these tables may be read; raise Misconfigured when there is none of ours."""
        self._tables = tables
        self._connection = open_reader(path)
        self._deadline_s = deadline_s
        self._until = time.monotonic() + deadline_s
        self._memory = apsw.memory_used()
        self._problem: Refused | None = None
        self._is_stopped = False
        self._there = {name.lower() for (name,) in self._connection.execute("select name from sqlite_schema")}
        for limit, value in LIMITS.items():
            self._connection.limit(limit, value)
        self._connection.authorizer = self._authorize
        self._connection.set_progress_handler(self._passed, STEPS)

    def rows(self, sql: str) -> Generator[Row, None, None]:
        """Give the names of the columns, and then the rows.

        Raise Refused with what is wrong and where, Forbidden for what is not open, TooLong at the deadline.
        """
        cursor = self._connection.cursor()
        names: list[Row] = []
        cursor.exec_trace = _one(names)
        try:
            with troubles.reading(deadline_s=self._deadline_s):
                found = cursor.execute(sql)
                yield _named(names)
                yield from found
        except Refused as error:
            raise self._told(error, sql) from error.__cause__
        finally:
            cursor.close(True)

    def interrupt(self) -> None:
        """Stop the statement, from any thread."""
        self._is_stopped = True
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of the database."""
        let_go(self._connection)

    def _told(self, error: Refused, sql: str) -> Refused:
        """Say what was noted while it ran, or where in the statement the mistake is."""
        if isinstance(error, TooLong) and self._is_stopped:
            return Refused("the statement was stopped: nobody waits for its answer")
        if self._problem is not None:
            return self._problem
        if isinstance(error.__cause__, apsw.ExecTraceAbort):
            return Refused("there are several statements; write one select")
        offset = getattr(error.__cause__, "error_offset", -1)
        return placed(error, sql, offset) if offset >= 0 else error

    def _passed(self) -> bool:
        if apsw.memory_used() - self._memory > MAX_MEMORY:
            self._problem = TooLong(f"the query takes more than {MAX_MEMORY >> 20} MiB; sort or group less")
            return True
        return self._is_stopped or time.monotonic() > self._until

    def _authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        allowed, what = self._judged(action, first or "", second or "")
        if not allowed:
            self._problem = self._problem or Forbidden(f"{what}; write one select of the tables in /api/v1/schema")
        return apsw.SQLITE_OK if allowed else apsw.SQLITE_DENY

    def _judged(self, action: int, first: str, second: str) -> tuple[bool, str]:
        """Say whether a statement may do something, and what it would be told if not."""
        if action in {apsw.SQLITE_SELECT, apsw.SQLITE_RECURSIVE}:
            return True, ""
        if action == apsw.SQLITE_READ:
            return self._is_open(first.lower(), second), f"there is no table {first!r} to read"
        if action == apsw.SQLITE_FUNCTION:
            return second not in FUNCTIONS, f"the function {second} cannot be used here"
        if action == apsw.SQLITE_PRAGMA:
            return first in PRAGMAS and second in self._tables, f"pragma {first} cannot be used here"
        return False, "only reading is allowed"

    def _is_open(self, table: str, column: str) -> bool:
        """Say whether a table may be read; a statement's own one is named when none of its columns is."""
        if table in self._tables or table in MADE or table.removeprefix("pragma_") in PRAGMAS:
            return True
        return not column and table not in self._there and not table.startswith("sqlite_")


def placed(error: Refused, sql: str, offset: int) -> Refused:
    """Add the place of a mistake; `offset` counts bytes of UTF-8."""
    before = sql.encode()[:offset].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    place = {"position": len(before), "line": line, "column": column}
    return type(error)(f"{error} (line {line}, column {column})", told=place)


def _named(names: list[Row]) -> Row:
    if not names or not names[0]:
        raise Refused("there is no statement; write one select")
    return names[0]


def _one(names: list[Row]) -> Callable[[apsw.Cursor, str, object], bool]:
    """Note the columns' names of the first statement, and run no second one."""

    def trace(cursor: apsw.Cursor, _sql: str, _values: object) -> bool:
        names.append(tuple(column[0] for column in cursor.get_description()))
        return len(names) == 1

    return trace
