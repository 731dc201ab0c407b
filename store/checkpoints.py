"""Keep the write-ahead log small: fold it into the database between commits, on the writer's own connection.

Checkpoints from another thread let the log grow without bound while the writer is busy (reliability.md 5.9).
"""

import time
from collections.abc import Callable

import apsw

from store.connection import PATIENCE_MS, impatient

FRAME_HEADER = 24
WAITS_EVERY_S = 5.0
"""Readers who were waited for in vain are waited for again so late: those who send wait meanwhile."""
BRIEFLY_MS = 100
"""Each time that the log is twice as long they are waited for so long: those who read a page are done by then."""


class Checkpoints:
    """Watch the log's length after each commit and shorten it when it is due.

    A log that readers hold is tried again after it has grown by another quarter of what makes it due. Readers who
    read a page are waited for; those who stay, now and then.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        *,
        fold_bytes: int,
        truncate_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        frame = connection.pragma("page_size") + FRAME_HEADER
        self._connection = connection
        self._fold = self._fold_due = max(1, fold_bytes // frame)
        self._truncate = self._truncate_due = max(1, truncate_bytes // frame)
        self._clock = clock
        self._waits_from, self._waits_at = 0.0, 0
        self.frames = 0
        connection.set_wal_hook(self._grown)

    def run(self) -> None:
        """Fold or truncate the log if it is due."""
        if self.frames >= self._truncate_due:
            self._truncate_due = self.frames + self._truncate // 4
            self._truncate_patiently()
        elif self.frames >= self._fold_due:
            self._fold_due = self.frames + self._fold // 4
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def truncate(self, *, wait_ms: int = PATIENCE_MS) -> bool:
        """Fold the whole log and cut it to nothing; say whether readers allowed it."""
        try:
            with impatient(self._connection, wait_ms):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            return False
        self._restarted(0)
        return True

    def _truncate_patiently(self) -> None:
        """Wait for readers, unless this was in vain just now."""
        now = self._clock()
        wait_ms = PATIENCE_MS if now >= self._waits_from else BRIEFLY_MS if self.frames >= self._waits_at else 0
        if self.truncate(wait_ms=wait_ms) or not wait_ms:
            return
        self._waits_at = 2 * self.frames
        if wait_ms == PATIENCE_MS:
            self._waits_from = now + WAITS_EVERY_S

    def _grown(self, _connection: apsw.Connection, _name: str, frames: int) -> int:
        if frames < self.frames:
            self._restarted(frames)
        self.frames = frames
        return apsw.SQLITE_OK

    def _restarted(self, frames: int) -> None:
        """Note that the log begins anew, after it was folded as a whole."""
        self.frames = frames
        self._fold_due, self._truncate_due = self._fold, self._truncate
        self._waits_from = 0.0
