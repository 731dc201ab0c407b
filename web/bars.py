"""Measure bars for pictures: each gets its heights as parts of the highest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from api.times import moment

FULL: Final = 100.0
"""The height of the highest bar."""
LEAST: Final = 2.0
"""The height of the lowest that is not nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """Hold one part of a bar: what it is called, its height, and how far its top is from that of the picture."""

    name: str
    value: float
    height: float
    top: float


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one bar: its place, its label, what it says in words, and its parts from the bottom up."""

    at: int
    label: str
    words: str
    parts: Sequence[Part]


def stacked(columns: Sequence[tuple[str, str, Mapping[str, float]]]) -> list[Bar]:
    """Make bars of labels, words and parts; all parts together reach the height of the highest."""
    highest = max((sum(parts.values()) for _, _, parts in columns), default=0) or 1
    return [Bar(at, label, words, _parts(parts, highest)) for at, (label, words, parts) in enumerate(columns)]


def _parts(parts: Mapping[str, float], highest: float) -> list[Part]:
    found, base = [], 0.0
    for name, value in parts.items():
        height = max(LEAST, FULL * value / highest) if value > 0 else 0.0
        base += height
        found.append(Part(name, value, round(height, 2), round(FULL - base, 2)))
    return found


def hours(rows: Sequence[Mapping[str, Any]], since: str, count: int) -> list[Bar]:
    """Make a bar for each hour from a time on, the failed ones on top."""
    known = {row["hour"]: row for row in rows}
    begin = moment(since)
    columns: list[tuple[str, str, Mapping[str, float]]] = []
    for at in range(count):
        hour = (begin + timedelta(hours=at)).strftime("%Y-%m-%dT%H")
        jobs, failed = (known[hour]["jobs"], known[hour]["failed"]) if hour in known else (0, 0)
        words = f"{hour[11:]}:00, {jobs} jobs" + (f", {failed} failed" if failed else "")
        columns.append((hour[11:], words, {"ok": jobs - failed, "error": failed}))
    return stacked(columns)
