"""Answer questions about one trace, however many spans it has: what it comes to, and its spans page by page."""

from typing import Any, Final

from api.lists import RAW, STATUS_CODES, span_shown
from api.pages import Row, paged
from core.errors import Missing
from store.protocol import ReadSide

PLACE: Final = ("place", "span_id")
MOST_ROOTS: Final = 100
MOST_SESSIONS: Final = 1_000
ROOT: Final = "root"


def trace(side: ReadSide, trace_id: str) -> Row:
    """Sum a trace up: how many spans, how long, which sessions and jobs; its first roots."""
    found = side.report("trace", trace=trace_id)
    if not found:
        raise Missing(f"there is no trace {trace_id!r}; traces are named by 32 hexadecimal digits")
    told = span_shown({**found[0], "status_code": 2 if found[0]["errors"] else 0})
    told.pop("status_code")
    held = side.report("trace_sessions", trace=trace_id, limit=MOST_SESSIONS)
    roots = side.report("trace_roots", trace=trace_id, limit=MOST_ROOTS)
    return {
        **told,
        "sessions": list(dict.fromkeys(row["session_id"] for row in held)),
        "jobs": list(dict.fromkeys(row["job_id"] for row in held if row["job_id"])),
        "roots": [span_shown(row) for row in roots],
    }


def spans(
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
    where: dict[str, Any] = {"trace": trace_id, **(RAW["status"](status) if status else {})}
    if parent == ROOT:
        where["roots"] = 1
    elif parent:
        where["parent"] = parent
    told = paged(side, "trace_parts", PLACE, limit=limit, cursor=cursor, shown=span_shown, **where)
    if not told["items"] and not side.report("trace", trace=trace_id):
        raise Missing(f"there is no trace {trace_id!r}; traces are named by 32 hexadecimal digits")
    return told


STATUSES: Final = tuple(STATUS_CODES)
