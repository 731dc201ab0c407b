"""Make the usage of sessions of folded series: one sum for each model, never the same twice (mapping.md D.9).

A program may count the same tokens by several metrics, and two instrumentations may watch the same calls:
of a session the best family counts, of a model in it the one scope that counted the most.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mapping.facts import Fact, Model
from mapping.metrics import COST, Meter
from mapping.series import Series
from mapping.tokens import EXCLUDES_CACHE, EXCLUDES_REASONING, Tokens, normal_input, normal_output

Told = tuple[str | None, str | None]
"""Provider and model."""
PREFIX: Final = "metric/"
SOURCE: Final = "point/{:016x}"
SECOND: Final = 1_000_000_000
ALONE: Final = 60 * SECOND
"""How long a session must be known by its metrics alone until they count: its other records may be on their way."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Hold what a session used of one model: a fact like that of a call, the money told, and its series' names."""

    fact: Fact
    nanos: int | None
    sources: tuple[str, ...]


def due(series: Iterable[Series]) -> int | None:
    """Say when a session's series count if nothing else tells of its calls, Unix nanoseconds; None without any."""
    first = min((one.first for one in series), default=None)
    return None if first is None else first + ALONE


def usages(session_id: str, series: Iterable[Series]) -> list[Usage]:
    """Give what a session used, by provider and model."""
    held = sorted(series, key=lambda one: (one.key, one.start))
    counted = [
        *_best(one for one in held if one.meter.part != COST),
        *_best(one for one in held if one.meter.part == COST),
    ]
    by_model: dict[Told, list[Series]] = defaultdict(list)
    for one in counted:
        by_model[_told(one.meter)].append(one)
    return [_usage(session_id, told, by_model[told]) for told in sorted(by_model, key=str)]


def _best(series: Iterable[Series]) -> list[Series]:
    """Keep the best family, and of each model one scope."""
    held = list(series)
    best = min((one.meter.rank for one in held), default=None)
    scopes: dict[Told, dict[str, list[Series]]] = defaultdict(lambda: defaultdict(list))
    for one in held:
        if one.meter.rank == best:
            scopes[_told(one.meter)][one.meter.scope].append(one)
    return [one for by_scope in scopes.values() for one in _most(by_scope)]


def _most(by_scope: dict[str, list[Series]]) -> list[Series]:
    return by_scope[min(by_scope, key=lambda scope: (-sum(one.total for one in by_scope[scope]), scope))]


def _told(meter: Meter) -> Told:
    return meter.provider, meter.model


def _usage(session_id: str, told: Told, series: Sequence[Series]) -> Usage:
    meter = series[0].meter
    sums = _sums(series)
    fact = Fact(
        key=f"{PREFIX}{session_id}/{told[0] or ''}/{told[1] or ''}",
        is_span=False,
        name=meter.metric,
        kind="llm",
        emitter=meter.emitter,
        scope=meter.scope,
        start=min(one.began for one in series),
        end=max(one.last for one in series),
        trace_id="",
        span_id="",
        parent_span_id="",
        session_id=session_id,
        turn_id=None,
        agent_name=None,
        failed=False,
        error_type=None,
        error_message=None,
        model=Model(*told, None, None, None, None, _tokens(meter.emitter, sums)),
    )
    return Usage(fact, sums.get(COST), tuple(dict.fromkeys(SOURCE.format(one.key % (1 << 64)) for one in series)))


def _sums(series: Iterable[Series]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for one in series:
        sums[one.meter.part] += one.total
    return dict(sums)


def _tokens(emitter: str, sums: dict[str, int]) -> Tokens:
    """Bring sums to one meaning, as the tokens of a call."""
    parts = ("input", "output", "cache_read", "cache_write", "reasoning")
    came = Tokens(*(sums.get(part) for part in parts))
    told = normal_input(came, None, excludes_cache=emitter in EXCLUDES_CACHE)
    output = normal_output(came, None, told, excludes_reasoning=emitter in EXCLUDES_REASONING)
    return Tokens(told, output, came.cache_read, came.cache_write, came.reasoning)
