"""Narrow lists to the times in which there may be something: sums by hour and by day know, and have few rows.

A list walks along time until its page is full. Of what is seldom or not there at all it would see everything;
so it is asked for one period after the other, the newest first, and never about what lies between.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from api.pages import Row, after, limited, told
from store.protocol import ReadSide

Period = tuple[Any, Any]
"""From a time on, and before a time, as the list writes times."""
Narrow = Callable[[ReadSide, Mapping[str, Any]], Sequence[Period] | None]
"""Gives the periods for a list's filters, the newest first; None when nothing can be said."""

HOUR: Final = 3_600_000_000_000
MOST_PERIODS: Final = 1_000
"""What is in more periods is not seldom: it is found along the way."""
MOST_UNCOUNTED: Final = 20_000
"""Spans whose names are not counted yet and that are looked through."""
TIMELESS: Final[Period] = ("", "0")
"""Where calls stand of which nobody knows when they were."""


def span_periods(side: ReadSide, where: Mapping[str, Any]) -> Sequence[Period] | None:
    """Find the hours in which spans of a name or a status, or as long as is wanted, began."""
    service = where.get("service")
    if service is not None and not side.report("service_known", service=service):
        return []
    told = {name: where[name] for name in ("name", "min_nanos") if where.get(name) is not None}
    status = where.get("status_code")
    if not (told or status is not None) or side.report("uncounted_spans")[0]["spans"] > MOST_UNCOUNTED:
        return None
    known = [side.report("span_hours", kind="span", **told)] if told else []
    known += [side.report("span_hours", kind="status", name=str(status))] if status is not None else []
    hours = set.intersection(*({row["hour"] for row in rows} for rows in known))
    hours |= {row["hour"] for row in side.report("uncounted_hours", **told)}
    if any(hour <= 0 for hour in hours):  # of these some may have no time at all
        return None
    return _few([(hour * HOUR, (hour + 1) * HOUR) for hour in sorted(hours, reverse=True)])


def model_call_periods(side: ReadSide, where: Mapping[str, Any]) -> Sequence[Period] | None:
    """Find the days on which a provider was called, or calls can have cost as little or as much as is wanted."""
    names = ("provider", "cost_source", "min_nanos", "max_nanos")
    told = {name: where[name] for name in names if where.get(name) is not None}
    return _few(_days(side.report("model_call_days", **told))) if told else None


def entry_periods(side: ReadSide, where: Mapping[str, Any]) -> Sequence[Period] | None:
    """Find the hours in which there can be entries of a kind or a status, or as short or long as is wanted."""
    told = {name: where[name] for name in ("kind", "status", "min_ms", "max_ms") if where.get(name) is not None}
    hours = [(row["hour"], row["following"]) for row in side.report("entry_hours", **told)] if told else None
    return None if hours is None or any(None in hour for hour in hours) else _few(hours)


def tool_call_periods(side: ReadSide, where: Mapping[str, Any]) -> Sequence[Period] | None:
    """Find the days on which a tool was called, or an agent called tools, or calls took as long as is wanted."""
    told = {name: where[name] for name in ("tool", "agent", "min_ms") if where.get(name) is not None}
    found = _few(_days(side.report("tool_call_days", **told))) if told else None
    return None if found is None else [*found, TIMELESS]


def paged_within(  # noqa: PLR0913  what makes a page
    side: ReadSide,
    report: str,
    place: Sequence[str],
    periods: Iterable[Period],
    /,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    shown: Callable[[Row], Row],
    **where: Any,
) -> Row:
    """Read a page of a list that has something in these periods alone, the newest first."""
    size, behind = limited(limit), after(cursor, len(place))
    found: list[Row] = []
    cut = False
    for since, until in _asked(periods, where, behind):
        rows, cut = side.page(report, rows=size + 1 - len(found), **{**where, **behind, "since": since, "until": until})
        found += rows
        if cut or len(found) > size:
            break
    rows = found[:size]
    return told(rows, rows[-1] if cut or len(found) > size else None, place, shown)


def _asked(periods: Iterable[Period], where: Mapping[str, Any], behind: Mapping[str, Any]) -> Iterable[Period]:
    """Give what of the periods is asked for, behind the page before."""
    first, last, place = where.get("since"), where.get("until"), behind.get("after_time")
    for since, until in periods:
        begin = since if first is None else max(since, first)
        end = until if last is None else min(until, last)
        if begin < end and not _is_behind(begin, place):
            yield begin, end


def _is_behind(begin: Any, place: Any) -> bool:
    """Say whether a page before came past a time; a cursor of another list may have times of another kind."""
    return type(place) is type(begin) and bool(begin > place)


def _days(rows: Iterable[Row]) -> list[Period]:
    return [(row["day"], (date.fromisoformat(row["day"]) + timedelta(days=1)).isoformat()) for row in rows]


def _few(periods: Sequence[Period]) -> Sequence[Period] | None:
    """Put together what touches; None when it is much."""
    found: list[Period] = []
    for since, until in periods:
        if found and found[-1][0] == until:
            found[-1] = (since, found[-1][1])
        else:
            found.append((since, until))
    return found if len(found) <= MOST_PERIODS else None
