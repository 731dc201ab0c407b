"""Say what a model call cost, and who says so (mapping.md D.8)."""

from dataclasses import dataclass
from typing import Final

from mapping.calls import Call
from pricing.catalogue import Catalogue, Usage
from pricing.money import nanos as nanos_of

EMITTED: Final = "emitted"


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
    tokens = model.tokens
    priced = prices.price(
        Usage(
            model.provider,
            model.model or model.request_model,
            call.fact.end,
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write,
        )
    )
    return Cost(priced.nanos, priced.source, priced.version)
