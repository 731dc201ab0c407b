"""Say what a model call cost, and who says so (mapping.md D.8)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from mapping.calls import Call
from mapping.facts import Fact, Model
from pricing.catalogue import Catalogue, Usage
from pricing.money import nanos as nanos_of
from schema.derived import BY_METRIC

EMITTED: Final = "emitted"
SHORT: Final = 100_000
"""Tokens of a call that no model's price depends on the length of."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold a cost in nano-dollars; None when it is not known, and `source` says why."""

    nanos: int | None
    source: str
    version: str | None = None


def cost_of(call: Call, prices: Catalogue) -> Cost:
    """Take what the sender says it cost, else compute it from the price at the call's end."""
    model = call.fact.model
    if model is None:
        return Cost(None, "no_tokens")
    emitted = nanos_of(model.cost_usd)
    if emitted is not None:
        return Cost(emitted, EMITTED)
    return priced(_used(model, call.fact.end), call.role, prices)


def told_cost(told: int | None, fact: Fact, prices: Catalogue, *, apart: bool) -> Cost:
    """Take the nano-dollars that metrics tell; where they tell them `apart` from a model's tokens, nothing is added."""
    if told is not None or apart or fact.model is None:
        return Cost(told, EMITTED)
    return priced(_used(fact.model, fact.end), BY_METRIC, prices)


def priced(used: Usage, role: str | None, prices: Catalogue) -> Cost:
    """Price a call; what is a sum of calls is priced as short ones, for the price may depend on a call's length."""
    calls = max(1, ceil((used.input or 0) / SHORT)) if role == BY_METRIC else 1
    last = prices.price(used if calls == 1 else _share(used, lambda count: count - count // calls * (calls - 1)))
    if calls == 1 or last.nanos is None:
        return Cost(last.nanos, last.source, last.version)
    each = prices.price(_share(used, lambda count: count // calls))
    return Cost(last.nanos + (each.nanos or 0) * (calls - 1), last.source, last.version)


def _share(used: Usage, part: Callable[[int], int]) -> Usage:
    counts = (used.input, used.output, used.cache_read, used.cache_write)
    return Usage(used.provider, used.model, used.at, *(None if count is None else part(count) for count in counts))


def _used(model: Model, end: int) -> Usage:
    tokens = model.tokens
    name = model.model or model.request_model
    return Usage(model.provider, name, end, tokens.input, tokens.output, tokens.cache_read, tokens.cache_write)
