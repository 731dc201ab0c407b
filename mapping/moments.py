"""Find which of many spans of time was open at a moment, quickly also when they lie within each other."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

NEVER: Final = 1 << 63
"""Later than any time: an end that is not known."""


class Open:
    """Hold spans of time by their start; a tree of the latest ends tells where to look."""

    def __init__(self, times: Sequence[tuple[int, int | None]]) -> None:
        """Take starts, in order, and ends; None is still open."""
        self._starts = [start for start, _ in times]
        self._leaves = 1 << max(0, len(times) - 1).bit_length()
        ends = [NEVER if end is None else end for _, end in times]
        self._latest = [-1] * self._leaves + ends + [-1] * (self._leaves - len(ends))
        for node in range(self._leaves - 1, 0, -1):
            self._latest[node] = max(self._latest[2 * node], self._latest[2 * node + 1])

    def at(self, moment: int) -> int | None:
        """Give the number of the one that was open, the latest begun of several."""
        begun = bisect_right(self._starts, moment)
        node = self._leaves + begun
        while node > 1:
            is_right, node = node & 1, node >> 1
            if is_right and self._latest[2 * node] >= moment:
                return self._last(2 * node, moment)
        return self._last(1, moment) if begun == self._leaves else None

    def _last(self, node: int, moment: int) -> int | None:
        """Go down to the last one below a node that ended late enough."""
        if self._latest[node] < moment:
            return None
        while node < self._leaves:
            node = 2 * node + 1 if self._latest[2 * node + 1] >= moment else 2 * node
        return node - self._leaves
