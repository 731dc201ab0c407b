"""Own the process that keeps the index of texts, from the daemon's side: shorten the list of changes behind it."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from core.errors import TryAgain
from derive.channel import IndexReport, IndexStart
from derive.child import Child, Program
from schema.derived import Changes, Step

log = logging.getLogger(__name__)

POSITION: Final = "search"
"""Under which name it is kept up to where the list of changes was shortened."""
SHORTEN: Final = 10_000
"""Changes that are forgotten in one transaction."""
REST_S: Final = 2.0
"""How long after the daemon the process starts: taking records in and deriving come first."""
SELDOM: Final = 1_000
"""So few changes are not worth a transaction, unless nothing else is to do."""


class IndexFollowing:
    """Keep the process running on a thread of its own; all methods belong to the daemon."""

    def __init__(self, start: IndexStart, write: Callable[[Changes], object], *, busy: Callable[[], bool]) -> None:
        """Index as `start` says; `write` returns when changes are durable, and may raise TryAgain."""
        self._report = IndexReport(0, 0, 0, 0, 0, 0)
        self._write, self._busy = write, busy
        self._ordered = self._to_purge = 0
        self.purged = self._purged = self._purged_at = 0
        self._child = Child(Program("index", "derive.index_process", start, REST_S), self._heard, wanted=lambda: False)

    def start(self) -> None:
        """Start the thread, and the process on it."""
        self._child.start()

    def stop(self) -> None:
        """End the process: what it did not finish, it does at the next start."""
        self._child.stop()

    def order(self) -> int:
        """Have the index made anew; give the order's number, which `done` has reached when it is."""
        self._ordered += 1
        return self._ordered

    def purge(self) -> int:
        """Have words taken out that no text holds any more; give the order's number.

        `purged` reaches it when the list of changes does not name these texts any more either.
        """
        self._to_purge += 1
        return self._to_purge

    def state(self) -> dict[str, Any]:
        """Say how far the index is behind, and what went wrong since the start."""
        return {**asdict(self._report), "restarts": self._child.restarts}

    @property
    def pid(self) -> int | None:
        """Give the process id, None before the first start."""
        return self._child.pid

    def _heard(self, report: IndexReport) -> tuple[int, int]:
        self._report = report
        if report.purged != self._purged:
            self._purged, self._purged_at = report.purged, report.settled
        if report.begins >= self._purged_at:
            self.purged = self._purged
        if not self._busy():
            self._shorten(report)
        return self._ordered, self._to_purge

    def _shorten(self, report: IndexReport) -> None:
        """Forget changes that the index holds for good; when that cannot be now, it is tried at the next report."""
        until = min(report.settled, report.begins + SHORTEN)
        if until - report.begins < (1 if report.behind == 0 else SELDOM):
            return
        step = Step("shorten_search_feed", {"until": until})
        try:
            self._write(Changes(positions={POSITION: until}, steps=[step]))
        except TryAgain as trouble:
            log.info("the list of changed texts cannot be shortened now: %s", trouble)
