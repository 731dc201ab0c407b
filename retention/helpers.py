"""Help erasing with what is not the database's: who derives, who indexes, archived files."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import StoreBusy
from retention.archived import Archived
from store.forgetting import OldSide

LONGEST_S: Final = 300.0
LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Ordered:
    """Order something of a process, and say whether it is carried out."""

    order: Callable[[], int]
    done: Callable[[], int]

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Return when it is; raise StoreBusy when it takes too long, or the daemon stops."""
        number, until = self.order(), time.monotonic() + LONGEST_S
        while self.done() < number:
            if stopped() or time.monotonic() > until:
                raise StoreBusy("who derives or indexes does not answer; what is erased is finished by the next round")
            time.sleep(LOOK_S)


@dataclass(frozen=True, slots=True)
class Helpers:
    """Hold what a daemon has for it."""

    deriving: Ordered
    indexing: Ordered
    folder: Path | None
    stopped: Callable[[], bool]

    def let_go(self) -> None:
        """Return when nobody who derives holds anything in memory."""
        self.deriving.wait(self.stopped)

    def words(self) -> None:
        """Return when the index of texts holds no word of what is gone."""
        self.indexing.wait(self.stopped)

    def archived(self, side: OldSide) -> Archived:
        """Give what looks through archived files."""
        return Archived(self.folder, side)
