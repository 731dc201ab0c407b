"""Show which tools were called, which failed, how long they took, and where tokens go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from api.pages import Row
from api.tool_sums import Sums
from core.errors import Missing
from web.asking import PERIODS, Asked

DEFAULT_PERIOD: Final = "30d"
MOST: Final = 20_000
SORTS: Final = ("calls", "failures", "rate", "p95", "total")
NEWEST: Final = 50
SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Tool:
    """Hold what is known of one tool: all its calls, and those of each agent."""

    sums: Sums
    agents: dict[str, Sums] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count some of its calls."""
        self.sums.add(row)
        self.agents.setdefault(row["agent_name"], Sums(row["agent_name"])).add(row)

    @property
    def by_agent(self) -> Sequence[Sums]:
        """List who called it, the most often first."""
        return sorted(self.agents.values(), key=attrgetter("calls"), reverse=True)

    @property
    def spread(self) -> Sequence[tuple[int, int]]:
        """Draw how calls spread over durations from 1 ms to 17 minutes: forty places, each up to 20 high."""
        classes = self.sums.classes
        highest = max((few.calls for few in classes.values()), default=1)
        return [
            (min(max(share, 0), 39), max(1, round(20 * few.calls / highest))) for share, few in sorted(classes.items())
        ]


@dataclass(frozen=True, slots=True)
class Tools:
    """Hold all tools, and who uses tokens."""

    items: Sequence[Tool]
    agents: Sequence[Row]
    results: Sequence[Row]
    period: str
    sort: str
    filters: Mapping[str, str | None]
    choices: Mapping[str, Sequence[str]]
    title: str = "Tools"
    section: str = "tools"
    periods: Sequence[str] = tuple(PERIODS)


@dataclass(frozen=True, slots=True)
class One:
    """Hold one tool and its newest calls."""

    tool: Tool
    newest: Sequence[Row]
    errors: Sequence[Row]
    failed: bool
    period: str
    section: str = "tools"
    periods: Sequence[str] = tuple(PERIODS)

    @property
    def title(self) -> str:
        """Name the page."""
        return self.tool.sums.name


def show(asked: Asked) -> Tools:
    """Count calls of all tools."""
    period, agent = asked.period(DEFAULT_PERIOD), asked.text("agent")
    sort = asked.one_of("sort", SORTS) or SORTS[0]
    day = _day(asked, period)
    items = sorted(_tools(asked, day=day, agent=agent), key=lambda tool: _order(tool.sums, sort), reverse=True)
    return Tools(
        items=items[:SHOWN],
        agents=_agents(asked.side.report("spent_by_agent", day=day, agent=agent, limit=SHOWN)),
        results=asked.side.report("tool_results", limit=12),
        period=period,
        sort=sort,
        filters={"agent": agent},
        choices={"agent": sorted({name for tool in items for name in tool.agents if name})},
    )


def show_one(asked: Asked) -> One:
    """Read what is known of one tool."""
    name, period = asked.path["tool"], asked.period(DEFAULT_PERIOD)
    found = _tools(asked, day=_day(asked, period), tool=name) or _tools(asked, tool=name)
    if not found:
        raise Missing(f"no tool {name[:100]!r} was called; /tools lists those that were")
    failed = asked.one_of("failed", ("1",)) is not None
    since, wanted = asked.since(period), 1 if failed else None
    newest = asked.side.report("tool_newest", tool=name, since=since, failed=wanted, limit=NEWEST)
    return One(found[0], newest, asked.side.report("tool_errors", tool=name, limit=20), failed, period)


def _day(asked: Asked, period: str) -> str | None:
    since = asked.since(period)
    return since[:10] if since else None


def _tools(asked: Asked, **where: Any) -> list[Tool]:
    found: dict[str, Tool] = {}
    for row in asked.side.report("tool_shares", limit=MOST, **where):
        found.setdefault(row["name"], Tool(Sums(row["name"]))).add(row)
    return list(found.values())


def _order(sums: Sums, sort: str) -> tuple[float, int]:
    p95 = sums.within(95) or 0.0
    of = {"calls": sums.calls, "failures": sums.failures, "rate": sums.rate, "p95": p95, "total": sums.total_ms}
    return of[sort], sums.calls


def _agents(rows: Iterable[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    names = ("calls", "errors", "input_tokens", "output_tokens", "cache_read_tokens", "cost_nanos", "priced")
    for row in rows:
        sums = found.setdefault(row["name"], {"name": row["name"], **dict.fromkeys(names, 0)})
        for name in names:
            sums[name] += row[name]
    return sorted(found.values(), key=lambda sums: sums["input_tokens"] + sums["output_tokens"], reverse=True)
