"""Open connections to the database: every setting, in one place.

The writer's connection is durable and private; a reader's cannot write, and gives up at its deadline.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import apsw

from core.errors import Misconfigured
from schema import migrate

MIN_SQLITE = (3, 51, 3)
"""Earlier versions can corrupt a database that two connections write and checkpoint at once."""

STATEMENTS = 500
"""Prepared statements that a connection keeps: to prepare one that writes eight rows takes up to half a millisecond."""
OPEN_BUSY_MS = 5_000
WRITER_BUSY_MS = 1_200
"""A commit waits so long for another program that writes; senders wait as well, and must hear within five seconds."""
PATIENCE_MS = 250
"""Upkeep waits so long, and comes again later."""
READER_BUSY_MS = 2_000
PROGRESS_STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""

Durability = Literal["full", "relaxed"]
SYNCHRONOUS: Mapping[Durability, str] = {"full": "full", "relaxed": "normal"}

_SWITCHES = (
    (apsw.SQLITE_DBCONFIG_DEFENSIVE, 1),
    (apsw.SQLITE_DBCONFIG_DQS_DML, 0),
    (apsw.SQLITE_DBCONFIG_DQS_DDL, 0),
    (apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
)
_CAREFUL: Mapping[str, str | int] = {"cell_size_check": 1, "mmap_size": 0, "temp_store": "memory", "foreign_keys": 1}


def count_no_memory() -> None:
    """Have SQLite keep no account of the memory it takes, which is a fifteenth of a writer's work.

    Only before a process has any connection, and not where a statement's memory is bounded (store.console).
    """
    apsw.shutdown()
    apsw.config(apsw.SQLITE_CONFIG_MEMSTATUS, False)
    apsw.initialize()


def open_writer(  # noqa: PLR0913  one for each setting
    path: Path,
    *,
    durability: Durability = "full",
    cache_bytes: int = 32 << 20,
    wal_limit: int = 64 << 20,
    vfs: str | None = None,
    exclusive: bool = False,
) -> apsw.Connection:
    """Open the one connection that writes, making the file when there is none.

    `exclusive` keeps readers out; it is for a `vfs` that has no shared memory.
    Raise Misconfigured when the file is not ours or cannot be written.
    """
    check_sqlite(apsw.sqlite_lib_version())
    with _opened(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, vfs) as connection:
        connection.set_busy_timeout(OPEN_BUSY_MS)
        migrate.prepare(connection)
        if exclusive:
            connection.pragma("locking_mode", "exclusive")
        _use_wal(connection, path)
        settings: dict[str, str | int] = {
            "synchronous": SYNCHRONOUS[durability],
            "wal_autocheckpoint": 0,
            "journal_size_limit": wal_limit,
        }
        _apply(connection, {**_CAREFUL, **settings, "cache_size": -(cache_bytes >> 10)})
        connection.set_busy_timeout(WRITER_BUSY_MS)
    return connection


def open_reader(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open a connection that cannot write; raise Misconfigured when there is no database of ours."""
    check_sqlite(apsw.sqlite_lib_version())
    with _opened(path, apsw.SQLITE_OPEN_READONLY, vfs) as connection:
        connection.set_busy_timeout(READER_BUSY_MS)
        _apply(connection, {**_CAREFUL, "query_only": 1})
        if not migrate.check(connection):
            raise Misconfigured(f"{path} is empty; run `spanledger serve` to fill it")
    return connection


def check_sqlite(version: str) -> None:
    """Refuse an SQLite that is known to lose data."""
    if tuple(map(int, version.split("."))) < MIN_SQLITE:
        wanted = ".".join(map(str, MIN_SQLITE))
        raise Misconfigured(f"SQLite {version} can corrupt databases, {wanted} is needed; upgrade apsw")


def file_identity(path: Path | None) -> tuple[int, int] | None:
    """Give what tells a file from another of its name; None when there is none."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def file_bytes(path: Path) -> int:
    """Say how large a file is; 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class Deadline:
    """Stop statements of a connection that run for too long; they raise `apsw.InterruptError`."""

    def __init__(
        self, connection: apsw.Connection, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._until = clock() + seconds
        connection.set_progress_handler(self._passed, PROGRESS_STEPS)

    def restart(self) -> None:
        """Give the statements from here on the whole time."""
        self._until = self._clock() + self.seconds

    def _passed(self) -> bool:
        return self._clock() > self._until


@contextmanager
def _opened(path: Path, flags: int, vfs: str | None) -> Iterator[apsw.Connection]:
    """Open and set up a connection; close it and say what to do when that fails."""
    connection = None
    try:
        if flags & apsw.SQLITE_OPEN_CREATE:
            make_private(path)
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=STATEMENTS)
        for switch, value in _SWITCHES:
            connection.config(switch, value)
        yield connection
    except BaseException as error:
        if connection is not None:
            let_go(connection)
        if isinstance(error, apsw.CorruptError):
            what = "restore a backup with `spanledger restore FILE`, or move it away to begin a new one"
            raise Misconfigured(f"the database {path} is damaged: {error}; {what}") from error
        if isinstance(error, apsw.Error | OSError):
            raise Misconfigured(f"cannot open the database {path}: {error}; check the path and its owner") from error
        raise


@contextmanager
def impatient(connection: apsw.Connection, wait_ms: int = PATIENCE_MS) -> Iterator[None]:
    """Let the writer's connection wait for others only shortly, for the length of a block."""
    connection.set_busy_timeout(wait_ms)
    try:
        yield
    finally:
        connection.set_busy_timeout(WRITER_BUSY_MS)


def write_anew(connection: apsw.Connection) -> None:
    """Write the whole file anew, by way of a temporary one: pages keep stale copies of rows that were moved or deleted.

    Deleting with zeroes leaves those: a page that is split keeps what went to the other one.
    """
    connection.pragma("temp_store", "file")  # it would be all in memory otherwise
    try:
        connection.execute("vacuum")
    finally:
        connection.pragma("temp_store", _CAREFUL["temp_store"])


def let_go(connection: apsw.Connection) -> None:
    """Close a connection whatever state it is in; a log that is left is folded at the next start."""
    with suppress(apsw.Error):
        connection.close(force=True)


def make_private(path: Path) -> None:
    """Make the file and its folder for the owner alone; what is there keeps its permissions."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _use_wal(connection: apsw.Connection, path: Path) -> None:
    mode = connection.pragma("journal_mode", "wal")
    if mode != "wal":
        raise Misconfigured(f"{path} cannot have a write-ahead log (it has '{mode}'); put it on a local disk")


def _apply(connection: apsw.Connection, settings: Mapping[str, str | int]) -> None:
    for name, value in settings.items():
        connection.pragma(name, value)
