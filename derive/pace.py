"""Give way to those who send: the faster records come than they are derived, the less of the time is taken.

What was derived would be late in any case, and every moment that it takes is one that a sender waits for.
"""

import time
from collections.abc import Callable
from typing import Final

FLOOD: Final = 2
"""Records that come for each one that is derived, from which on deriving gives way."""
MANY: Final = 4_000
"""Records that must be waiting as well: a large request alone is no flood."""
STEEP: Final = 3
"""For each further one it rests as many times as long as it worked, and goes on at once when nothing comes any more."""
MOST: Final = 9
"""It never rests for more times as long: a tenth of the time is its own."""
LONGEST_S: Final = 5.0
LOOK_S: Final = 0.1


class Pace:
    """Rest after a piece of work as the times demand."""

    def __init__(
        self,
        reached: Callable[[], tuple[int, int]],
        *,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take what says how many records have come, and how many of these are read."""
        self._reached, self._clock, self._rest = reached, clock, rest
        self._begun, self._before = clock(), reached()

    def give_way(self) -> None:
        """Rest, if records came much faster than they were read since the last time."""
        now, (came, read) = self._clock(), self._reached()
        took, (came_before, read_before) = now - self._begun, self._before
        share = min(STEEP * ((came - came_before) / max(1, read - read_before) - FLOOD), MOST)
        if came - read >= MANY and share > 0:
            self._wait(came, now + min(took * share, LONGEST_S))
        self._begun, self._before = self._clock(), self._reached()

    def _wait(self, came: int, until: float) -> None:
        """Wait until a time, or until nothing comes any more."""
        while self._clock() < until:
            self._rest(LOOK_S)
            newest, _ = self._reached()
            if newest == came:
                return
            came = newest
