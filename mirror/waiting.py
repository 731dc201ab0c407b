"""Hold the places that are to be synced, each once, however often it was told; a bound costs nothing: all is synced."""

from collections.abc import Iterable
from concurrent.futures import Future
from threading import Condition
from typing import Final

from mirror.tally import Tally

MOST: Final = 1_024

Waiters = list["Future[Tally]"]


class Waiting:
    """Collect places from any thread, for one that works them off.

    `coalesced` counts what was told of places that were waiting already; `overflows` what there was no room for:
    then everything is synced instead.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.coalesced = self.overflows = 0
        self._places: dict[str, Waiters] = {}
        self._everything: Waiters | None = None
        self._changed = Condition()
        self._over = False

    def __len__(self) -> int:
        """Count the places."""
        return len(self._places) + (self._everything is not None)

    def add(self, places: Iterable[str], waiter: "Future[Tally] | None" = None) -> None:
        """Add places; the waiter hears of the last of them."""
        with self._changed:
            for place in places:
                self.coalesced += place in self._places
                if place not in self._places and len(self._places) >= MOST:
                    self.overflows += 1
                    self._all(waiter)
                else:
                    waiters = self._places.setdefault(place, [])
                    waiters += [waiter] if waiter else []
            self._changed.notify()

    def add_everything(self) -> None:
        """Have everything synced."""
        with self._changed:
            self._all(None)
            self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Wait until there is something, but not for longer; say whether to go on at all."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self) > 0, max(0.0, seconds))
            return not self._over

    def take(self) -> tuple[dict[str, Waiters], Waiters | None]:
        """Take all places with who waits for them, and who waits for everything: None when nobody wants that."""
        with self._changed:
            taken = self._places, self._everything
            self._places, self._everything = {}, None
            return taken

    def stop(self) -> None:
        """Have nobody wait any more."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def _all(self, waiter: "Future[Tally] | None") -> None:
        self._everything = [*(self._everything or []), *([waiter] if waiter else [])]
