"""Rates: tokens times prices, to the last digit."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.rates import MAX_TOKENS, Level, Rates, Tokens, count

counts = st.integers(0, MAX_TOKENS)
rates = st.decimals(0, 10**9, places=12)
tokens = st.builds(Tokens, counts, counts, counts, counts)
levels = st.builds(Level, rates, rates | st.none(), rates | st.none(), rates, rates)
SMALL = Level(Decimal(1250), Decimal(125), None, Decimal(10_000))
TIERED = Rates((SMALL, Level(Decimal(2500), Decimal(250), None, Decimal(15_000), above=200_000)))


def exact(tokens: Tokens, level: Level) -> Fraction:
    """Compute the same by fractions."""
    fresh = max(tokens.input - tokens.cache_read - tokens.cache_write, 0)
    read = level.input if level.cache_read is None else level.cache_read
    written = level.input if level.cache_write is None else level.cache_write
    pairs = zip(
        (fresh, tokens.cache_read, tokens.cache_write, tokens.output),
        (level.input, read, written, level.output),
        strict=True,
    )
    return sum((number * Fraction(rate or 0) for number, rate in pairs), Fraction(level.request))


@given(tokens, levels)
def test_a_charge_is_rounded_once(tokens: Tokens, level: Level) -> None:
    """A charge is the exact sum, rounded to the nearest nano and, between two, to the even one."""
    assert round(exact(tokens, level)) == Rates((level,)).charge(tokens)


@given(tokens, levels, st.integers(0, 10**9))
def test_more_tokens_never_cost_less(tokens: Tokens, level: Level, more: int) -> None:
    """More input or more output costs at least as much."""
    priced = Rates((level,))
    least = priced.charge(tokens)

    assert least is not None
    assert least <= (priced.charge(replace(tokens, input=tokens.input + more)) or 0)
    assert least <= (priced.charge(replace(tokens, output=tokens.output + more)) or 0)


@pytest.mark.parametrize(("size", "nanos"), [(200_000, 250_000_000), (200_001, 500_002_500), (0, 0)])
def test_crossing_a_threshold_changes_every_token(size: int, nanos: int) -> None:
    """Up to the threshold the lower rate is good for all tokens, over it the higher one for all."""
    assert nanos == TIERED.charge(Tokens(size, 0, 0, 0))


def test_a_tier_is_chosen_by_input() -> None:
    """Output is charged at the tier of the input, and cached input counts for the size."""
    assert 1_000_000 * 10_000 == TIERED.charge(Tokens(0, 0, 0, 1_000_000))
    assert 300_000 * 250 + 10 * 15_000 == TIERED.charge(Tokens(300_000, 300_000, 0, 10))
    assert 300_000 * 250 == TIERED.charge(Tokens(0, 300_000, 0, 0))


def test_cache_without_a_rate_is_input() -> None:
    """Tokens written to a cache that costs nothing extra are ordinary input."""
    assert 600 * 1250 + 400 * 125 == TIERED.charge(Tokens(1000, 400, 100, 0))


def test_a_cache_larger_than_the_input_is_charged_as_told() -> None:
    """Counts that contradict each other never make a negative charge."""
    assert 500 * 125 == TIERED.charge(Tokens(100, 500, 0, 0))


def test_a_kind_without_a_rate_cannot_be_charged() -> None:
    """Leaving out what has no rate would make a wrong figure; when it was not used, it does not matter."""
    embedding = Rates((Level(Decimal(20), None, None, None),))

    assert embedding.charge(Tokens(10, 0, 0, 1)) is None
    assert embedding.charge(Tokens(10, 0, 0, 0)) == 200


def test_a_request_has_its_own_price() -> None:
    """What is charged for each request comes on top, once."""
    searching = Rates((replace(SMALL, request=Decimal(12_000_000)),))

    assert 12_000_000 + 1250 == searching.charge(Tokens(1, 0, 0, 0))


@pytest.mark.parametrize("told", [None, -1, MAX_TOKENS + 1, True, 1.5, "3"])
def test_what_is_no_count(told: object) -> None:
    """Only whole numbers of a size that one call can have are counts."""
    assert count(told) is None  # type: ignore[arg-type]  # what comes in may be anything


def test_counts() -> None:
    """Nothing and the most are counts."""
    assert (0, MAX_TOKENS) == (count(0), count(MAX_TOKENS))
