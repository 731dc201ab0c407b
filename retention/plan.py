"""Turn rules into what goes: which rows of which kind, by which rule, and what a change of the rules takes away."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.section import size_text
from retention.config import Retention
from retention.rules import Rule, age_text, is_longer
from schema.signals import Signal
from store.forgetting import PINNED, Found

RAW: Final = {"raw_spans": Signal.TRACES, "raw_logs": Signal.LOGS, "raw_points": Signal.METRICS}
STRIPPED: Final = {"span_texts": Signal.TRACES, "log_texts": Signal.LOGS}
"""Raw rows that lose their texts while the rest of them is kept longer."""
TEXTS: Final = ("entry_texts", "tool_texts", "event_texts", "job_texts")
LOOSE: Final = ("loose_entries", "loose_model_calls", "loose_tool_calls", "loose_events", "loose_jobs")
TIER: Final = {
    **dict.fromkeys(RAW, "raw"),
    **dict.fromkeys((*STRIPPED, *TEXTS), "content"),
    **dict.fromkeys(("sessions", *LOOSE), "rows"),
}
"""The kinds of store/old.sql and the tier that each is of, in the order in which they go."""
SECOND: Final = 1_000_000_000
AHEAD: Final = 24 * 3600 * SECOND
"""A row that came so far ahead of the clock came while the clock was wrong."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Say how long the rows go on being kept that a rule is about; `age` is in seconds, None for ever."""

    rule: str
    whom: Mapping[str, str]
    age: float | None


@dataclass(frozen=True, slots=True)
class Task:
    """Hold the limits of one kind of rows, the first that fits holds; the last is the general one.

    `before` are the limits that held until now, where they are longer: what these keep is kept.
    """

    what: str
    limits: Sequence[Limit]
    before: Sequence[Limit] = ()

    @property
    def tier(self) -> str:
        """Name the tier that the rows are of."""
        return TIER[self.what]

    @property
    def scopes(self) -> str:
        """Write whom the limits are about, the earlier ones behind the present ones, as JSON."""
        return json.dumps([limit.whom for limit in self.limits], separators=(",", ":"))

    @property
    def is_idle(self) -> bool:
        """Say whether nothing ever goes."""
        return all(limit.age is None for limit in self.limits)

    @property
    def shortest(self) -> float:
        """Give the shortest age; there must be one."""
        return min(limit.age for limit in self.limits if limit.age is not None)

    def limit_of(self, found: Found) -> Limit | None:
        """Give the limit that holds for a row: the longest of those of its sessions; None when it is pinned."""
        if PINNED in found.rules:
            return None
        told = [self.limits[number] for number in found.rules] or [self.limits[-1]]
        return next((limit for limit in told if limit.age is None), None) or max(told, key=lambda limit: limit.age or 0)

    def took(self, found: Found, came: int, now: int) -> str | None:
        """Name the rule by which a row goes that came at a time, if one does."""
        limit = self.limit_of(found)
        if limit is None or _keeps(limit, came, now):
            return None
        if self.before and _keeps(_holding(self.before, limit.whom), came, now):
            return None
        return limit.rule


def tasks(config: Retention, before: Retention | None = None) -> list[Task]:
    """List what is to be done, in order; where `before` kept longer, it goes on to hold."""
    earlier = dict(_limits(before)) if before is not None else {}
    return [_task(what, limits, earlier.get(what, [])) for what, limits in _limits(config)]


def shortened(config: Retention, before: Retention) -> list[str]:
    """Say in words what goes sooner by rules than by those before."""
    found = list(dict.fromkeys(_sooner(config, before)))
    for name, is_sooner in (("max_size", _less), ("min_free", _more)):
        now, then = getattr(config, name), getattr(before, name)
        if is_sooner(now, then):
            found.append(f"{name}={_size(now)}: was {_size(then)}")
    return found


def arrivals(rows: Iterable[Found], now: int) -> Iterator[tuple[Found, int]]:
    """Give rows with when they came; one whose clock was wrong came no earlier than the row before it."""
    newest = 0
    for found in rows:
        if found.came <= now + AHEAD:
            newest = max(newest, found.came)
        yield found, newest or now


def _task(what: str, limits: list[Limit], before: list[Limit]) -> Task:
    """Name those whom only an earlier rule is about as well: it goes on to hold for them."""
    known = [limit.whom for limit in limits]
    gone = [each.whom for each in before if each.whom not in known]
    also = [Limit(held.rule, whom, held.age) for whom in gone for held in [_holding(limits, whom)]]
    return Task(what, [*also, *limits], before)


def _limits(config: Retention) -> Iterator[tuple[str, list[Limit]]]:
    for what, tier in TIER.items():
        rules = [rule for rule in config.rules if _is_about(rule, what)]
        special = [Limit(str(rule), rule.whom, age) for rule in rules for name, age in rule.ages if name == tier]
        age = config.age(tier)
        yield what, [*special, Limit(f"{tier}={age_text(age)}", {}, age)]


def _is_about(rule: Rule, what: str) -> bool:
    """Say whether a rule may be about rows of a kind; metric points are of no project or agent."""
    signal = RAW.get(what)
    return rule.signal in {None, signal} and not (signal is Signal.METRICS and rule.whom)


def _keeps(limit: Limit, came: int, now: int) -> bool:
    return limit.age is None or came >= now - int(limit.age * SECOND)


def _sooner(config: Retention, before: Retention) -> Iterator[str]:
    then = dict(_limits(before))
    for what, limits in _limits(config):
        for whom in [limit.whom for limit in (*limits, *then[what])]:
            new, old = (_holding(each, whom) for each in (limits, then[what]))
            if is_longer(old.age, new.age):
                about = "".join(f" of {name} {value}" for name, value in whom.items())
                yield f"{new.rule}{about if new.whom != whom else ''}: was {age_text(old.age)}"


def _holding(limits: Sequence[Limit], whom: Mapping[str, str]) -> Limit:
    return next((limit for limit in limits if limit.whom.items() <= whom.items()), limits[-1])


def _less(now: int | None, then: int | None) -> bool:
    return now is not None and (then is None or now < then)


def _more(now: int | None, then: int | None) -> bool:
    return now is not None and (then is None or now > then)


def _size(value: int | None) -> str:
    return "off" if value is None else size_text(value)
