"""Mirror `api.tool_sums`: classes of durations tell about how long calls took (the rest: test_narrowing.py)."""

from collections import defaultdict
from math import floor, fsum, log2

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers, lists

from api.tool_sums import STEP, Sums


@given(durations=lists(floats(0, 1e7), min_size=1, max_size=40), percent=integers(1, 100))
def test_durations_are_those_of_their_class(durations: list[float], percent: int) -> None:
    """Adding up by classes tells the duration that so many of a hundred did not pass; what is alone there is exact."""
    sums, classes = Sums("bash"), defaultdict(list)
    for one in durations:
        classes[floor(STEP * log2(max(one, 0.001)))].append(one)
    for share, few in classes.items():
        sums.add({"share": share, "calls": len(few), "failures": 0, "total_ms": fsum(few)})
    told = sorted(durations)[-(-len(durations) * percent // 100) - 1]
    alone = len(classes[floor(STEP * log2(max(told, 0.001)))]) == 1

    assert sums.within(percent) == pytest.approx(told, rel=1e-9 if alone else 0.42, abs=0.0015)
    assert Sums("edit").within(percent) is None
