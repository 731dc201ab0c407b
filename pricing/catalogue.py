"""Price model calls, each alone, by the user's prices, the bundled ones and imported ones."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from pricing import bundled
from pricing.names import MAX_CHARACTERS
from pricing.offers import Known
from pricing.price import USER, Price
from pricing.rates import Tokens, count
from pricing.shelf import Shelf

REMEMBERED: Final = 4096
"""How many models each look-up remembers; a name is at most `MAX_CHARACTERS` long."""

Source = Literal["computed", "unknown_model", "no_tokens"]
LookUp = Callable[[str | None, str], Known]


@dataclass(frozen=True, slots=True)
class Usage:
    """Hold what one call used; None is not known.

    `at` is the end of the call in Unix nanoseconds, which says which price is good. `provider` has its name in the
    semantic conventions. `input` includes what was read from the cache and written to it, `output` the reasoning.
    """

    provider: str | None
    model: str | None
    at: int
    input: int | None
    output: int | None
    cache_read: int | None = None
    cache_write: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """Hold what a call cost in nano-dollars, None when that cannot be said, and why.

    `source` is 'computed', 'unknown_model' (no price for the model, or none for a kind of token that was used) or
    'no_tokens'; `version` is the source of the price, like 'user' or 'genai-prices 0.2.3', None without one.
    """

    nanos: int | None
    source: Source
    version: str | None = None


NO_TOKENS: Final = Priced(None, "no_tokens")
UNKNOWN_MODEL: Final = Priced(None, "unknown_model")


class Catalogue:
    """Know what models cost: user rows win, then genai-prices, then the other rows.

    Nothing raises over what a call says. Look-ups are remembered; may be used from several threads.
    """

    def __init__(self, rows: Iterable[Price] = ()) -> None:
        """Take the rows of `model_prices`, users' and imported ones in any order."""
        every = tuple(rows)
        user = Shelf(row for row in every if row.source == USER)
        imported = Shelf(row for row in every if row.source != USER)
        look_ups = (user.known, bundled.known, imported.known, imported.known_elsewhere)
        self._look_ups: tuple[LookUp, ...] = tuple(lru_cache(REMEMBERED)(look_up) for look_up in look_ups)

    def price(self, usage: Usage) -> Priced:
        """Price one call; one of the two counts is enough, and the other one is then taken as nothing."""
        tokens = _tokens(usage)
        if tokens is None:
            return NO_TOKENS
        for known in self._known(usage.provider, usage.model):
            offer = known.at(usage.at)
            nanos = offer.rates.charge(tokens) if offer and offer.rates else None
            if offer and nanos is not None:
                return Priced(nanos, "computed", offer.source)
        return UNKNOWN_MODEL

    def context_window(self, provider: str | None, model: str | None) -> int | None:
        """Give the number of tokens that a model can read; None when that is not known."""
        windows = (known.context_window for known in self._known(provider, model))
        return next((window for window in windows if window is not None), None)

    def _known(self, provider: str | None, model: str | None) -> Iterator[Known]:
        """Look a model up in one place after the other, as long as somebody asks on."""
        if model and len(model) <= MAX_CHARACTERS:
            seller = provider if provider and len(provider) <= MAX_CHARACTERS else None
            for look_up in self._look_ups:
                yield look_up(seller, model)


def _tokens(usage: Usage) -> Tokens | None:
    """Give the counts that can be counts; None when neither input nor output is known."""
    came, went = count(usage.input), count(usage.output)
    if came is None and went is None:
        return None
    return Tokens(came or 0, count(usage.cache_read) or 0, count(usage.cache_write) or 0, went or 0)
