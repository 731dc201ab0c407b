"""Hold what is on offer for a model: rates, and when they are good."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from pricing.price import Price
from pricing.rates import Rates

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_S: Final = 253_402_300_799
"""The end of the year 9999: no calendar goes further."""


class When(Protocol):
    """Say whether rates are good at a moment (UTC); genai-prices' constraints are of this form."""

    def active(self, request_timestamp: datetime, /) -> bool:
        """Say whether they are."""


@dataclass(frozen=True, slots=True)
class From:
    """Be good from a moment on."""

    start: datetime

    def active(self, moment: datetime, /) -> bool:
        """Say whether the moment has come."""
        return moment >= self.start


@dataclass(frozen=True, slots=True)
class Offer:
    """Hold rates with their source: None where the catalogue knows of none; `when` is None for what is always good."""

    rates: Rates | None
    source: str
    when: When | None = None

    def is_good(self, now: datetime) -> bool:
        """Say whether the rates are good at a moment (UTC)."""
        return self.when is None or self.when.active(now)


@dataclass(frozen=True, slots=True)
class Known:
    """Hold what is known of a model: offers in the order in which they are tried, and how many tokens it can read."""

    offers: tuple[Offer, ...] = ()
    context_window: int | None = None

    def at(self, unix_nano: int) -> Offer | None:
        """Give the first offer that is good at a time."""
        if not self.offers:
            return None
        now = moment(unix_nano)
        return next((offer for offer in self.offers if offer.is_good(now)), None)


def of_rows(rows: Iterable[Price]) -> tuple[Offer, ...]:
    """Give the offers of rows, in their order."""
    return tuple(
        Offer(rates, row.source, From(EPOCH.replace(row.since.year, row.since.month, row.since.day)))
        for row in rows
        if (rates := row.rates)
    )


def moment(unix_nano: int) -> datetime:
    """Give the second of a call; times before 1970 and after 9999 are the nearest that can be."""
    return _second(min(max(unix_nano // 10**9, 0), LAST_S))


@lru_cache(maxsize=1024)
def _second(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
