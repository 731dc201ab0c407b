"""Read the catalogue that genai-prices ships: it is in the package, and nothing is ever fetched.

The package is imported with the first model that is looked up: it takes 0.22 s and 14 MB (ADR 7).
Its own look-up remembers every name that it ever met, so each look-up here gets a fresh one; ours is bounded.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Final

from pricing.names import is_priced, shop, spellings
from pricing.offers import Known, Offer
from pricing.price import level
from pricing.rates import Level, Rates

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

FREE: Final = Rates((Level(Decimal(0), Decimal(0), Decimal(0), Decimal(0)),))
FREE_SUFFIX: Final = ":free"
"""The catalogue has no prices for what is free, nor for what it does not know; the name tells them apart."""


def known(provider: str | None, model: str) -> Known:
    """Look a model up as its provider's, then as anybody's, by each of its spellings."""
    found = _find(provider, model) if is_priced(provider) else None
    return Known(tuple(offers(found)), found.context_window) if found else Known()


def _find(provider: str | None, model: str) -> "ModelInfo | None":
    seller = shop(provider)
    tries = ((name, who) for name in spellings(model) for who in dict.fromkeys((seller, None)))
    return next((found for name, who in tries if (found := _look_up(name, who))), None)


def _look_up(name: str, seller: str | None) -> "ModelInfo | None":
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    try:
        return DataSnapshot(providers, from_auto_update=False).find_provider_model(name, None, seller, None)[1]
    except LookupError:
        return None


def offers(model: "ModelInfo") -> Iterator[Offer]:
    """Give the last price first, as the catalogue means it; before the first of its days the oldest one is good."""
    from genai_prices.types import ModelPrice

    if isinstance(model.prices, ModelPrice):
        yield Offer(_rates(model, model.prices), version())
        return
    for dated in reversed(model.prices):
        yield Offer(_rates(model, dated.prices), version(), dated.constraint)
    for oldest in model.prices[:1]:
        yield Offer(_rates(model, oldest.prices), version())


def _rates(model: "ModelInfo", price: "ModelPrice") -> Rates | None:
    """Give the rates; None for a model that is charged by other things than tokens, or whose price is not known."""
    kinds = (price.input_mtok, price.cache_read_mtok, price.cache_write_mtok, price.output_mtok)
    if price.input_mtok is None and price.output_mtok is None:
        return FREE if model.id.endswith(FREE_SUFFIX) and not price.__dict__ else None
    tiers = (tier for kind in kinds if kind is not None and not isinstance(kind, Decimal) for tier in kind.tiers)
    starts = sorted({tier.start for tier in tiers})
    return Rates(tuple(_level(price, above) for above in (-1, *starts)))


def _level(price: "ModelPrice", above: int) -> Level:
    came, read = _good(price.input_mtok, above), _good(price.cache_read_mtok, above)
    written, went = _good(price.cache_write_mtok, above), _good(price.output_mtok, above)
    return level((came, read, written, went), per_thousand=_good(price.requests_kcount, above), above=above)


def _good(price: "Decimal | TieredPrices | None", above: int) -> Decimal | None:
    """Give the price that is good for requests of more than so many input tokens."""
    if price is None or isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= above), price.base)


@cache
def version() -> str:
    """Give the name of the source, as rows and priced calls carry it."""
    return f"genai-prices {metadata.version('genai-prices')}"
