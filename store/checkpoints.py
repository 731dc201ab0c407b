"""Keep the write-ahead log small: fold most of it beside the writer, and the rest between two commits.

Checkpoints from another thread alone let the log grow without bound while the writer is busy (reliability.md 5.9): it
begins anew only when all of it is folded. So what was added meanwhile, which is little, is folded on the writer's own
connection.
"""

import time
from collections.abc import Callable
from typing import Final

import apsw

from store.connection import PATIENCE_MS, impatient
from store.folding import Folding

FRAME_HEADER = 24
WAITS_EVERY_S = 5.0
"""Readers who were waited for in vain are waited for again so late: those who send wait meanwhile."""
BRIEFLY_MS = 100
"""Each time that the log is twice as long they are waited for so long: those who read a page are done by then."""
PASSES: Final = 3
"""A log is folded beside the writer at most so many times: each leaves about a third of what it took."""
REST: Final = 8
"""What is less than this part of what makes it due is folded by the writer."""


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
        beside: Folding | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch a connection's log; without somebody to fold it `beside`, the writer folds all of it."""
        frame = connection.pragma("page_size") + FRAME_HEADER
        self._connection = connection
        self._fold = self._fold_due = max(1, fold_bytes // frame)
        self._truncate = self._truncate_due = max(1, truncate_bytes // frame)
        self._beside, self._passes = beside, 0
        self._clock = clock
        self._waits_from, self._waits_at = 0.0, 0
        self.frames = 0
        connection.set_wal_hook(self._grown)

    def run(self) -> None:
        """Fold or truncate the log if it is due."""
        if self.frames >= self._truncate_due:
            self._truncate_due = self.frames + self._truncate // 4
            self._truncate_patiently()
        elif self.frames >= self._fold_due and not (self._beside and self._beside.busy):
            self._fold_on()

    def truncate(self, *, wait_ms: int = PATIENCE_MS) -> bool:
        """Fold the whole log and cut it to nothing; say whether readers allowed it."""
        self._folded()
        try:
            with impatient(self._connection, wait_ms):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            return False
        self._restarted(0)
        return True

    def close(self) -> None:
        """Let nobody fold beside any more: what is left to fold, the writer folds."""
        if self._beside is not None:
            self._beside.close()
            self._beside = None

    def _fold_on(self) -> None:
        """Have much folded beside, and come again; fold the rest here."""
        left = self.frames - self._folded()
        if self._beside is not None and self._passes < PASSES and left > self._fold // REST:
            self._passes += 1
            self._beside.begin()
            return
        self._passes = 0
        self._fold_due = self.frames + self._fold // 4
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _folded(self) -> int:
        """Wait for what is folded beside; say how many frames of this log that were."""
        folded = self._beside.folded() if self._beside else 0
        return folded if self._passes else 0

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
        self._passes, self._waits_from = 0, 0.0
