"""Show a trace as waterfall and tree, a few hundred spans at a time, and one span with everything it says."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import sub
from typing import Final

import orjson

from api.pages import Row
from api.times import iso_nano
from core.errors import Missing
from web.asking import Asked
from web.outlines import Outline, outline
from web.wording import segment

WINDOW: Final = 100
BEFORE: Final = 20
"""Rows shown above the one that is asked for."""
UNROLLED: Final = 1_000
"""Rows that a page takes in by itself while it is scrolled; it goes on by a link."""
WIDTH: Final = 1_000.0
LEAST: Final = 1.5
DEEPEST: Final = 30
LEVELS: Final = ("1", "2", "3", "4", "6")
LITTLE: Final = 50
"""Rows that need no small picture of all."""
MAP_BOXES: Final = 240
MAP_LEVELS: Final = 6
MAP_ERRORS: Final = 100
MS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one row: a span, its place in the tree and its bar, of a thousand."""

    row: Row
    place: int
    level: int
    indent: int
    parent: bool
    x: float
    width: float
    duration_ms: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Box:
    """Hold one bar of the small picture of all."""

    x: float
    width: float
    level: int
    span: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Hold one window of a trace."""

    trace_id: str
    lines: Sequence[Line]
    total: int
    shown_of: int
    first: int
    at: str | None
    began: str | None
    duration_ms: float
    errors: int
    sessions: Sequence[Row]
    boxes: Sequence[Box]
    ticks: Sequence[tuple[float, str]]
    levels: str | None
    root: str | None
    previous: str | None
    next: str | None
    unroll: str | None
    next_error: str | None
    previous_error: str | None
    cut: bool
    section: str = "sessions"
    choices: Sequence[str] = LEVELS

    @property
    def title(self) -> str:
        """Name the page."""
        return f"Trace {self.trace_id}"


@dataclass(frozen=True, slots=True)
class View:
    """Hold which places of an outline are shown, and the time between which bars are drawn, in nanoseconds."""

    places: Sequence[int]
    base: int
    start: int
    length: int


def show(asked: Asked) -> Trace:
    """Show a window of a trace: around a span, or from a row on."""
    trace_id = asked.path["trace_id"]
    whole = outline(asked, trace_id)
    view = _view(asked, whole)
    at = asked.text("at")
    place = whole.spans.index(at) if at in whole.spans else None
    first = _first(asked, view, place)
    window = view.places[first : first + WINDOW]
    here = f"/traces/{segment(trace_id)}"
    after = first + len(window)
    errors = [one for one in whole.errors if view.places[0] <= one <= view.places[-1]]
    rolled = asked.whole("rolled") + len(window)
    more = after < len(view.places)
    return Trace(
        trace_id=trace_id,
        lines=_lines(asked, whole, view, window),
        total=len(whole.spans),
        shown_of=len(view.places),
        first=first,
        at=at if place is not None else None,
        began=iso_nano(view.start),
        duration_ms=view.length / MS,
        errors=len(errors),
        sessions=asked.side.report("trace_sessions", trace=trace_id, limit=8),
        boxes=_boxes(whole, view),
        ticks=[(_x(whole, view, one), whole.spans[one]) for one in errors[:MAP_ERRORS]],
        levels=asked.text("levels"),
        root=asked.text("root"),
        previous=asked.link(here, **{"from": max(0, first - WINDOW), "at": None, "rolled": None}) if first else None,
        next=asked.link(here, **{"from": after, "at": None, "rolled": None}) if more else None,
        unroll=asked.link(here, **{"from": after, "at": None, "rolled": rolled})
        if more and rolled < UNROLLED
        else None,
        next_error=_error(asked, here, whole, errors, bisect_right(errors, window[-1])),
        previous_error=_error(asked, here, whole, errors, bisect_left(errors, window[0]) - 1),
        cut=whole.cut,
    )


def _view(asked: Asked, whole: Outline) -> View:
    root, levels = asked.text("root"), asked.one_of("levels", LEVELS)
    if root is not None and root not in whole.spans:
        raise Missing(f"the trace has no span {root[:40]!r}")
    places: Sequence[int] = range(len(whole.spans))
    base, start, end = 0, whole.began, whole.ended
    if root:
        places = whole.subtree(whole.spans.index(root))
        base = whole.depth[places[0]]
        start = min(filter(None, (whole.start[at] for at in places)), default=0)
        end = max(whole.end[at] for at in places)
    if levels:
        places = [at for at in places if whole.depth[at] - base < int(levels)]
    return View(places, base, start, max(end - start, 1))


def _first(asked: Asked, view: View, place: int | None) -> int:
    if place is not None:
        return max(0, bisect_left(view.places, place) - BEFORE)
    return min(asked.whole("from"), max(0, len(view.places) - 1))


def _lines(asked: Asked, whole: Outline, view: View, window: Sequence[int]) -> list[Line]:
    ids = [whole.spans[at] for at in window]
    found = asked.side.report(
        "trace_rows", trace=asked.path["trace_id"], spans=orjson.dumps(ids).decode(), limit=WINDOW
    )
    rows = {row["span_id"]: row for row in found}
    return [_line(rows[whole.spans[at]], whole, view, at) for at in window if whole.spans[at] in rows]


def _line(row: Row, whole: Outline, view: View, at: int) -> Line:
    length = whole.end[at] - whole.start[at]
    x = _x(whole, view, at)
    level = whole.depth[at] - view.base
    failed = row["status_code"] == 2 or row["status"] == "error"
    return Line(
        row, at, level + 1, min(level, DEEPEST), whole.is_parent(at), x, _width(whole, view, at, x), length / MS, failed
    )


def _x(whole: Outline, view: View, at: int) -> float:
    part = WIDTH * (whole.start[at] - view.start) / view.length if whole.start[at] else 0.0
    return round(min(max(part, 0.0), WIDTH - LEAST), 2)


def _boxes(whole: Outline, view: View) -> list[Box]:
    """Draw the upper levels; the longest spans of each where there are many."""
    if len(view.places) <= LITTLE:
        return []
    levels: list[list[int]] = [[] for _ in range(MAP_LEVELS)]
    most = view.base + MAP_LEVELS
    for at, depth in zip(view.places, map(whole.depth.__getitem__, view.places), strict=True):
        if depth < most:
            levels[depth - view.base].append(at)
    chosen = [(level, at) for level, places in enumerate(levels) for at in _longest(whole, places)]
    return [_box(whole, view, level, at) for level, at in chosen]


def _box(whole: Outline, view: View, level: int, at: int) -> Box:
    x = _x(whole, view, at)
    return Box(x, _width(whole, view, at, x), level, whole.spans[at])


def _width(whole: Outline, view: View, at: int, x: float) -> float:
    return round(min(max(LEAST, WIDTH * (whole.end[at] - whole.start[at]) / view.length), WIDTH - x), 2)


def _longest(whole: Outline, places: Sequence[int]) -> Sequence[int]:
    most = MAP_BOXES // MAP_LEVELS
    if len(places) <= most:
        return places
    lengths = list(map(sub, map(whole.end.__getitem__, places), map(whole.start.__getitem__, places)))
    return [places[number] for number in sorted(nlargest(most, range(len(places)), key=lengths.__getitem__))]


def _error(asked: Asked, here: str, whole: Outline, errors: Sequence[int], number: int) -> str | None:
    if not 0 <= number < len(errors):
        return None
    span = whole.spans[errors[number]]
    return f"{asked.link(here, **{'at': span, 'from': None, 'rolled': None})}#s-{segment(span)}"
