"""Read all raw records once more, from the first to the last that there was, as far as new ones leave time for it."""

from derive.gathering import Gathering, Positions
from derive.records import SIGNALS, Records
from schema.signals import Signal


class Again:
    """Say how far the second reading is; `until` are the last ids that it is to reach."""

    def __init__(self, until: dict[Signal, int]) -> None:
        """Begin at the first record."""
        self._position = dict.fromkeys(SIGNALS, 0)
        self._until = until

    @property
    def left(self) -> int:
        """Count the rows that are left to read."""
        return sum(max(0, self._until[signal] - self._position[signal]) for signal in SIGNALS)

    def read(self, records: Records, gathering: Gathering, unread: Positions, limit: int) -> bool:
        """Take in the next rows of each signal; say whether there are more."""
        for came in records.next(self._position, self._until, limit):
            gathering.take(came.records, unread)
            self._position[came.signal] = came.position
        return self.left > 0
