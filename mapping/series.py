"""Fold the points of a series into one amount (mapping.md D.9), in little room and whatever their order.

A running total is kept as the steps that it took lately: where it fell it began anew, and what it had reached counts.
Points are numbered as they came, each is taken once: what was read before may be read again.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from mapping.fields import whole
from mapping.metrics import COST, Meter

RECENT: Final = 64
"""Steps of a running total that are kept: a point that comes later than so many others of its series is left out."""
LIMIT: Final = 1 << 53
"""No amount is more."""
NEVER: Final = (1 << 63) - 1
NANOS: Final = 9
"""Digits of a nano-dollar."""
DELTA: Final = 1
CUMULATIVE: Final = 2
"""Temporalities as OTLP numbers them."""


class Kind(StrEnum):
    """Say how the points of a series make one amount."""

    DELTA = "delta"
    """They are added up."""
    CUMULATIVE = "cumulative"
    """The last one counts, and each from which it fell."""
    LAST = "last"
    """The last one counts."""


def kind_of(metric_type: str, temporality: int | None, is_monotonic: int | None) -> Kind | None:
    """Say how points are put together; None when nothing says what they mean. Histograms count upwards only."""
    if metric_type == "gauge":
        return Kind.LAST
    if temporality == DELTA:
        return Kind.DELTA
    if temporality == CUMULATIVE:
        return Kind.CUMULATIVE if metric_type != "sum" or is_monotonic else Kind.LAST
    return None


def amount_of(part: str, value: object) -> int | None:
    """Give a point's tokens, or its nano-dollars; None for what is no amount."""
    if part != COST:
        return whole(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        nanos = round(Decimal(str(value)).scaleb(NANOS))
    except (InvalidOperation, OverflowError, ValueError):
        return None
    return nanos if 0 <= nanos <= LIMIT else None


@dataclass(slots=True)
class Series:
    """Hold one series with one start, folded; times are Unix nanoseconds.

    `key` is made of the series' content, `start` is 0 where the points of all starts are added up.
    `settled` is what counts whatever comes, `recent` are the steps after it: times and values.
    `began` is the earliest start, `first` the earliest time of a point, `last` the latest one.
    `number` is that of the last point taken.
    """

    meter: Meter
    key: int
    start: int
    kind: Kind
    settled: int = 0
    recent: list[tuple[int, int]] = field(default_factory=list)
    began: int = NEVER
    first: int = NEVER
    last: int = 0
    number: int = 0

    def take(self, number: int, start: int, time: int, amount: int) -> bool:
        """Take a point that started to count at `start`, 0 if that is not said; say whether it is a new one."""
        if number <= self.number:
            return False
        self.number = number
        self.began = min(self.began, start or time)
        self.first, self.last = min(self.first, time), max(self.last, time)
        TAKE[self.kind](self, time, amount)
        return True

    @property
    def total(self) -> int:
        """Give the amount."""
        falls = sum(
            before for (_, before), (_, after) in zip(self.recent, self.recent[1:], strict=False) if after < before
        )
        return min(LIMIT, self.settled + falls + (self.recent[-1][1] if self.recent else 0))


def _add(series: Series, _: int, amount: int) -> None:
    series.settled = min(LIMIT, series.settled + amount)


def _replace(series: Series, time: int, amount: int) -> None:
    if not series.recent or time >= series.recent[0][0]:
        series.recent = [(time, amount)]


def _step(series: Series, time: int, amount: int) -> None:
    """Put a value among the others; of many equal ones the first and the last are enough."""
    steps = series.recent
    if len(steps) == RECENT and time < steps[0][0]:
        return
    at = bisect_left(steps, (time, amount))
    if at == len(steps) > 1 and steps[-1][1] == steps[-2][1] == amount:
        steps[-1] = (time, amount)
        return
    steps.insert(at, (time, amount))
    if len(steps) > RECENT:
        _, oldest = steps.pop(0)
        series.settled = min(LIMIT, series.settled + (oldest if steps[0][1] < oldest else 0))


TAKE: Final[dict[Kind, Callable[[Series, int, int], None]]] = {
    Kind.DELTA: _add,
    Kind.CUMULATIVE: _step,
    Kind.LAST: _replace,
}
