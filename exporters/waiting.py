"""Say how long to wait before the next try: longer each time, never in step with others."""

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0
SPREAD: Final = 0.25
"""A wait is longer or shorter by up to this share."""


class Waiting:
    """Count the tries that failed; `random` gives numbers from 0 to 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        """Start with none."""
        self._random = random
        self._next_s = FIRST_S

    def after_failure(self, asked_s: float) -> float:
        """Give the seconds to wait; the far side may ask for more than we would, within the longest."""
        own_s, self._next_s = self._next_s, min(LONGEST_S, self._next_s * 2)
        return min(LONGEST_S, max(asked_s, own_s)) * (1 + SPREAD * (2 * self._random() - 1))

    def after_success(self) -> None:
        """Begin anew."""
        self._next_s = FIRST_S
