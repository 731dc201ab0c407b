"""Hold what was measured: the median of its runs, beside what it must be."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one figure; its target is about `ratio` when there is a floor, else about `value`."""

    unit: str
    runs: list[float]
    target: str
    """Such as ">= 0.5 x floor" or "<= 90"."""
    floor_runs: list[float] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """Give the median."""
        return median(self.runs)

    @property
    def floor(self) -> float | None:
        """Give the floor's median."""
        return median(self.floor_runs) if self.floor_runs else None

    @property
    def ratio(self) -> float | None:
        """Give the value as a share of the floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool:
        """Say whether the target is met."""
        if not self.target:
            return True
        sign, limit, *about_floor = self.target.split()
        seen = self.ratio if about_floor else self.value
        assert seen is not None, "a target about the floor needs one"
        return seen >= float(limit) if sign == ">=" else seen <= float(limit)

    def as_json(self) -> dict[str, Any]:
        """Write everything, numbers rounded to what was measured."""
        told = {"value": _short(self.value), "unit": self.unit, "runs": [_short(run) for run in self.runs]}
        if self.floor is not None and self.ratio is not None:
            told |= {"floor": _short(self.floor), "floor_runs": [_short(run) for run in self.floor_runs]}
            told |= {"ratio": _short(self.ratio)}
        return told | {"target": self.target, "met": self.met} | self.notes


Figures = dict[str, Figure]


def share_of_floor(runs: list[float], floor_runs: list[float], *, unit: str, least: float, **notes: Any) -> Figure:
    """Ask for at least so much of the floor."""
    return Figure(unit, runs, f">= {least:g} x floor", floor_runs, notes)


def at_most(
    runs: list[float], *, unit: str, most: float, floor_runs: list[float] | None = None, **notes: Any
) -> Figure:
    """Ask for no more than so much; a floor is shown for comparison only."""
    return Figure(unit, runs, f"<= {most:g}", floor_runs or [], notes)


def at_least(runs: list[float], *, unit: str, least: float, **notes: Any) -> Figure:
    """Ask for so much or more."""
    return Figure(unit, runs, f">= {least:g}", [], notes)


def _short(value: float) -> float:
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")
