"""Answer lists of records, calls and whatever else is kept: newest first, in pages, with filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.narrowing import (
    Narrow,
    entry_periods,
    model_call_periods,
    paged_within,
    span_periods,
    tool_call_periods,
)
from api.pages import LARGEST, Row, paged, paged_looking, paged_to_untimed, part_of_path, pattern
from api.shapes import shown, tool_call_shown
from api.times import iso_nano, moment
from core.errors import Invalid, Missing
from pricing.money import nanos
from store.protocol import ReadSide

Turn = Callable[[Any], Mapping[str, Any]]
"""Makes what is bound of a filter."""

STATUS_CODES: Final = {"unset": 0, "ok": 1, "error": 2}
SPAN_KINDS: Final = {"unspecified": 0, "internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
PER_MS: Final = 1_000_000
PARTS: Final = frozenset(("session", "job", "trace"))
"""What has few records, which an index finds."""


def unix_nanos(time: str) -> int:
    """Write an ISO 8601 time as Unix nanoseconds."""
    found = moment(time)
    nanoseconds = (int(found.timestamp()) * 1_000_000 + found.microsecond) * 1_000
    return max(-LARGEST, min(nanoseconds, LARGEST))


def cost(usd: float) -> int:
    """Write dollars as nano-dollars."""
    found = nanos(usd)
    if found is None:
        raise Invalid(f"{usd} is not a cost; a number of dollars from 0 to 1000000 is wanted")
    return found


COSTS: Final[Mapping[str, Turn]] = {
    "min_cost": lambda usd: {"min_nanos": cost(usd)},
    "max_cost": lambda usd: {"max_nanos": cost(usd)},
    "error": lambda text: {"error": pattern(text)},
    "file": lambda path: {"file": part_of_path(path), "part": pattern(path.strip("/"))},
    "counted": lambda truth: {"counted": int(truth)},
    "status": lambda status: {"status": status},
}
RAW: Final[Mapping[str, Turn]] = {
    "since": lambda time: {"since": unix_nanos(time)},
    "until": lambda time: {"until": unix_nanos(time)},
    "status": lambda status: {"status_code": STATUS_CODES[status]},
    "kind": lambda kind: {"kind": SPAN_KINDS[kind]},
    "min_ms": lambda ms: {"min_nanos": int(min(ms * PER_MS, LARGEST))},
}
ENTRIES: Final[Mapping[str, Turn]] = {"text": lambda text: {"text": pattern(text)}}
TOOLS: Final[Mapping[str, Turn]] = {**COSTS, "status": lambda status: {"is_error": int(status == "error")}}


@dataclass(frozen=True, slots=True)
class Listing:
    """List the rows of a report; `place` are the columns of its order, `turns` make what is bound of its filters.

    `narrow` says in which times there may be anything; `paged` reads a page of all of it. A text may be anywhere:
    its pages end with what the report `ends` finds.
    """

    about: str
    report: str
    place: tuple[str, ...]
    shown: Callable[[Row], Row] = shown
    turns: Mapping[str, Turn] = field(default_factory=lambda: COSTS)
    narrow: Narrow | None = None
    paged: Callable[..., Row] = paged
    ends: str = ""

    def __call__(self, side: ReadSide, *, limit: int | None = None, cursor: str | None = None, **where: Any) -> Row:
        """Read a page."""
        bound: dict[str, Any] = {}
        for name, value in where.items():
            if value is not None:
                bound |= self.turns[name](value) if name in self.turns else {name: value}
        page: dict[str, Any] = {"limit": limit, "cursor": cursor, "shown": self.shown}
        if self.ends and "text" in bound:
            return paged_looking(side, self.report, self.ends, self.place, **page, **bound)
        periods = self.narrow(side, bound) if self.narrow and not bound.keys() & PARTS else None
        if periods is not None:
            return paged_within(side, self.report, self.place, periods, **page, **bound)
        return self.paged(side, self.report, self.place, **page, **bound)


@dataclass(frozen=True, slots=True)
class Reading:
    """Read one row of a report by what names it; `what` names it for people."""

    about: str
    report: str
    what: str
    names: tuple[str, ...] = ("id",)
    shown: Callable[[Row], Row] = shown

    def __call__(self, side: ReadSide, *named: Any) -> Row:
        """Read it, or raise Missing."""
        found = side.report(self.report, **dict(zip(self.names, named, strict=True)))
        if not found:
            raise Missing(f"there is no {self.what} {'/'.join(map(str, named))!r}")
        return self.shown(found[0])


def span_shown(row: Row) -> Row:
    """Write a span for readers: time and duration beside nanoseconds."""
    row["timestamp"] = iso_nano(row["start_time_unix_nano"])
    row["duration_ms"] = duration_ms(row["start_time_unix_nano"], row["end_time_unix_nano"])
    if row.get("status") is None:
        row["status"] = "error" if row["status_code"] == STATUS_CODES["error"] else "ok"
    return shown(row)


def timed_shown(row: Row) -> Row:
    """Write a log record or a metric point for readers."""
    row["timestamp"] = iso_nano(row["sort_time"])
    return shown(row)


def log_shown(row: Row) -> Row:
    """Write a log record for readers."""
    row["body_is_json"] = bool(row["body_is_json"])
    return timed_shown(row)


def rejection_shown(row: Row) -> Row:
    """Write a refused item for readers."""
    row["timestamp"] = iso_nano(row["received_at"])
    return row


def duration_ms(start: int | None, end: int | None) -> float | None:
    """Give the milliseconds between two Unix nanoseconds; None while the end is not known."""
    return (end - start) / PER_MS if start is not None and end else None


IN_TIME: Final = ("start_time_unix_nano", "id")
SORTED: Final = ("sort_time", "fingerprint")

traces = Listing(
    "List traces by their roots, newest first. One whose root has not come is found by its session or its spans.",
    "traces",
    IN_TIME,
    span_shown,
    RAW,
    span_periods,
    paged_to_untimed,
)
spans = Listing(
    "List spans without their attributes, newest first.",
    "spans",
    IN_TIME,
    span_shown,
    RAW,
    span_periods,
    paged_to_untimed,
)
span = Reading(
    "Read a span with its attributes, events and links.", "whole_span", "span", ("trace", "span"), span_shown
)
logs = Listing("List log records, newest first.", "logs", SORTED, log_shown, RAW)
log = Reading("Read a log record with its resource.", "log", "log record", shown=log_shown)
points = Listing("List metric points without their buckets, newest first.", "points", SORTED, timed_shown, RAW)
point = Reading("Read a metric point with its buckets and its resource.", "point", "metric point", shown=timed_shown)
model_calls = Listing(
    "List model calls, newest first.", "model_calls", ("started_at", "call_id"), narrow=model_call_periods
)
model_call = Reading("Read a model call.", "model_call", "model call")
tool_calls = Listing(
    "List tool calls, newest first.", "tool_calls", ("place", "id"), tool_call_shown, TOOLS, tool_call_periods
)
tool_call = Reading("Read a tool call.", "tool_call", "tool call", shown=tool_call_shown)
entries = Listing(
    "List entries, newest first.",
    "newest_entries",
    ("timestamp", "trace_id"),
    turns=ENTRIES,
    narrow=entry_periods,
    ends="entries_end",
)
events = Listing("List events of jobs, newest first.", "events", ("timestamp", "id"))
subagents = Listing("List subagents of jobs, newest first.", "subagents", ("id",))
runs = Listing("List runs of agents in sessions, newest first.", "agent_runs", ("place", "agent_id"))
run = Reading("Read a run of an agent.", "agent_run", "run of an agent")
rejections = Listing(
    "List refused items without their payload, newest first.", "rejections", ("id",), rejection_shown, RAW
)
days = Listing("List the days on which jobs ran, newest first.", "daily_page", ("date",))
