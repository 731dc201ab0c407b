"""Copy a database while it is written to, check that a copy is sound, and put one in a database's place.

A copy is of one moment: it is made in one read transaction, during which the log cannot be folded and grows.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import apsw

from core.errors import Misconfigured
from schema import migrate
from schema.derived import Row
from store.connection import let_go, open_reader, open_writer
from store.files import sync, whole
from store.queries import load
from store.search_index import remove_index

LOOK_S: Final = 0.2
STEP_PAGES: Final = 1_000
MOST_FAULTS: Final = 10
SOUND: Final = ["ok"]
QUERIES: Final = load((Path(__file__).parent / "backup.sql").read_text())
Seen = Callable[[int, int], None]
"""Hears how many bytes of how many are written."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Say what a copy holds."""

    path: Path
    bytes: int
    items: dict[str, int]
    version: int


def back_up(database: Path, target: Path, seen: Seen = lambda _done, _total: None) -> Copy:
    """Copy a database to a file, which appears when it has been checked; raise Misconfigured when that does not work.

    What was at the target is replaced. The database may be written to all the while.
    """
    try:
        with whole(target) as part:
            with _reader(database) as source:
                source.pragma("query_only", 0)  # the connection cannot write all the same
                total = (source.pragma("page_count") - source.pragma("freelist_count")) * source.pragma("page_size")
                _copy(source, part, lambda done: seen(done, total))
            copy = check(part)
    except (apsw.Error, OSError) as error:
        raise Misconfigured(f"{target} cannot be written: {error}; choose another place") from error
    return Copy(target, copy.bytes, copy.items, copy.version)


def check(path: Path) -> Copy:
    """Read a whole database; raise Misconfigured that says what is wrong with it. The books of an older one are not."""
    with _reader(path) as connection:
        try:
            faults = [line for (line,) in connection.execute(f"pragma integrity_check({MOST_FAULTS})")]
            if faults != SOUND:
                raise Misconfigured(f"{path} is damaged: {'; '.join(faults[:3])}")
            version = connection.pragma("user_version")
            rows = connection.execute(QUERIES["balance"]).fetchall() if version == len(migrate.steps()) else []
            return Copy(path, path.stat().st_size, _items(path, rows), version)
        except apsw.Error as error:
            raise Misconfigured(f"{path} is damaged: {error}") from error


def restore(backup: Path, database: Path, seen: Seen = lambda _done, _total: None) -> Path | None:
    """Put a copy of a backup in a database's place; give where what was there is now.

    The caller holds the database's lock. Raise Misconfigured, and change nothing, when the backup is not sound, not
    ours, or of a newer version.
    """
    check(backup)
    try:
        with whole(database) as part:
            with _reader(backup) as source:
                _step(source, part, seen)
            _upgrade(part)
            check(part)
            aside = _set_aside(database) if database.exists() else None
            remove_index(database)
    except (apsw.Error, OSError) as error:
        raise Misconfigured(f"{database} cannot be replaced: {error}; it is as it was") from error
    return aside


def _copy(source: apsw.Connection, part: Path, seen: Callable[[int], None]) -> None:
    """Write a copy in one statement, and say now and then how far it is."""
    with ThreadPoolExecutor(1, "backup") as threads:
        done = threads.submit(lambda: source.execute("vacuum into ?", (str(part),)).fetchall())
        try:
            while not wait((done,), timeout=LOOK_S).done:
                seen(part.stat().st_size)
        except BaseException:
            source.interrupt()
            raise
        done.result()


def _step(source: apsw.Connection, part: Path, seen: Seen) -> None:
    """Copy page by page: nobody writes to a backup."""
    target = apsw.Connection(str(part))
    try:
        page = source.pragma("page_size")
        with target.backup("main", source, "main") as going:
            while not going.done:
                going.step(STEP_PAGES)
                seen((going.page_count - going.remaining) * page, going.page_count * page)
    finally:
        let_go(target)


def _upgrade(part: Path) -> None:
    """Bring a copy to the newest shape before it takes anything's place."""
    connection = open_writer(part)
    try:
        migrate.migrate(connection)
    finally:
        let_go(connection)


def _set_aside(database: Path) -> Path:
    """Give a database a second name, its log folded into it; the first is free to be replaced."""
    with suppress(Misconfigured):  # a damaged one is kept as it is
        let_go(open_writer(database))
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = database.with_name(f"{database.name}.before-{stamp}")
    os.link(database, aside)
    for ending in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            database.with_name(database.name + ending).rename(aside.with_name(aside.name + ending))
    sync(database.parent)
    return aside


def _items(path: Path, rows: list[Row]) -> dict[str, int]:
    """Give the items that are kept, or raise Misconfigured when the books do not add up."""
    kept = {}
    for signal, stored, there, forgotten in rows:
        if stored != there + forgotten:
            raise Misconfigured(f"{path}: of {stored} {signal} stored {there} are there and {forgotten} were forgotten")
        kept[signal] = there
    return kept


@contextmanager
def _reader(path: Path) -> Iterator[apsw.Connection]:
    connection = open_reader(path)
    try:
        yield connection
    finally:
        let_go(connection)
