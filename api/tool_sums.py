"""Count the calls of tools, and say how long they took: whole days are added up already, the rest is few calls.

Calls are added up by classes of duration, which tell about how long half of them took: no order of all calls is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from api.pages import Row, limited
from store.protocol import ReadSide

SHARES: Final = {"p50_ms": 50, "p95_ms": 95}
UNTIMED: Final = -99
"""The class of calls of which nothing tells how long they took."""
STEP: Final = 2
"""Classes of durations in each doubling (schema/migrations, tool_days)."""
MIDNIGHT: Final = "T00:00:00.000000Z"
PARTS: Final = frozenset(("session", "job"))
Times = tuple[str | None, str | None]


@dataclass(slots=True)
class Few:
    """Add up calls that took about as long."""

    calls: int = 0
    total_ms: float = 0.0

    def duration(self, place: int, share: int) -> float:
        """Say about how long the call at a place, from 0 on, took: they are taken to lie evenly around their mean."""
        low, high = float(2 ** (share / STEP)), float(2 ** ((share + 1) / STEP))
        mean = min(max(self.total_ms / self.calls, 0.0), high)
        room = max(min(mean - low, high - mean), 0.0)
        return mean + room * ((2 * place + 1) / self.calls - 1)


@dataclass(slots=True)
class Sums:
    """Add up one tool's calls."""

    name: str
    calls: int = 0
    failures: int = 0
    total_ms: float = 0.0
    classes: dict[int, Few] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count some of its calls."""
        self.calls += row["calls"]
        self.failures += row["failures"]
        self.total_ms += max(row["total_ms"], 0.0)
        if row["share"] != UNTIMED:
            few = self.classes.setdefault(row["share"], Few())
            few.calls += row["calls"]
            few.total_ms += row["total_ms"]

    @property
    def timed(self) -> int:
        """Count the calls of which it is known how long they took."""
        return sum(few.calls for few in self.classes.values())

    @property
    def rate(self) -> float:
        """Give the part of the calls that failed."""
        return self.failures / self.calls if self.calls else 0.0

    def within(self, percent: int) -> float | None:
        """Say within about how many milliseconds so many of a hundred calls were over; None when none was timed.

        It is never further off than a class is wide, 41 %, and exact where no other call took about as long.
        """
        left = -(-self.timed * percent // 100) - 1
        for share in sorted(self.classes):
            few = self.classes[share]
            if left < few.calls:
                return few.duration(left, share)
            left -= few.calls
        return None


def tools(side: ReadSide, *, limit: int | None = None, **where: Any) -> Row:
    """Count calls and failures of each tool, and say how long half, and 95 of a hundred, of its calls took at most.

    Filters: session, job, agent, tool, since, until. A call without a time counts on the day it came.
    Durations are exact for the calls of a session or a job, of others they are about right.
    """
    where = {name: value for name, value in where.items() if value is not None}
    if where.keys() & PARTS:
        return _of_few(side, limit, where)
    found = sorted(_added(side, where), key=lambda one: (-one.calls, one.name))[: limited(limit)]
    return {"items": [_told(one) for one in found], "next": None}


def _of_few(side: ReadSide, limit: int | None, where: Mapping[str, Any]) -> Row:
    """Look at the calls of a session or a job one by one."""
    found = side.report("tools", limit=limited(limit), **where)
    durations = {row.pop("name"): row for row in side.report("tool_durations", **where)}
    return {"items": [{**row, **durations.get(row["name"], dict.fromkeys(SHARES))} for row in found], "next": None}


def _added(side: ReadSide, where: Mapping[str, Any]) -> Iterable[Sums]:
    """Add up whole days, and the calls of days that are asked for in part."""
    of = {name: where[name] for name in ("tool", "agent") if name in where}
    whole, parts = _cut(where.get("since"), where.get("until"))
    found: dict[str, Sums] = {}
    rows = [] if whole is None else side.report("tool_day_sums", first=whole[0], last=whole[1], **of)
    for since, until in parts:
        rows += side.report("tool_part_sums", since=since, until=until, **of)
    for row in rows:
        found.setdefault(row["name"], Sums(row["name"])).add(row)
    return found.values()


def _cut(since: str | None, until: str | None) -> tuple[Times | None, Sequence[Times]]:
    """Cut a period into whole days, from one on and before another, and the parts at its ends."""
    first = None if since is None else since[:10] if since.endswith(MIDNIGHT) else _following(since[:10])
    last = None if until is None else until[:10]
    if first is not None and last is not None and first >= last:
        return None, [(since, until)]
    parts: list[Times] = []
    if since is not None and first is not None and since[:10] < first:
        parts.append((since, first))
    if until is not None and not until.endswith(MIDNIGHT):
        parts.append((last, until))
    return (first, last), parts


def _following(day: str) -> str:
    """Name the day after; behind the last that there is, what sorts behind it."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day < "9999-12-31" else "~"


def _told(one: Sums) -> Row:
    told: Row = {"name": one.name, "calls": one.calls, "failures": one.failures, "timed": one.timed}
    told |= {name: one.within(percent) for name, percent in {"max_ms": 100, **SHARES}.items()}
    return {**told, "total_ms": one.total_ms if one.timed else None}
