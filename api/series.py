"""Answer what was used, over time and all in all: calls, tokens and cost."""

from datetime import timedelta
from typing import Any, Final

from api.pages import Row, paged
from api.shapes import shown
from api.times import iso, moment
from core.errors import Invalid
from store.protocol import ReadSide

WIDTHS: Final = ("hour", "day")
DEFAULT: Final = {"hour": timedelta(hours=48), "day": timedelta(days=30)}
MOST: Final = {"hour": timedelta(days=31), "day": timedelta(days=36_500)}
GROUPS: Final = ("model", "provider", "agent", "project", "tool")
REPORTS: Final = {"hour": ("usage", "tool_usage"), "day": ("daily_usage", "daily_tool_usage")}
PLACE: Final = ("time", "name")
UNKNOWN: Final = dict.fromkeys(
    (
        *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
        *("cost_nanos", "computed_nanos", "emitted_nanos", "unpriced_calls"),
    )
)
"""What is not known of a tool."""


def usage(
    side: ReadSide,
    *,
    by: str = "day",
    group: str | None = None,
    since: str | None = None,
    until: str | None = None,
    **where: Any,
) -> Row:
    """Add calls up by hour or day, newest first: cost computed from prices, told by programs, and not known.

    Days are whole: that of `since` is the first, that of `until` the last.
    Without `since` the last 30 days, or 48 hours, until `until` or the newest call. Hours go over 31 days at most.
    `group` parts the sums by model, provider, agent or project; by tool, calls of tools are counted instead.
    """
    if group == "tool" and (where.get("model") or where.get("provider")):
        raise Invalid("model and provider are not known of calls of tools; leave them out or group by something else")
    until = until or _newest(side)
    if until is None:
        return {"items": [], "next": None}
    since = since or iso(max(moment(until) - DEFAULT[by], FIRST))
    if moment(until) - moment(since) > MOST[by]:
        raise Invalid(f"since and until are more than {MOST[by].days} days apart; ask by day, or for less")
    of_models, of_tools = REPORTS[by]
    bound = {"since": since, "until": until, **where}
    if group == "tool":
        return paged(side, of_tools, PLACE, shown=_shown, **bound)
    return paged(side, of_models, PLACE, shown=_shown, group=group or "", **bound)


def statistics(side: ReadSide, *, since: str | None = None, until: str | None = None) -> Row:
    """Count sessions, jobs, calls, tokens and cost; since and until are about when each began, calls by whole days."""
    bound = {"since": since, "until": until}
    parts = [
        side.report(name, **bound)[0]
        for name in ("used_by_models", "used_by_tools", "counted_sessions", "counted_jobs")
    ]
    return shown({name: value for part in parts for name, value in part.items()})


FIRST: Final = moment("0001-01-02")


def _newest(side: ReadSide) -> str | None:
    """Give the time behind the newest call."""
    newest = [row["time"] for row in side.report("newest_calls") if row["time"]]
    return iso(min(moment(max(newest)), LAST) + timedelta(microseconds=1)) if newest else None


LAST: Final = moment("9999-12-30")


def _shown(row: Row) -> Row:
    """Write a row for readers; hours and days are written as times."""
    return shown({**UNKNOWN, "total_ms": None, **row})
