"""Keep the index of texts: a file beside the database, `<db>-search`, that can be deleted at any time and is made anew.

It is written by one process and read by many. What it holds is never answered from alone: texts are in the database.
A power cut may take its last seconds, never its sense: words, documents and how far it is change together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from core.errors import StoreBusy
from search.documents import Document
from store import troubles
from store.connection import PATIENCE_MS, let_go, make_private, write_anew
from store.disk import DiskGuard
from store.queries import load

STATEMENTS: Final = load((Path(__file__).parent / "search_index.sql").read_text())
SHAPE: Final = 3
"""A file of another shape is made anew; so it must be when words are cut in another way."""
TOKENIZER: Final = ("unicode61", ("remove_diacritics", "2"))
"""How search_index.sql has text cut into words."""
BITS: Final = 12
"""So many bits of a document's number tell documents of one second apart; with more in it, it runs into the next."""
CACHE_KIB: Final = 16 << 10
HASH_BYTES: Final = 8 << 20
LOG_BYTES: Final = 16 << 20
MERGE_PAGES: Final = 500
PAGE_BYTES: Final = 8192


def index_path(database: Path) -> Path:
    """Say where the index of a database is."""
    return database.with_name(database.name + "-search")


def remove_index(database: Path) -> None:
    """Delete the index of a database; its next keeper makes a new one."""
    path = index_path(database)
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def check_shape(connection: apsw.Connection) -> None:
    """Raise when an index is of another version of this program."""
    shape = connection.pragma("user_version")
    if shape != SHAPE:
        raise apsw.SchemaChangeError(f"the index has shape {shape}, and {SHAPE} is wanted")


class Spoiled(Exception):
    """Say that an index cannot be read any more; another can be made from the database."""


class SearchIndex:
    """Write to the index of one database; one at a time may. Every method may raise TryAgain, and Spoiled."""

    def __init__(self, database: Path, *, min_free: int = 0, min_free_percent: float = 0.0) -> None:
        """Open the index, making a new one when there is none that can be used; leave so much of the disk free."""
        self._path = index_path(database)
        self._guard = DiskGuard(self._path, min_free=min_free, min_free_percent=min_free_percent)
        try:
            self._connection = self._open()
        except apsw.Error:
            remove_index(database)
            self._connection = self._open()
        self._cursor = self._connection.cursor()

    def about(self) -> dict[str, int]:
        """Say how far the index is, by names that its keeper gave."""
        told: list[Any] = self._cursor.execute(STATEMENTS["about"]).fetchall()
        return dict(told)

    def put(self, documents: Sequence[Document], gone: Sequence[int], about: Mapping[str, int]) -> int:
        """Index documents, known ones anew, forget those whose digests are gone, and write down how far that is.

        Count those that were known: their former words stay in the file until pieces are merged.
        """
        self._guard.admit()
        with self._told(), self._connection:
            known = self._numbers([*(document.digest for document in documents), *gone])
            self._remove(known.values())
            self._add(documents)
            self._tell(about)
        return len(known)

    def clear(self, about: Mapping[str, int]) -> None:
        """Forget everything."""
        with self._told(), self._connection:
            for name in ("clear_words", "clear_documents", "clear_about"):
                self._cursor.execute(STATEMENTS[name])
            self._tell(about)

    def settle(self) -> bool:
        """Fold the log into the file, and say whether all that was put is there for good; readers may be in the way."""
        with self._told():
            logged, folded = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if self.log_bytes() > LOG_BYTES:
                with suppress(apsw.BusyError):
                    self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        return bool(logged == folded)

    def wipe(self) -> bool:
        """Write the file anew and cut the log to nothing; say whether readers allow it."""
        with self._told():
            write_anew(self._connection)
            try:
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                return False
        return True

    def log_bytes(self) -> int:
        """Give the size of what `settle` would fold."""
        try:
            return self._path.with_name(self._path.name + "-wal").stat().st_size
        except OSError:
            return 0

    def merge(self, *, anew: bool) -> bool:
        """Bring a bounded number of scattered pieces together; say whether there may be more to do.

        Words of forgotten documents stay in the file until the pieces that hold them are merged:
        to begin `anew` takes up all pieces.
        """
        self._guard.admit()
        before = self._connection.total_changes()
        with self._told():
            self._cursor.execute(STATEMENTS["merge"], (-MERGE_PAGES if anew else MERGE_PAGES,))
        return self._connection.total_changes() - before > 1

    def shrink(self) -> None:
        """Give room that nothing needs back to the disk, and with it what stood there."""
        with self._told():
            for _ in self._cursor.execute("pragma incremental_vacuum"):
                pass

    def close(self) -> None:
        """Let go of the file."""
        self.settle()
        let_go(self._connection)

    def _open(self) -> apsw.Connection:
        make_private(self._path)
        connection = apsw.Connection(str(self._path))
        try:
            self._prepare(connection)
        except BaseException:
            let_go(connection)
            raise
        return connection

    def _prepare(self, connection: apsw.Connection) -> None:
        connection.set_busy_timeout(PATIENCE_MS)
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("auto_vacuum", "incremental")
        connection.pragma("journal_mode", "wal")
        settings = {"synchronous": "normal", "wal_autocheckpoint": 0, "cache_size": -CACHE_KIB, "secure_delete": "fast"}
        for name, value in settings.items():
            connection.pragma(name, value)
        if connection.pragma("user_version"):
            check_shape(connection)
        else:
            with connection:
                for name in ("make_about", "make_documents", "make_words", "make_vocabulary", "make_terms"):
                    connection.execute(STATEMENTS[name])
                connection.pragma("user_version", SHAPE)
        connection.execute(STATEMENTS["set_hash_bytes"], (HASH_BYTES,))

    def _numbers(self, digests: Sequence[int]) -> dict[int, int]:
        found: list[Any] = self._cursor.execute(STATEMENTS["find"], (orjson.dumps(digests).decode(),)).fetchall()
        return dict(found)

    def _remove(self, numbers: Iterable[int]) -> None:
        told = [(number,) for number in numbers]
        self._cursor.executemany(STATEMENTS["remove_words"], told)
        self._cursor.executemany(STATEMENTS["remove_document"], told)

    def _add(self, documents: Sequence[Document]) -> None:
        """Add documents in the order of their numbers: the words of each that goes back are written apart."""
        numbered: list[tuple[int, Document]] = []
        number = -1
        for one in sorted(documents, key=attrgetter("second")):
            number = self._free(max(number + 1, one.second << BITS))
            numbered.append((number, one))
        rows = [(number, one.digest, one.source, one.key) for number, one in numbered]
        self._cursor.executemany(STATEMENTS["add_document"], rows)
        self._cursor.executemany(STATEMENTS["add_words"], [(number, one.text, one.labels) for number, one in numbered])

    def _free(self, number: int) -> int:
        """Give a number from here on that no document has; where a second begins, those that have one are passed by."""
        while number % (1 << BITS) == 0 and (last := self._highest(number)) is not None:
            number = last + 1
        return number

    def _highest(self, first: int) -> int | None:
        rows: list[Any] = self._cursor.execute(STATEMENTS["last_number"], (first, first + (1 << BITS))).fetchall()
        number: int | None = rows[0][0]
        return number

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with troubles.writing(filled=self._guard.filled):
                yield
        except StoreBusy as error:
            if isinstance(error.__cause__, apsw.CorruptError | apsw.NotADBError):
                raise Spoiled(str(error)) from error
            raise

    def _tell(self, about: Mapping[str, int]) -> None:
        self._cursor.executemany(STATEMENTS["set_about"], about.items())
