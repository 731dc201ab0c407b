"""Fold the write-ahead log into the database on a thread of its own, while the writer goes on writing.

What the writer adds meanwhile is left; somebody must fold that while nothing is written, or the log never begins anew
(reliability.md 5.9): `Checkpoints` does, on the writer's own connection.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import apsw

from store.connection import let_go


class Folding:
    """Fold on one thread, through a connection for that alone."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Take a connection over."""
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folding")
        self._pass: Future[int] | None = None

    @property
    def busy(self) -> bool:
        """Say whether the log is being folded."""
        return self._pass is not None and not self._pass.done()

    def begin(self) -> None:
        """Fold what the log holds now and readers do not need; the caller goes on."""
        self._pass = self._thread.submit(self._fold)

    def folded(self) -> int:
        """Wait for what has begun; say how many frames of the log are folded, 0 when nothing was begun.

        Raise what SQLite raised.
        """
        begun, self._pass = self._pass, None
        return begun.result() if begun else 0

    def close(self) -> None:
        """Finish, and let go of the database."""
        self._thread.shutdown()
        self._pass = None
        let_go(self._connection)

    def _fold(self) -> int:
        return self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)[1]
