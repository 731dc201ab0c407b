"""Mirror `mapping.series`: points come to the same amount, however they come."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.series import LIMIT, RECENT, Kind, Series, amount_of, kind_of
from tests.support.points import meter

Point = tuple[int, int]
"""Time and value."""
POINTS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=40, unique_by=lambda point: point[0])


def folded(kind: Kind, came: Sequence[Point], *, again: int = 0) -> Series:
    """Take points, numbered as they came, reading the last `again` of them a second time."""
    made = Series(meter(), 1, 0, kind)
    numbered = list(enumerate(came, 1))
    for number, (time, value) in [*numbered, *numbered[len(numbered) - again :]]:
        made.take(number, 0, time, value)
    return made


def expected(kind: Kind, points: Sequence[Point]) -> int:
    """Say what points come to, all of them at hand."""
    values = [value for _, value in sorted(points)]
    if kind is Kind.DELTA:
        return sum(values)
    falls = [before for before, after in pairwise(values) if after < before]
    return (sum(falls) if kind is Kind.CUMULATIVE else 0) + (values[-1] if values else 0)


@given(st.sampled_from(Kind), POINTS, st.randoms(use_true_random=False), st.integers(0, 40))
def test_neither_order_nor_repetition_changes_an_amount(
    kind: Kind, points: list[Point], random: Random, again: int
) -> None:
    """Shuffled, and read again in part."""
    shuffled = random.sample(points, len(points))

    assert expected(kind, points) == folded(kind, shuffled, again=min(again, len(points))).total


@given(st.lists(st.integers(0, 5), min_size=1, max_size=400))
def test_a_running_total_is_exact_in_order_however_long(values: list[int]) -> None:
    """What no longer fits among the steps is settled."""
    points = list(enumerate(values, 1))
    made = folded(Kind.CUMULATIVE, points)

    assert expected(Kind.CUMULATIVE, points) == made.total
    assert len(made.recent) <= RECENT


def test_a_running_total_that_rests_takes_no_room() -> None:
    """Many equal values are kept as two."""
    made = folded(Kind.CUMULATIVE, [(time, 7) for time in range(1, 500)])

    assert ([(1, 7), (499, 7)], 7) == (made.recent, made.total)


def test_a_point_that_is_too_late_is_left_out() -> None:
    """Before the steps that are kept, the running total is settled."""
    points = [(time, time % 10) for time in range(100, 300)]

    assert folded(Kind.CUMULATIVE, points).total == folded(Kind.CUMULATIVE, [*points, (1, 1_000)]).total


def test_times_are_the_widest() -> None:
    """The earliest start, the first point and the last one."""
    made = Series(meter(), 1, 0, Kind.DELTA)
    for number, (start, time) in enumerate([(50, 60), (0, 40), (45, 90)], 1):
        made.take(number, start, time, 1)

    assert (40, 40, 90) == (made.began, made.first, made.last)


def test_amounts_have_a_limit() -> None:
    """So that a sender cannot overflow a table."""
    assert LIMIT == folded(Kind.DELTA, [(1, LIMIT), (2, LIMIT)]).total
    assert LIMIT == folded(Kind.CUMULATIVE, [(1, LIMIT), (2, 1)]).total


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (("sum", 1, 1), Kind.DELTA),
        (("sum", 2, 1), Kind.CUMULATIVE),
        (("sum", 2, 0), Kind.LAST),
        (("sum", 0, 1), None),
        (("histogram", 1, None), Kind.DELTA),
        (("histogram", 2, None), Kind.CUMULATIVE),
        (("exponentialHistogram", 2, None), Kind.CUMULATIVE),
        (("gauge", None, None), Kind.LAST),
        (("summary", None, None), None),
    ],
)
def test_how_points_are_put_together(told: tuple[str, int | None, int | None], kind: Kind | None) -> None:
    """By type, temporality and whether it only rises; nothing is assumed where that is not said."""
    assert kind == kind_of(*told)


@pytest.mark.parametrize(
    ("part", "value", "amount"),
    [
        ("input", 12, 12),
        ("input", 12.0, 12),
        ("input", 12.5, None),
        ("input", -1, None),
        ("input", None, None),
        ("input", True, None),
        ("cost", 0.1, 100_000_000),
        ("cost", 2, 2_000_000_000),
        ("cost", 1e-10, 0),
        ("cost", -0.1, None),
        ("cost", float("nan"), None),
        ("cost", float("inf"), None),
        ("cost", 1e300, None),
        ("cost", None, None),
    ],
)
def test_amounts(part: str, value: Any, amount: int | None) -> None:
    """Tokens are whole, money is in nano-dollars, anything else is none."""
    assert amount == amount_of(part, value)


def test_resets_by_start_are_series_of_their_own() -> None:
    """A program that was started again counts from nothing: what both counted is added up by who holds the series."""
    runs = [(100, 5), (100, 9), (200, 3)]
    held = {start: Series(meter(), 1, start, Kind.CUMULATIVE) for start, _ in groupby(runs, key=lambda run: run[0])}
    for number, (start, value) in enumerate(runs, 1):
        held[start].take(number, start, start + number, value)

    assert 12 == sum(one.total for one in held.values())
