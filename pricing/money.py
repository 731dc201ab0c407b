"""Count money in whole nano-dollars, so that sums are exact in any order: 1 USD = 1,000,000,000 nanos."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

PER_USD: Final = 10**9
MAX_USD: Final = 1_000_000
"""No single amount is more; what says so is no money. A table of 64-bit integers can add up nine thousand of them."""
MAX_CHARACTERS: Final = 64
STEP: Final = Decimal((0, (1,), -9))
EXACT: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Wide enough for every sum of tokens times prices; the thread's own context may be anything."""


def nanos(value: object) -> int | None:
    """Read dollars as a sender gives them: int, float, Decimal, or a number as text; half a nano goes to the even one.

    None for what is no amount: other types, NaN, infinities, less than nothing, more than `MAX_USD`.
    """
    usd = number(value)
    if usd is None or not 0 <= usd <= MAX_USD:
        return None
    return int(usd.quantize(STEP, context=EXACT).scaleb(9, context=EXACT))


def number(value: object) -> Decimal | None:
    """Give the finite number that was written: 0.1 is a tenth, not the double that is nearest to it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        return None
    try:
        read = Decimal(str(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def dollars(amount: int) -> float:
    """Give an amount of nanos as a float, for what computes with floats; sums are made before, not after."""
    return amount / PER_USD


def text(amount: int) -> str:
    """Write an amount of nanos for a reader: every digit that is not zero, and cents in any case."""
    whole, rest = divmod(amount, PER_USD)
    cents = f"{rest:09}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{cents}"
