"""Samples of memory are summed up by tenths of the time."""

from benchmarks.footprint import Steady, tenths
from benchmarks.growth import steps
from benchmarks.job import Sent


def test_memory_that_stays_is_flat() -> None:
    """A start-up below the rest does not count, growth after it does."""
    still = [50.0] * 20 + [100.0] * 80
    growing = [100.0 + place for place in range(100)]

    assert Steady(still, rate=0).flatness == 1
    assert Steady(growing, rate=0).flatness > 1.5
    assert len(tenths(growing)) == 10


def test_growth_is_told_by_equal_steps() -> None:
    """Each step's rate is its spans by the time between its first and last answer."""
    sent = Sent(spans=400, began=0, seconds=6, latencies_ms=[], answered_s=[1.0, 2.0, 4.0, 6.0], retries=0, cpu_s=0)

    assert steps(sent, span_count=200) == [100, 50]
