"""Look whether a database is whole, and put one that is not out of the way.

The look is bounded: what it does not reach in its time it says nothing of (`spanledger doctor --integrity` reads all).
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import apsw

from store.connection import Deadline, file_bytes, let_go
from store.files import sync
from store.forgetting import Looked
from store.queries import QUERIES
from store.search_index import remove_index
from store.tokens import COLUMNS

MOST_FAULTS: Final = 3
SOUND: Final = ["ok"]
LONGEST_LOG: Final = 32 << 20
"""A longer log takes its time to be read, here and again by who opens the database for good: it is not looked at."""
ENDINGS: Final = ("-wal", "-shm", "")
"""The log goes first: a database whose log is gone is an older one, a log without its database is nothing."""


def fault_in(path: Path, *, seconds: float) -> str:
    """Say what is wrong with a database, as far as a look of so many seconds finds it; empty when nothing is."""
    if not file_bytes(path) or file_bytes(path.with_name(path.name + "-wal")) > LONGEST_LOG:
        return ""
    connection = _opened(path)
    Deadline(connection, seconds=seconds)
    try:
        faults = [line for (line,) in connection.execute(f"pragma quick_check({MOST_FAULTS})")]
    except apsw.CorruptError as error:
        return str(error)
    except apsw.Error:  # it took too long, or is none of ours: who opens it for good will say so
        return ""
    finally:
        let_go(connection)
    return "" if faults == SOUND else "; ".join(line for fault in faults for line in fault.splitlines())


def look_through(connection: apsw.Connection, *, seconds: float, stopped: Callable[[], bool]) -> Looked:
    """Compare each table with its indexes, in a read of its own of so many seconds at most, until that is stopped."""
    found, deadline = Looked([], []), Deadline(connection, seconds=seconds)
    try:
        for (table,) in connection.execute(QUERIES["tables"]).fetchall():
            if stopped():
                break
            deadline.restart()
            _look_at(connection, str(table), found)
    finally:
        connection.set_progress_handler(None)
    return found


def _look_at(connection: apsw.Connection, table: str, found: Looked) -> None:
    try:
        faults = [str(line) for (line,) in connection.execute(QUERIES["faults"], (table, MOST_FAULTS))]
    except apsw.InterruptError:
        found.unread.append(table)
    except apsw.CorruptError as error:
        found.faults.append(f"{table}: {error}")
    else:
        found.faults.extend(f"{table}: {line}" for line in faults if line not in SOUND)


def tokens_in(path: Path) -> list[dict[str, Any]] | None:
    """Read who may come in from a damaged database; None when that cannot be read."""
    connection = _opened(path)
    try:
        return [dict(zip(COLUMNS, row, strict=True)) for row in connection.execute(QUERIES["tokens"])]
    except apsw.Error:
        return None
    finally:
        let_go(connection)


def _opened(path: Path) -> apsw.Connection:
    """Open a database with what its log holds, which is left as it is."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def put_aside(path: Path, *, now: float) -> Path:
    """Give a database and its log other names beside the old ones; its index of texts is deleted. Give the new name."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for ending in ENDINGS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    remove_index(path)
    sync(path.parent)
    return aside


def put_aside_before(path: Path) -> list[Path]:
    """List the damaged databases that were put aside, and are still there."""
    return sorted(one for one in path.parent.glob(f"{path.name}.corrupt-*") if not one.name.endswith(("-wal", "-shm")))
