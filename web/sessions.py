"""List sessions, with what tells them apart and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.pages import Row, after, page
from api.times import between_ms
from pricing.money import nanos
from web.asking import PERIODS, Asked

SHOWN: Final = 50
DEFAULT_PERIOD: Final = "all"
STATES: Final[Mapping[str, Mapping[str, Any]]] = {
    "active": {"active": 1},
    "ended": {"active": 0},
    "completed": {"exit_reason": "completed"},
    "interrupted": {"exit_reason": "interrupted"},
    "error": {"exit_reason": "error"},
    "timeout": {"exit_reason": "timeout"},
    "context_limit": {"exit_reason": "context_limit"},
}
CHOICES: Final = ("agent", "project", "model", "phase")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Hold a page of sessions, the filters in force, and what can be chosen."""

    items: Sequence[Row]
    next: str | None
    filters: Mapping[str, str | None]
    choices: Mapping[str, Sequence[str]]
    period: str
    filtered: bool
    title: str = "Sessions"
    section: str = "sessions"
    states: Sequence[str] = tuple(STATES)
    periods: Sequence[str] = tuple(PERIODS)


def show(asked: Asked) -> Sessions:
    """List sessions that are as the filters say."""
    where = {name: asked.text(name) for name in CHOICES}
    state, period = asked.one_of("status", STATES), asked.period(DEFAULT_PERIOD)
    costs = {"min_nanos": nanos(asked.number("min_cost")), "max_nanos": nanos(asked.number("max_cost"))}
    bounds = {**(STATES[state] if state else {}), **costs, "since": asked.since(period)}
    found = asked.side.report("session_list", limit=SHOWN + 1, **where, **bounds, **after(asked.text("after")))
    cut = page(found, SHOWN, ("started_at", "session_id"), shown=_shown)
    told = {**where, "status": state, **{name: asked.text(name) for name in ("min_cost", "max_cost")}}
    return Sessions(
        items=cut["items"],
        next=asked.link("/sessions", after=cut["next"]) if cut["next"] else None,
        filters=told,
        choices={name: _choices(asked, name) for name in CHOICES},
        period=period,
        filtered=any(told.values()) or period != DEFAULT_PERIOD or asked.text("after") is not None,
    )


def _choices(asked: Asked, name: str) -> list[str]:
    return [row["name"] for row in asked.side.report(f"known_{name}s", limit=200) if row["name"]]


def _shown(row: Row) -> Row:
    names = ("calls", "measured", "priced", "total_tokens", "cost_nanos")
    row.update(zip(names, orjson.loads(row.pop("sums")), strict=True))
    row["duration_ms"] = between_ms(row["started_at"], row["ended_at"] or row["last_seen_at"])
    row["models"] = [name for name in (row["models"] or "").split(",") if name]
    return row
