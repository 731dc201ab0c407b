"""Follow what is kept and send it on: read after the cursor, hand over, move the cursor.

The cursor moves once the far side has the items, in a transaction of its own: what is sent twice after a crash is
what was under way. Items that are given up, because they waited too long or too many wait, are counted too.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final, Protocol

from core.errors import Refused, TryAgain
from exporters.config import Exporter as Settings
from exporters.cursors import Cursor, Cursors
from exporters.exporter import Exporter
from exporters.filters import Filter
from exporters.waiting import Waiting
from schema.encode import Item
from schema.signals import Signal

log = logging.getLogger(__name__)

IDLE_S: Final = 0.25
FIRST_ITEMS: Final = 16
PAGE_BYTES: Final = 4 << 20
"""What a page's longest columns should come to."""
LONG: Final = ("attributes", "body", "events", "links", "data", "exemplars")


class Items(Protocol):
    """Read items of a signal in order of arrival."""

    def items(self, signal: Signal, *, after_id: int, limit: int) -> list[Item]:
        """List up to `limit` items after an id, each with its resource's and scope's columns."""
        ...


class Stopped(Exception):
    """The daemon stops; what is not handed over is at its next start."""


class Overdue(Exception):
    """What waits has waited for too long."""


@dataclass(slots=True)
class Follower:
    """Send for one exporter, on one thread; `clock` gives Unix nanoseconds."""

    name: str
    settings: Settings
    exporter: Exporter[Any]
    items: Items
    cursors: Cursors
    waiting: Waiting
    clock: Callable[[], int]
    over: Event
    trouble: str = ""
    """What keeps it from sending now; empty while all is well."""
    behind: dict[Signal, int] = field(default_factory=dict)
    """Items that wait, by signal."""
    oldest: dict[Signal, int] = field(default_factory=dict)
    """When the first of these came, in Unix nanoseconds; a signal of which nothing waits is not there."""
    _limits: dict[Signal, int] = field(default_factory=dict)

    def run(self) -> None:
        """Send until told to stop."""
        try:
            while not self.over.is_set():
                if not self.round():
                    self.over.wait(IDLE_S)
        except Stopped:
            pass
        finally:
            self.cursors.settle()
            self.exporter.close()

    def round(self) -> bool:
        """Send a page of each signal; say whether there was anything."""
        try:
            return sum(self._page(signal) for signal in self.settings.signals) > 0
        except TryAgain as trouble:  # the store's, not the far side's
            self._pause(trouble)
        except Stopped:
            raise
        except Exception as mistake:  # ours; the thread must outlive it, and somebody may mend it
            log.exception("%s cannot go on", self.name)
            self._pause(TryAgain(f"it cannot go on: {mistake}"))
        return True

    def lag_s(self, signal: Signal) -> float:
        """Say how long ago the oldest item came that waits; 0 when none does."""
        oldest = self.oldest.get(signal)
        return max(0, self.clock() - oldest) / 1e9 if oldest is not None else 0.0

    def _page(self, signal: Signal) -> bool:
        cursor = self.cursors.at(signal)
        self.behind[signal] = self.cursors.newest(signal) - cursor.after_id
        surplus = self.behind[signal] - self.settings.max_items
        if surplus > 0:
            self._move(cursor.skipped(surplus), f"{surplus} items more than may wait are given up")
            return True
        limit = self._limits.get(signal, min(FIRST_ITEMS, self.settings.batch_items))
        page = self.items.items(signal, after_id=cursor.after_id, limit=limit)
        if not page:
            self.oldest.pop(signal, None)
            return False
        self.oldest[signal] = page[0]["received_at"]
        self._limits[signal] = self._next_limit(limit, page)
        self._hand_over(cursor, page)
        return True

    def _hand_over(self, cursor: Cursor, page: Sequence[Item]) -> None:
        """Send what is to be sent of a page, and move the cursor behind it."""
        latest = self.clock() - int(self.settings.max_age * 1e9)
        young = [item for item in page if item["received_at"] >= latest]
        chosen = Filter(projects=self.settings.projects, agents=self.settings.agents).chosen(young)
        try:
            refused = self._sent(cursor.signal, chosen, latest) if chosen else 0
        except Overdue:
            return  # the next look at the page gives the overdue ones up, and only those
        late = len(page) - len(young)
        moved = cursor.moved(
            int(page[-1]["id"]),
            sent=len(chosen) - refused,
            refused=refused,
            expired=late,
            passed=len(young) - len(chosen),
        )
        self._move(moved, f"{late} items have waited for too long and are given up" if late else "")

    def _sent(self, signal: Signal, items: Sequence[Item], latest: int) -> int:
        """Hand items over, in halves when the far side will not take them together; count those it refuses."""
        while True:
            try:
                taken = self.exporter.send(signal, self.exporter.write(signal, items))
            except TryAgain as trouble:
                self._pause(trouble)
                self._check_age(items)
            except Exception as refusal:  # Refused; or a mistake of ours about an item, which must cost that item alone
                if len(items) == 1:
                    log.warning("%s will not take an item: %s", self.name, refusal, exc_info=_mistake(refusal))
                    return 1
                middle = len(items) // 2
                return self._sent(signal, items[:middle], latest) + self._sent(signal, items[middle:], latest)
            else:
                self._went_well(taken.message)
                return taken.refused

    def _check_age(self, items: Sequence[Item]) -> None:
        if items[0]["received_at"] < self.clock() - int(self.settings.max_age * 1e9):
            raise Overdue

    def _pause(self, trouble: TryAgain) -> None:
        if not self.trouble:
            log.warning("%s: %s; what is kept waits", self.name, trouble)
        self.trouble = str(trouble)
        if self.over.wait(self.waiting.after_failure(trouble.retry_after_s)):
            raise Stopped

    def _went_well(self, message: str) -> None:
        if self.trouble:
            log.info("%s takes items again", self.name)
        if message:
            log.warning("%s: %s", self.name, message)
        self.trouble = ""
        self.waiting.after_success()

    def _move(self, cursor: Cursor, told: str) -> None:
        if told:
            log.warning("%s: %s", self.name, told)
        self.cursors.move(cursor)

    def _next_limit(self, limit: int, page: Sequence[Item]) -> int:
        """Read as many items as come to some megabytes."""
        size = sum(len(item.get(name) or "") for item in page for name in LONG if isinstance(item.get(name), str))
        return max(1, limit // 4) if size > PAGE_BYTES else min(self.settings.batch_items, limit * 2)


def _mistake(error: Exception) -> Exception | None:
    """Give what is worth a traceback: what is ours, not the far side's."""
    return None if isinstance(error, Refused) else error
