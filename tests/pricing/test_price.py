"""Rows of prices."""

from decimal import Decimal

import pytest

from core.errors import Refused
from pricing.price import Price, can_be_price, level
from tests.support.prices import price


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "2026-01-01T00:00:00"])
def test_a_day_is_a_day(day: str) -> None:
    """A row that does not say from when on it is good is refused, with the model's name."""
    with pytest.raises(Refused, match="gpt-x"):
        price("openai", "gpt-x", 1, 2, valid_from=day)


@pytest.mark.parametrize("mtok", ["-1", "NaN", "Infinity", "1000001", "1e-31"])
def test_a_price_is_a_price(mtok: str) -> None:
    """What nobody can charge is refused."""
    assert not can_be_price(Decimal(mtok))
    with pytest.raises(Refused, match="gpt-x"):
        Price("openai", "gpt-x", "1970-01-01", Decimal(mtok), None, None, None, None, "user")


def test_rates_are_nanos_a_token() -> None:
    """A dollar a million tokens is a thousand nanos a token, a dollar a thousand requests a million nanos each."""
    rates = level((Decimal("1.25"), Decimal("0.3125"), None, Decimal(10)), per_thousand=Decimal(12), above=7)

    assert (Decimal(1250), Decimal("312.5"), None, Decimal(10_000)) == (
        rates.input,
        rates.cache_read,
        rates.cache_write,
        rates.output,
    )
    assert (Decimal(12_000_000), 7) == (rates.request, rates.above)


def test_a_row_may_have_no_price() -> None:
    """A row that says only how much the model can read charges nothing: it has no rates."""
    assert price("openai", "gpt-x", None, None, context_window=8000).rates is None
