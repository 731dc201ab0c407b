"""Add up what calls used; what no call says is not known, and not nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from derive.costs import Cost
from mapping.calls import Call

Priced = tuple[Call, Cost]


@dataclass(frozen=True, slots=True)
class Sums:
    """Hold sums over model calls: tokens, nano-dollars, and where the money comes from."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None
    reasoning: int | None
    nanos: int | None
    cost_source: str | None

    @classmethod
    def of(cls, calls: Sequence[Priced]) -> "Sums":
        """Add calls up."""
        tokens = [call.fact.model.tokens for call, _ in calls if call.fact.model]
        return cls(
            total(each.input for each in tokens),
            total(each.output for each in tokens),
            total(each.cache_read for each in tokens),
            total(each.cache_write for each in tokens),
            total(each.reasoning for each in tokens),
            total(cost.nanos for _, cost in calls),
            _source(calls),
        )


def total(values: Iterable[int | None]) -> int | None:
    """Add what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def most_written(calls: Iterable[Priced]) -> Call | None:
    """Give the call of the model that wrote the most: its last one."""
    written: Counter[str] = Counter()
    last: dict[str, Call] = {}
    for call, _ in calls:
        name = model_of(call)
        if name:
            written[name] += (call.fact.model.tokens.output or 0) if call.fact.model else 0
            last[name] = call
    best = max(written, key=lambda name: written[name], default=None)
    return last[best] if best else None


def model_of(call: Call) -> str | None:
    """Name a call's model: the one that answered, else the one that was asked."""
    return (call.fact.model.model or call.fact.model.request_model) if call.fact.model else None


def _source(calls: Iterable[Priced]) -> str | None:
    """Say where a sum of money comes from: one source, or that several are mixed."""
    told = {cost.source for call, cost in calls if cost.nanos is not None or _has_tokens(call)}
    return next(iter(told)) if len(told) == 1 else "mixed" if told else None


def _has_tokens(call: Call) -> bool:
    return call.fact.model is not None and bool(call.fact.model.tokens)
