"""Count the calls of tools, and say how long they took: whole days are added up already, the rest is few calls.

Days are added up by classes of duration, so of all durations only those of the class that a share falls into are read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
class Sums:
    """Add up one tool's calls."""

    name: str
    calls: int = 0
    failures: int = 0
    total_ms: float = 0.0
    classes: dict[int, int] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count some of its calls."""
        self.calls += row["calls"]
        self.failures += row["failures"]
        self.total_ms += max(row["total_ms"], 0.0)
        if row["share"] != UNTIMED:
            self.classes[row["share"]] = self.classes.get(row["share"], 0) + row["calls"]

    @property
    def timed(self) -> int:
        """Count the calls of which it is known how long they took."""
        return sum(self.classes.values())

    @property
    def rate(self) -> float:
        """Give the part of the calls that failed."""
        return self.failures / self.calls if self.calls else 0.0

    def within(self, percent: int) -> float | None:
        """Say about how many milliseconds so many of a hundred calls took at most: the middle of their class.

        One call never took longer than all.
        """
        return min(_middle(self.place(percent)[0]), self.total_ms) if self.timed else None

    def place(self, percent: int) -> tuple[int, int]:
        """Say in which class the duration stands that so many of a hundred did not pass, and where in it."""
        left = -(-self.timed * percent // 100) - 1
        for share in sorted(self.classes):
            if left < self.classes[share]:
                return share, left
            left -= self.classes[share]
        raise AssertionError("a share of the calls is among them")


def tools(side: ReadSide, *, limit: int | None = None, **where: Any) -> Row:
    """Count calls and failures of each tool, and say how long half, and 95 of a hundred, of its calls took at most.

    Filters: session, job, agent, tool, since, until. A call without a time counts on the day it came;
    of calls that retention took it is known to a fifth how long they took.
    """
    where = {name: value for name, value in where.items() if value is not None}
    if where.keys() & PARTS:
        return _of_few(side, limit, where)
    if where.keys() <= {"tool"}:
        every = side.report("all_tools")
        if sum(row["calls"] for row in every) == side.report("tool_calls_kept")[0]["calls"]:  # retention took none
            return _of_all(side, limit, [row for row in every if where.get("tool") in {None, row["name"]}])
    found = sorted(_added(side, where), key=lambda one: (-one.calls, one.name))[: limited(limit)]
    return {"items": [_told(side, one, where) for one in found], "next": None}


def _of_few(side: ReadSide, limit: int | None, where: Mapping[str, Any]) -> Row:
    """Look at the calls of a session or a job one by one."""
    found = side.report("tools", limit=limited(limit), **where)
    durations = {row.pop("name"): row for row in side.report("tool_durations", **where)}
    return {"items": [{**row, **durations.get(row["name"], dict.fromkeys(SHARES))} for row in found], "next": None}


def _of_all(side: ReadSide, limit: int | None, rows: Iterable[Row]) -> Row:
    """Take what is added up, and look durations up by their places among all of a tool's."""
    found = sorted(rows, key=lambda row: (-row["calls"], row["name"]))[: limited(limit)]
    return {"items": [{**row, **_placed(side, row["name"], row["timed"])} for row in found], "next": None}


def _placed(side: ReadSide, tool: str, timed: int) -> Row:
    """Walk to a place from the end that is nearer."""
    told: Row = dict.fromkeys(("max_ms", *SHARES))
    if not timed:
        return told
    for name, percent in {"max_ms": 100, **SHARES}.items():
        at = -(-timed * percent // 100) - 1
        report, offset = ("tool_duration", at) if at < timed // 2 else ("tool_duration_from_end", timed - 1 - at)
        told[name] = _at(side, {"tool": tool, "offset": offset}, report)
    return told


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


def _told(side: ReadSide, one: Sums, where: Mapping[str, Any]) -> Row:
    timed = one.timed
    told: dict[str, Any] = {"name": one.name, "calls": one.calls, "failures": one.failures, "timed": timed}
    of = {name: where[name] for name in ("agent", "since", "until") if name in where} | {"tool": one.name}
    told["max_ms"] = None
    if timed:
        longest = max(one.classes)
        found = _at(side, {**of, "low": _low(one, longest)}, "tool_longest")
        told["max_ms"] = _middle(longest) if found is None else found
    told["total_ms"] = one.total_ms if timed else None
    return told | dict(_durations(side, one, of))


def _durations(side: ReadSide, one: Sums, of: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for name, percent in SHARES.items():
        if not one.timed:
            yield name, None
            continue
        share, offset = one.place(percent)
        within = {"low": _low(one, share), "high": float(2 ** ((share + 1) / STEP)), "offset": offset}
        found = _at(side, {**of, **within}, "tool_duration")
        yield name, _middle(share) if found is None else found


def _low(one: Sums, share: int) -> float | None:
    """Say where a class begins; the first begins where anything does."""
    return None if share == min(one.classes) else float(2 ** (share / STEP))


def _middle(share: int) -> float:
    """Stand for the calls of a class: it is right to a fifth."""
    return float(2 ** ((share + 0.5) / STEP))


def _at(side: ReadSide, values: Mapping[str, Any], report: str) -> float | None:
    found = side.report(report, **values)
    return found[0]["duration_ms"] if found else None
