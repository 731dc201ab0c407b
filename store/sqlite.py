"""Keep the ledger in SQLite (`store.protocol` says what is promised).

Whatever can go wrong with the database is told as TryAgain, after making sure that no transaction is left open.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from core.errors import Misconfigured, StoreBusy, TryAgain
from schema import migrate
from schema.derived import Changes
from schema.rows import Batch, Rejection, Row
from store import books, derived, retention, tokens, tracking, troubles, violations
from store.checkpoints import Checkpoints
from store.config import Store
from store.connection import file_identity, impatient, let_go, open_writer, write_anew
from store.disk import DiskGuard, free_bytes
from store.forgetting import Forgotten, Piece
from store.inserts import insert
from store.known import Known
from store.protocol import Outcome
from store.queries import QUERIES
from tracking.commands import Command, Done
from tracking.faults import Fault

T = TypeVar("T")

KNOWN_IDS = 10_000
"""Resources and scopes that are remembered as stored, each."""

FORGET_AFTER = 500
"""Requests after which old ones are forgotten: one transaction for many is cheaper than a little in each."""


class SqliteWriteSide:
    """Write to one SQLite file, on the thread that made this."""

    def __init__(
        self, config: Store, *, guard: DiskGuard | None = None, vfs: str | None = None, exclusive: bool = False
    ) -> None:
        """Open the database, bring it to the newest shape; raise Misconfigured when it is not for us."""
        if config.path is None:
            raise Misconfigured("no database is named; set store.path")
        self._config = config
        self._guard = guard or _guard(config.path, config)
        self._connection = self._open(config.path, vfs=vfs, exclusive=exclusive)
        self._file = file_identity(config.path)
        self._cursor = self._connection.cursor()
        self._known = {"add_resource": Known(KNOWN_IDS), "add_scope": Known(KNOWN_IDS)}
        self._window_ns = int(config.replay_window * 1e9)
        self._checkpoints = Checkpoints(
            self._connection, fold_bytes=config.wal_checkpoint, truncate_bytes=config.wal_truncate
        )
        self._newest = 0
        self._to_forget = FORGET_AFTER
        self._too_many_rejections = True

    def commit(self, batches: Sequence[Batch]) -> list[Outcome | Exception]:
        """Keep the batches in one transaction; when one of them cannot be kept, each in its own."""
        self._guard.admit(sum(batch.body_bytes for batch in batches))
        self._check_there()
        try:
            return [*self._together(batches)]
        except TryAgain:
            raise
        except Exception as error:  # whatever is wrong with a batch must cost that batch alone
            if len(batches) == 1:
                return [error]
        return [self._alone(batch) for batch in batches]

    def transaction(self, work: Callable[[apsw.Cursor], T]) -> T:
        """Do other work on the tables in a transaction of its own; raise TryAgain when the database is in trouble."""
        self._forget_known()
        with self._transaction():
            return work(self._cursor)

    def apply(self, changes: Changes) -> list[int]:
        """Put and remove derived rows, all or nothing."""
        self._guard.admit()
        self._check_there()
        with self._transaction():
            counts = derived.apply(self._cursor, changes)
            if changes.told is not None:
                violations.hear(self._cursor, changes.told)
            return counts

    def hear(self, changes: Changes) -> list[Fault]:
        """Put and remove derived rows, do what records told, and give what is refused or expired for good."""
        self._guard.admit()
        self._check_there()
        with self._transaction():
            derived.apply(self._cursor, changes)
            return violations.hear(self._cursor, changes.told)

    def forget(self, piece: Piece) -> Forgotten:
        """Forget rows and keep the books, all or nothing; a full disk is no reason not to."""
        self._check_there()
        self._forget_known()
        with self._transaction():
            forgotten = retention.forget(self._cursor, piece)
        self._make_room()
        return forgotten

    def shrink(self, pages: int) -> int:
        """Give pages that hold nothing back to the disk; say how many are left."""
        with self._told():
            left = retention.shrink(self._connection, pages)
        self._make_room()
        return left

    def write_anew(self) -> None:
        """Write the whole file anew; it takes as much room again, twice."""
        wanted = 2 * self._connection.pragma("page_count") * self._connection.pragma("page_size")
        free = free_bytes(self._config.path) if self._config.path else 0
        if free < wanted:
            raise StoreBusy(f"{wanted >> 20} MiB must be free to write the database anew, and {free >> 20} MiB are")
        self._check_there()
        with self._told():
            write_anew(self._connection)

    def wipe(self) -> bool:
        """Fold the log into the file and cut it to nothing; say whether readers allowed it."""
        with self._told():
            return self._checkpoints.truncate()

    def track(self, commands: Sequence[Command]) -> list[Done | Fault]:
        """Carry out commands about the book of work, each all or nothing."""
        self._guard.admit()
        self._check_there()
        with self._transaction():
            return tracking.track(self._cursor, commands)

    def tidy(self) -> None:
        """Shorten the log, forget old requests and the oldest of too many refused items, if due."""
        with self._told():
            self._checkpoints.run()
        if self._to_forget >= FORGET_AFTER and self._newest and not self._guard.low:
            self._to_forget = 0
            before = self._newest - self._window_ns
            forgotten = self.transaction(lambda cursor: books.forget_requests(cursor, before=before))
            self._to_forget = FORGET_AFTER if forgotten == books.FORGET_ROWS else 0
        if self._too_many_rejections and not self._guard.low:
            self._too_many_rejections = self.transaction(self._forget_rejections)

    def tokens(self) -> list[dict[str, Any]]:
        """List who may come in."""
        with self._told():
            return tokens.listed(self._cursor)

    def probe(self) -> None:
        """Begin a write transaction and give it up."""
        self._guard.admit()
        self._check_there()
        with self._told(), impatient(self._connection):
            self._cursor.execute("begin immediate")
            self._cursor.execute("rollback")

    def close(self) -> None:
        """Fold the log into the database and let go of it; what cannot be folded now is folded at the next start."""
        with suppress(apsw.Error):
            self._checkpoints.truncate()
        let_go(self._connection)

    @property
    def low_on_disk(self) -> bool:
        """Say whether the disk has too little room to take anything."""
        return self._guard.low

    def _open(self, path: Path, *, vfs: str | None, exclusive: bool) -> apsw.Connection:
        connection = open_writer(
            path,
            durability=self._config.durability,
            cache_bytes=self._config.cache,
            wal_limit=self._config.wal_truncate,
            vfs=vfs,
            exclusive=exclusive,
        )
        try:
            migrate.migrate(connection)
        except BaseException as error:
            let_go(connection)
            if isinstance(error, apsw.Error):
                raise Misconfigured(f"cannot bring {path} to the newest shape: {error}; nothing was changed") from error
            raise
        return connection

    def _make_room(self) -> None:
        """While the disk is full, give it what the log takes at once."""
        if self._guard.low:
            with self._told():
                self._checkpoints.truncate()

    def _check_there(self) -> None:
        """Take nothing into a file that was removed or replaced: nobody would ever find it (reliability.md row 89)."""
        if self._file is not None and file_identity(self._config.path) != self._file:
            raise StoreBusy(f"{self._config.path} was removed or replaced while in use; restart the daemon")

    def _together(self, batches: Sequence[Batch]) -> list[Outcome]:
        with self._transaction():
            return [self._keep(batch) for batch in batches]

    def _alone(self, batch: Batch) -> Outcome | Exception:
        try:
            return self._together([batch])[0]
        except Exception as error:  # it goes to the sender of this batch
            return error

    def _keep(self, batch: Batch) -> Outcome:
        """Write one batch inside the transaction."""
        outcome = books.replay(self._cursor, batch, window_ns=self._window_ns)
        conflicts: list[Rejection] = []
        if outcome is None:
            self._introduce("add_resource", batch.resources)
            self._introduce("add_scope", batch.scopes)
            kept = insert(self._cursor, batch.signal, batch.rows)
            conflicts, duplicate = kept.conflicts, len(batch.rows) - kept.stored
            outcome = Outcome(kept.stored, duplicate, batch.rejected, kept.repaired, len(conflicts))
        books.enter(self._cursor, batch, outcome, conflicts)
        if batch.rejections or batch.violations or conflicts:
            self._too_many_rejections = self._forget_rejections(self._cursor)
        self._newest = batch.received_at
        self._to_forget += 1
        return outcome

    def _introduce(self, statement: str, rows: Mapping[int, Row]) -> None:
        """Keep the resources or scopes that were not seen before."""
        for row in self._known[statement].missing(rows):
            self._cursor.execute(QUERIES[statement], row)

    def _forget_rejections(self, cursor: apsw.Cursor) -> bool:
        config = self._config
        return books.forget_rejections(cursor, kept=config.rejections_kept, size=config.rejection_bytes)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._told():
            try:
                self._cursor.execute("begin immediate")
                yield
                self._cursor.execute("commit")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Leave no transaction open; SQLite has rolled some errors back already."""
        self._forget_known()
        if self._connection.in_transaction:
            self._cursor.execute("rollback")

    def _forget_known(self) -> None:
        """Hold no resource or scope for stored: it may have been rolled back or deleted."""
        for known in self._known.values():
            known.clear()

    def _told(self) -> AbstractContextManager[None]:
        return troubles.writing(filled=self._guard.filled)


def _guard(path: Path, config: Store) -> DiskGuard:
    return DiskGuard(
        path, min_free=config.min_free_disk, min_free_percent=config.min_free_percent, reserve=config.reserve
    )
