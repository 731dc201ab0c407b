"""Hand connections of the standard library's SQLite to programs, and keep our own SQLite away from them.

Two copies of SQLite in one process undo each other's locks on a file: closing it in one gives up the locks of the other
(SQLite, "How To Corrupt An Otherwise Uncorruptable File", 2.2.1). So while a program has such a connection open,
this process reads through the same library, and writes in a process of its own.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from weakref import WeakSet

from store.reports import question

GATE: Final = threading.RLock()
"""Held while a file is opened, used or closed by one of the two."""
_open: Final["WeakSet[Connection]"] = WeakSet()


class Connection(sqlite3.Connection):
    """Be a connection that is known for as long as it is open."""

    def close(self) -> None:
        """Close it, and let our own SQLite have the file again."""
        with GATE:
            super().close()
            _open.discard(self)


def connect(path: Path) -> Connection:
    """Open a connection that cannot write; rows are `sqlite3.Row`."""
    with GATE:
        address = f"file:{quote(str(path))}?mode=ro"
        connection = sqlite3.connect(address, uri=True, factory=Connection)
        connection.row_factory = sqlite3.Row
        _open.add(connection)
    return connection


def are_open() -> bool:
    """Say whether a program has connections open."""
    return bool(_open)


class Side:
    """Answer reports through the standard library's SQLite."""

    def __init__(self, path: Path) -> None:
        """Open the database."""
        self._connection = connect(path)

    def report(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Answer a question of the reports, as every read side does."""
        return [dict(row) for row in self._connection.execute(*question(name, values))]

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
