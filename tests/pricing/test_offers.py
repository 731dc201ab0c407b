"""Offers: which rates are good when."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.offers import Known, moment, of_rows
from tests.support.prices import price, unix_nano

ROWS = [
    price("openai", "gpt-x", 3, 1, valid_from="2026-06-01"),
    price("openai", "gpt-x", 2, 1, valid_from="2025-06-01"),
]


@pytest.mark.parametrize(
    ("when", "mtok"),
    [
        ("2025-05-31T23:59:59", None),
        ("2025-06-01T00:00:00", 2),
        ("2026-05-31T23:59:59", 2),
        ("2026-06-01T00:00:00", 3),
    ],
)
def test_a_price_begins_with_its_day(when: str, mtok: int | None) -> None:
    """The newest row that is not after the call is good, from midnight UTC on; before all of them none is."""
    offer = Known(of_rows(ROWS)).at(unix_nano(when))
    rates = offer.rates if offer else None

    assert mtok == (rates.levels[0].input / 1000 if rates and rates.levels[0].input else None)


def test_a_row_without_prices_offers_nothing() -> None:
    """A row that only says how much a model can read leaves the price to others."""
    assert () == of_rows([price("openai", "gpt-x", None, None, context_window=1)])


@given(st.integers())
def test_every_number_is_a_moment(unix_nano: int) -> None:
    """Clocks may say anything: what no calendar has is the nearest day that it has."""
    assert datetime(1970, 1, 1, tzinfo=UTC) <= moment(unix_nano) <= datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_moment_is_the_second() -> None:
    """A time is read to the second."""
    assert datetime(2026, 11, 20, 10, 0, 7, tzinfo=UTC) == moment(unix_nano("2026-11-20T10:00:07") + 999)
