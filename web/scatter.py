"""Measure points for a picture: numbers on straight axes, words side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from web.wording import cut

WIDTH, HEIGHT = 720.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 12.0, 30.0
TICKS: Final = 5
MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Point:
    """Hold a point: its place, what it says in words, and what it stands for."""

    x: float
    y: float
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """Hold points, and the marks of both axes: place and words."""

    points: Sequence[Point]
    x_marks: Sequence[tuple[float, str]]
    y_marks: Sequence[tuple[float, str]]
    left_out: int


@dataclass(frozen=True, slots=True)
class Axis:
    """Map values to places between two ends."""

    low: float
    high: float
    start: float
    end: float
    words: Sequence[str] = ()

    def place(self, value: Any) -> float | None:
        """Give a value's place; None when it has none on this axis."""
        if self.words:
            told = str(value)
            number: float | None = self.words.index(told) if value is not None and told in self.words else None
        else:
            number = float(value) if _is_number(value) else None
        if number is None:
            return None
        return round(self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low), 2)

    def marks(self) -> list[tuple[float, str]]:
        """Give places and words for some round values."""
        if self.words:
            return [(self.place(word) or 0.0, cut(word, 14)) for word in self.words]
        step = _step((self.high - self.low) / TICKS)
        first = math.ceil(self.low / step)
        values = [step * at for at in range(first, first + TICKS * 3) if step * at <= self.high * (1 + 1e-9) + 1e-12]
        return [(self.place(value) or 0.0, f"{value:.6g}") for value in values]


def scatter(told: Sequence[tuple[Any, Any, str, str]]) -> Scatter:
    """Draw x, y, words and look of each; those without a value are counted, not drawn."""
    across = _axis([x for x, _, _, _ in told], LEFT, WIDTH - RIGHT)
    up = _axis([y for _, y, _, _ in told], HEIGHT - BOTTOM, TOP)
    points = []
    for x, y, words, look in told:
        at, height = across.place(x), up.place(y)
        if at is not None and height is not None:
            points.append(Point(at, height, f"{words}: {cut(str(x), 40)}, {cut(str(y), 40)}", look))
    return Scatter(points, across.marks(), up.marks(), len(told) - len(points))


def _axis(values: Sequence[Any], start: float, end: float) -> Axis:
    numbers = [float(value) for value in values if _is_number(value)]
    words = list(dict.fromkeys(str(value) for value in values if value is not None and not _is_number(value)))
    if words:
        every = list(dict.fromkeys(str(value) for value in values if value is not None))[:MOST_WORDS]
        return Axis(-0.5, len(every) - 0.5, start, end, every)
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Axis(low - room, high + room, start, end)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _step(wanted: float) -> float:
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= wanted)
