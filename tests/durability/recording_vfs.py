"""Watch SQLite write: every write, sync, truncation and deletion is logged, and may be made to fail.

A VFS in Python has no shared memory, so connections need `locking_mode=exclusive`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

import apsw

Kind = Literal["write", "sync", "truncate", "delete", "ack"]
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Operation:
    """Hold one operation on the file with this suffix: '' is the database, '-wal' the log."""

    kind: Kind
    suffix: str = ""
    offset: int = 0
    data: bytes = b""


Watcher = Callable[[Operation], None]
"""Told of each operation before it happens; what it raises happens instead."""


class WatchedFile(apsw.VFSFile):
    """Tell of what is done to one file."""

    def __init__(self, name: Any, flags: list[int], suffix: str, watch: Watcher) -> None:
        super().__init__("", name, flags)
        self._suffix = suffix
        self._watch = watch

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write."""
        self._watch(Operation("write", self._suffix, offset, bytes(data)))
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        """Count as durable without waiting for a disk: what would be lost is worked out from the log."""
        del flags
        self._watch(Operation("sync", self._suffix))

    def xTruncate(self, newsize: int) -> None:
        """Cut off."""
        self._watch(Operation("truncate", self._suffix, newsize))
        super().xTruncate(newsize)


class WatchedVfs(apsw.VFS):
    """Pass everything on to the system's VFS and tell of it."""

    def __init__(self, name: str, database: Path, watch: Watcher) -> None:
        super().__init__(name, "")
        self._database = str(database)
        self._watch = watch

    def xOpen(self, name: Any, flags: list[int]) -> WatchedFile:
        """Open a file that is watched."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return WatchedFile(name, flags, (path or "temp").removeprefix(self._database), self._watch)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Delete, and hold it for durable at once."""
        self._watch(Operation("delete", filename.removeprefix(self._database)))
        super().xDelete(filename, syncdir)


@contextmanager
def watched(database: Path, watch: Watcher) -> Iterator[str]:
    """Give the name of a VFS that tells what happens to one database."""
    name = f"watched-{next(_numbers)}"
    vfs = WatchedVfs(name, database, watch)
    try:
        yield name
    finally:
        vfs.unregister()
