"""Measure a job's picture: what ran when, one lane for models, one for tools, one for each subagent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.times import moment
from web.steps import Fold, Step
from web.wording import took

WIDTH: Final = 1_000.0
LEAST: Final = 2.0
MOST_LANES: Final = 14


@dataclass(frozen=True, slots=True)
class Box:
    """Hold one bar of a lane: its place of a thousand, and what it says in words."""

    x: float
    width: float
    kind: str
    failed: bool
    words: str
    target: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Hold one lane."""

    name: str
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class Lanes:
    """Hold the lanes and the marks of the time axis: place and words."""

    lanes: Sequence[Lane]
    marks: Sequence[tuple[float, str]]


def lanes(happened: Iterable[Step | Fold], start: str | None, end: str | None) -> Lanes:
    """Draw the steps of a job; nothing where times are not known."""
    groups = _groups(happened)
    timed = [step for _, steps in groups for step in steps if _time(step.at)]
    bounds = [time for time in (_time(start), _time(end)) if time]
    bounds += [time for step in timed if (time := _time(step.at))]
    if not timed or not bounds:
        return Lanes((), ())
    began = min(bounds)
    whole = max([(max(bounds) - began).total_seconds() * 1000, *(_ends(step, began) for step in timed)]) or 1.0
    drawn = [Lane(name, [_box(step, began, whole) for step in steps if _time(step.at)]) for name, steps in groups]
    return Lanes(drawn[:MOST_LANES], [(WIDTH * at / 4, took(whole * at / 4)) for at in range(5)])


def _groups(happened: Iterable[Step | Fold]) -> list[tuple[str, list[Step]]]:
    models: list[Step] = []
    tools: list[Step] = []
    subagents: list[tuple[str, list[Step]]] = []
    for one in happened:
        if isinstance(one, Fold):
            subagents.append((one.agent["name"] or "subagent", list(one.steps)))
        else:
            (models if one.kind == "llm" else tools).append(one)
    return [(name, steps) for name, steps in (("models", models), ("tools", tools), *subagents) if steps]


def _box(step: Step, began: datetime, whole: float) -> Box:
    time = _time(step.at)
    assert time is not None, "only steps with a time are drawn"
    x = WIDTH * (time - began).total_seconds() * 1000 / whole
    width = max(LEAST, WIDTH * (step.row["duration_ms"] or 0) / whole)
    name = step.row["model"] if step.kind == "llm" else step.row["name"]
    return Box(
        round(min(x, WIDTH - LEAST), 2),
        round(width, 2),
        step.kind,
        step.failed,
        f"{name}, {took(step.row['duration_ms'])}",
        step.anchor,
    )


def _ends(step: Step, began: datetime) -> float:
    time = _time(step.at)
    return 0.0 if time is None else (time - began).total_seconds() * 1000 + (step.row["duration_ms"] or 0)


def _time(text: str | None) -> datetime | None:
    try:
        return moment(text) if text else None
    except ValueError:
        return None
