"""Hold one row of the table `model_prices`."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import Refused
from pricing.money import EXACT
from pricing.rates import Level, Rates

NANOS_PER_TOKEN: Final = 3
NANOS_PER_REQUEST: Final = 6
"""Dollars a million tokens, or a thousand requests, moved by so many places are nanos for one."""
Mtok = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]
"""Dollars a million tokens: of input, read from the cache, written to the cache, of output."""
MAX_MTOK: Final = 1_000_000
MAX_PLACES: Final = 30
USER: Final = "user"
NO_HISTORY: Final = "1970-01-01"
"""The first day of a price of which no first day is known."""


@dataclass(frozen=True, slots=True)
class Price:
    """Hold what a provider charges for a model from `valid_from` on (ISO date, UTC), in dollars a million tokens.

    None is not known; cached input without a price of its own costs what input costs. `provider` may be '': any.
    `source` is 'user', 'genai-prices <version>' or 'litellm <date>'. Refused when a value can be no price or date.
    """

    provider: str
    model: str
    valid_from: str
    input_mtok: Decimal | None
    cache_read_mtok: Decimal | None
    cache_write_mtok: Decimal | None
    output_mtok: Decimal | None
    context_window: int | None
    source: str

    def __post_init__(self) -> None:
        try:
            date.fromisoformat(self.valid_from)
        except ValueError as error:
            raise Refused(f"{self.valid_from!r} is no date like 2026-11-21 (price of {self.model!r})") from error
        for price in (self.input_mtok, self.cache_read_mtok, self.cache_write_mtok, self.output_mtok):
            if price is not None and not can_be_price(price):
                raise Refused(f"{price} is no price in dollars a million tokens (price of {self.model!r})")

    @property
    def since(self) -> date:
        """Give the first day of this price."""
        return date.fromisoformat(self.valid_from)

    @property
    def rates(self) -> Rates | None:
        """Give the rates; None for a row that has none, and only says how much the model can read."""
        if self.input_mtok is None and self.output_mtok is None:
            return None
        return Rates((level((self.input_mtok, self.cache_read_mtok, self.cache_write_mtok, self.output_mtok)),))


def can_be_price(mtok: Decimal) -> bool:
    """Say whether a number can be dollars a million tokens."""
    exponent = mtok.as_tuple().exponent
    return mtok.is_finite() and 0 <= mtok <= MAX_MTOK and isinstance(exponent, int) and exponent >= -MAX_PLACES


def level(kinds: Mtok, *, per_thousand: Decimal | None = None, above: int = -1) -> Level:
    """Give the rates for dollars a million tokens of each kind, and for dollars a thousand requests."""
    came, read, written, went = (_moved(price, NANOS_PER_TOKEN) for price in kinds)
    return Level(came, read, written, went, _moved(per_thousand, NANOS_PER_REQUEST) or Decimal(0), above)


def _moved(price: Decimal | None, places: int) -> Decimal | None:
    return None if price is None else price.scaleb(places, context=EXACT)
