"""Show what models cost: by day, model, agent, project and plan; priced, emitted and unpriced told apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from api.pages import Row
from web.asking import PERIODS, Asked
from web.bars import Bar, stacked
from web.wording import dollars

DEFAULT_PERIOD: Final = "30d"
DAYS: Final = 400
ROWS: Final = 400
PLANS: Final = 8


@dataclass(slots=True)
class Sum:
    """Hold what a day, model, agent or project comes to; costs are nano-dollars by who says so."""

    name: str
    calls: int = 0
    priced: int = 0
    unknown: int = 0
    untold: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    emitted: int = 0
    computed: int = 0

    @property
    def cost(self) -> int | None:
        """Give what is known of the cost; None when nothing is."""
        return self.emitted + self.computed if self.priced else None

    @property
    def unpriced(self) -> int:
        """Count the calls without a cost."""
        return self.calls - self.priced

    def add(self, row: Row) -> None:
        """Add the calls of one source of costs."""
        for name in ("calls", "priced", "input_tokens", "output_tokens", "cache_read_tokens"):
            setattr(self, name, getattr(self, name) + row[name])
        unpriced = row["calls"] - row["priced"]
        if row["cost_source"] == "unknown_model":
            self.unknown += unpriced
        else:
            self.untold += unpriced
        if row["cost_source"] == "emitted":
            self.emitted += row["cost_nanos"]
        else:
            self.computed += row["cost_nanos"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold the sums of a period."""

    whole: Sum
    days: Sequence[Sum]
    bars: Sequence[Bar]
    every: int
    tables: Mapping[str, Sequence[Sum]]
    plans: Sequence[Row]
    sessions: Sequence[Row]
    unpriced: Sequence[Sum]
    filters: Mapping[str, str | None]
    choices: Mapping[str, Sequence[str]]
    period: str
    filtered: bool
    title: str = "Cost"
    section: str = "cost"
    periods: Sequence[str] = tuple(PERIODS)


def show(asked: Asked) -> Cost:
    """Add costs up."""
    period = asked.period(DEFAULT_PERIOD)
    since = asked.since(period)
    where: dict[str, Any] = {name: asked.text(name) for name in ("agent", "model")}
    bound = {**where, "day": since[:10] if since else None}
    report = asked.side.report
    days = _days(report("spent_by_day", limit=DAYS * 5, **bound), bound["day"], asked.now.date())
    rows = {name: report(f"spent_by_{name}", limit=ROWS, **bound) for name in ("model", "agent", "project")}
    tables = {name: _sums(found, lambda row: row["name"] or "") for name, found in rows.items()}
    whole = Sum("")
    for row in rows["model"]:
        whole.add(row)
    bars = stacked([(one.name[5:], _words(one), {"emitted": one.emitted, "computed": one.computed}) for one in days])
    return Cost(
        whole=whole,
        days=days,
        bars=bars,
        every=max(1, len(bars) // 10),
        tables=tables,
        plans=[report("plan_cost", plan=row["key"])[0] for row in report("plan_keys", limit=PLANS)],
        sessions=report("costliest_sessions", limit=10, **bound),
        unpriced=sorted((one for one in tables["model"] if one.unknown), key=lambda one: -one.unknown)[:10],
        filters=where,
        choices={name: [row["name"] for row in report(f"known_{name}s", limit=200)] for name in ("agent", "model")},
        period=period,
        filtered=any(where.values()),
    )


def _sums(rows: Iterable[Row], name: Callable[[Row], str]) -> list[Sum]:
    found: dict[str, Sum] = {}
    for row in rows:
        found.setdefault(name(row), Sum(name(row))).add(row)
    return sorted(found.values(), key=lambda one: (one.cost or 0, one.calls), reverse=True)


def _days(rows: Sequence[Row], since: str | None, today: date) -> list[Sum]:
    """Give every day, also those on which nothing happened."""
    known = {one.name: one for one in _sums(rows, lambda row: str(row["day"]))}
    first = _date(since or min(known, default="")) or today
    count = min((today - first).days + 1, DAYS)
    names = [(today - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]
    return [known.get(name, Sum(name)) for name in names]


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text[:10], "%Y-%m-%d").date()  # noqa: DTZ007  a day of UTC
    except ValueError:
        return None


def _words(one: Sum) -> str:
    unpriced = f", {one.unpriced} calls without a price" if one.unpriced else ""
    return f"{one.name}: {dollars(one.cost)}, {one.calls} calls{unpriced}"
