"""Keep costs in step with prices: what is known of prices, and what calls cost by them now."""

from collections.abc import Iterator
from typing import Final

from derive.costs import priced
from derive.text import nanoseconds
from pricing.catalogue import Catalogue, Usage
from pricing.money import number
from pricing.price import Price
from schema.derived import CallCost, Row
from store.raw_side import RawSide

SLICE: Final = 500
"""Calls that are priced at a time."""


def catalogue(side: RawSide) -> Catalogue:
    """Know the prices that users set and imported, beside the bundled ones."""
    return Catalogue(price_of(row) for row in side.prices())


def price_of(row: Row) -> Price:
    """Read a row of `model_prices`."""
    provider, model, valid_from, came, read, write, went, window, source = row
    return Price(provider, model, valid_from, number(came), number(read), number(write), number(went), window, source)


def new_costs(side: RawSide, prices: Catalogue) -> Iterator[list[CallCost]]:
    """Price all calls again whose senders did not say what they cost; give those that cost something else now."""
    after = ""
    while rows := side.priced_calls(after, SLICE):
        after = rows[-1][0]
        yield [cost for row in rows if (cost := _cost(row, prices)) is not None]


def _cost(row: Row, prices: Catalogue) -> CallCost | None:
    call_id, provider, model, started_at, duration_ms, *tokens, nanos, source, version, role = row
    end = nanoseconds(started_at) + round((duration_ms or 0) * 1e6)
    cost = priced(Usage(provider, model, end, *tokens), role, prices)
    now = (cost.nanos, cost.source, cost.version)
    return CallCost(call_id, *now) if now != (nanos, source, version) else None
