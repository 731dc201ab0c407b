"""Build rows of prices and calls to price."""

from datetime import datetime
from decimal import Decimal

from pricing.catalogue import Usage
from pricing.price import NO_HISTORY, USER, Price

Mtok = float | str | Decimal | None


def price(
    provider: str,
    model: str,
    came: Mtok,
    went: Mtok,
    *,
    read: Mtok = None,
    written: Mtok = None,
    valid_from: str = NO_HISTORY,
    context_window: int | None = None,
    source: str = USER,
) -> Price:
    """Give a row; prices are dollars a million tokens."""
    came, read, written, went = (None if one is None else Decimal(str(one)) for one in (came, read, written, went))
    return Price(provider, model, valid_from, came, read, written, went, context_window, source)


def used(
    provider: str | None,
    model: str | None,
    came: int | None = 1_000_000,
    went: int | None = 0,
    *,
    read: int | None = None,
    written: int | None = None,
    on: str = "2026-11-20",
) -> Usage:
    """Give a call that ended at a time (ISO, UTC)."""
    return Usage(provider, model, unix_nano(on), came, went, read, written)


def unix_nano(when: str) -> int:
    """Give Unix nanoseconds for an ISO date or time, UTC."""
    return (
        int(datetime.fromisoformat(f"{when}T00:00:00+00:00" if "T" not in when else f"{when}+00:00").timestamp())
        * 10**9
    )
