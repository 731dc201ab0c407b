"""Money: exact from what a sender wrote to what a reader sees."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.money import MAX_USD, PER_USD, dollars, nanos, number, text

amounts = st.integers(0, MAX_USD * PER_USD)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (1, 1_000_000_000),
        (-0.0, 0),
        (0.1, 100_000_000),
        (0.1 + 0.2, 300_000_000),
        (1e-07, 100),
        (1e-300, 0),
        ("0.0123", 12_300_000),
        (" 2.5e-6 ", 2_500),
        (Decimal("0.02125"), 21_250_000),
        (Decimal("0.0000000005"), 0),
        (Decimal("0.0000000015"), 2),
        (Decimal("0.00000000050000000000000000000000000000000001"), 1),
        (MAX_USD, MAX_USD * PER_USD),
    ],
)
def test_dollars_are_read_as_written(value: object, expected: int) -> None:
    """Numbers of every type are taken as their digits say, and halves of a nano go to the even one."""
    assert expected == nanos(value)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, b"1", [1], {}, "", "free", "$1"),
        *(math.nan, math.inf, -math.inf, "NaN", "sNaN", "Infinity", Decimal("sNaN")),
        *(-0.01, "-1", MAX_USD + 1, 10**30, 1e300, "1" * 65, "1e999999"),
    ],
)
def test_what_is_no_amount_is_none(value: Any) -> None:
    """Other types, less than nothing and absurd amounts are no money, and nothing raises."""
    assert nanos(value) is None


@given(st.decimals(0, MAX_USD, places=9))
def test_nine_places_are_exact(usd: Decimal) -> None:
    """Nothing is lost of an amount with up to nine places, whatever the thread's own precision is."""
    with localcontext() as context:
        context.prec = 2
        read = nanos(usd)

    assert Fraction(usd) * PER_USD == read


@given(st.floats(0, MAX_USD))
def test_a_float_is_what_it_prints(usd: float) -> None:
    """A float is the number that it is written as, to half a nano."""
    read = nanos(usd)

    assert read is not None
    assert abs(Fraction(str(usd)) * PER_USD - read) <= Fraction(1, 2)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.decimals()))
def test_nothing_raises(value: Any) -> None:
    """Whatever a sender puts where an amount belongs is an amount within bounds or none."""
    read = nanos(value)

    assert read is None or 0 <= read <= MAX_USD * PER_USD


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (21_250_000, "$0.02125"),
        (1_200_000_000, "$1.20"),
        (1_234_567_000_000_000, "$1,234,567.00"),
    ],
)
def test_an_amount_is_written_whole(amount: int, written: str) -> None:
    """Every digit that says something is shown, and cents always."""
    assert written == text(amount)


@given(amounts)
def test_written_and_read_again(amount: int) -> None:
    """What is written for a reader is the amount, and so is the float up to 2^53 nanos."""
    assert amount == nanos(text(amount).replace("$", "").replace(",", ""))
    assert amount > 2**53 or amount == nanos(dollars(amount))


@given(st.lists(st.decimals(0, 100, places=12)), st.randoms())
def test_sums_do_not_depend_on_order(usd: list[Decimal], random: Any) -> None:
    """Amounts add up to the same in every order and grouping."""
    read = [amount for one in usd if (amount := nanos(one)) is not None]
    mixed = random.sample(read, len(read))
    cut = random.randint(0, len(mixed))

    assert sum(read) == sum(mixed[:cut]) + sum(mixed[cut:])


def test_number_takes_what_is_finite() -> None:
    """A number may be negative or large; it is the caller who knows what it is for."""
    assert (Decimal(-3), Decimal("1e50")) == (number("-3"), number(1e50))
    assert number("nan") is None
