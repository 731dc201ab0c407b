"""Answer questions about one trace, however many spans it has: what it comes to, and its spans page by page."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from api.checks import json_text
from api.lists import duration_ms, span_shown
from api.pages import Row, after, limited, word
from api.times import iso_nano
from core.errors import Missing
from store.outlines import Outline, Place
from store.protocol import ReadSide

MOST_ROOTS: Final = 100
MOST_SESSIONS: Final = 1_000
ROOT: Final = "root"


def trace(side: ReadSide, trace_id: str) -> Row:
    """Sum a trace up: how many spans, how long, which sessions and jobs it is part of; its first roots."""
    outline = _outline(side, trace_id)
    start, end = outline.places[0][0], max(outline.end, outline.places[-1][0])
    held = side.report("trace_places", trace=trace_id, limit=MOST_SESSIONS)
    return {
        "trace_id": trace_id,
        "timestamp": iso_nano(start),
        "duration_ms": duration_ms(start, end),
        "start_time_unix_nano": start,
        "end_time_unix_nano": end,
        "status": "error" if outline.errors else "ok",
        "spans": len(outline.places),
        "errors": len(outline.errors),
        "sessions": list(dict.fromkeys(row["session_id"] for row in held)),
        "jobs": list(dict.fromkeys(row["job_id"] for row in held if row["job_id"])),
        "roots": _told(side, trace_id, outline, outline.roots[:MOST_ROOTS]),
    }


def spans(  # noqa: PLR0913  one for each filter
    side: ReadSide,
    trace_id: str,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    parent: str | None = None,
    status: str | None = None,
) -> Row:
    """List spans of a trace in order of time, each with what it means and how many are below it.

    With `parent` only those directly below a span, or, for `root`, those whose parent is not there.
    """
    outline, size = _outline(side, trace_id), limited(limit)
    places = _chosen(outline, parent)
    if status:
        places = [place for place in places if place[1] in outline.errors]
    first = _behind(places, cursor)
    told = places[first : first + size]
    following = word(told[-1]) if len(places) > first + size else None
    return {"items": _told(side, trace_id, outline, told), "next": following}


def _outline(side: ReadSide, trace_id: str) -> Outline:
    found = side.outline(trace_id)
    if found is None:
        raise Missing(f"there is no trace {trace_id!r}; traces are named by 32 hexadecimal digits")
    return found


def _chosen(outline: Outline, parent: str | None) -> Sequence[Place]:
    if parent == ROOT:
        return outline.roots
    return outline.below.get(parent, ()) if parent else outline.places


def _behind(places: Sequence[Place], cursor: str | None) -> int:
    """Say where to go on behind the place that a cursor names."""
    place = after(cursor)
    return bisect_right(places, (place["after_time"], place["after_id"])) if place else 0


def _told(side: ReadSide, trace_id: str, outline: Outline, places: Iterable[Place]) -> list[Row]:
    """Read spans with what they mean, in the order of their places."""
    wanted = [span_id for _, span_id in places]
    found = {row["span_id"]: row for row in side.report("trace_parts", trace=trace_id, ids=json_text(wanted))}
    return [
        {**span_shown(found[span_id]), "children": len(outline.below.get(span_id, ()))}
        for span_id in wanted
        if span_id in found
    ]
