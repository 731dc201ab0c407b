"""Multiply the tokens of one call with the rates that are good for its size."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pricing.money import EXACT

ONE: Final = Decimal(1)
MAX_TOKENS: Final = 10**12
"""More is no count of one call."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Hold the tokens of one call: `input` is all that was read, the cache included, `output` all that was written."""

    input: int
    cache_read: int
    cache_write: int
    output: int


@dataclass(frozen=True, slots=True)
class Level:
    """Hold the nanos for one token of each kind, for requests of more than `above` input tokens.

    None where no price is known. `request` is charged once a call.
    """

    input: Decimal | None
    cache_read: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None
    request: Decimal = Decimal(0)
    above: int = -1


@dataclass(frozen=True, slots=True)
class Rates:
    """Hold the levels of one price, the lowest first; crossing a threshold changes the rate of every token."""

    levels: tuple[Level, ...]

    def charge(self, tokens: Tokens) -> int | None:
        """Give the nanos of one call, rounded once; None when a kind of token that it used has no rate."""
        size = max(tokens.input, tokens.cache_read + tokens.cache_write)
        level = next(level for level in reversed(self.levels) if size > level.above)
        total = level.request
        for count, rate in _parts(tokens, level):
            if count and rate is None:
                return None
            if count and rate is not None:
                total = EXACT.fma(count, rate, total)
        return int(EXACT.quantize(total, ONE))


def _parts(tokens: Tokens, level: Level) -> tuple[tuple[int, Decimal | None], ...]:
    """Price what came from the cache apart; without rates of its own it is ordinary input."""
    fresh = max(tokens.input - tokens.cache_read - tokens.cache_write, 0)
    return (
        (fresh, level.input),
        (tokens.cache_read, level.input if level.cache_read is None else level.cache_read),
        (tokens.cache_write, level.input if level.cache_write is None else level.cache_write),
        (tokens.output, level.output),
    )


def count(told: int | None) -> int | None:
    """Give a count that can be one: a whole number, not negative, not absurd."""
    return told if type(told) is int and 0 <= told <= MAX_TOKENS else None
