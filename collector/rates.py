"""Bound how many requests a second each sender may make: by its token, or by its address when it shows none."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from access.tokens import ANYBODY, LOCAL, By
from core.errors import RateLimited

SENDERS: Final = 4096
"""Senders that are known; the one that was quiet longest is forgotten first, and may send at once again."""
BURST_S: Final = 2.0
"""A sender that was quiet may send as much at once as it may in so long."""


class Rates:
    """Hold what each sender has left; belongs to the event loop's thread."""

    def __init__(self, requests: float, *, clock: Callable[[], float]) -> None:
        """Allow so many requests a second, any number when it is 0; `clock` gives seconds."""
        self._rate, self._most, self._clock = requests, max(1.0, requests * BURST_S), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, by: By) -> None:
        """Count a request, or raise RateLimited with when the sender may come again."""
        if not self._rate or by.who == LOCAL:
            return
        sender, now = by.address if by.who == ANYBODY else by.who, self._clock()
        left, since = self._left.pop(sender, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        self._left[sender] = (left - 1 if left >= 1 else left), now
        if len(self._left) > SENDERS:
            self._left.popitem(last=False)
        if left < 1:
            raise RateLimited(
                f"more than {self._rate:g} requests a second came from this sender; send the same again in a moment",
                retry_after_s=min(1.0, (1 - left) / self._rate),
            )
