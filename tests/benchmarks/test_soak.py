"""What a soak makes of what it measured."""

from datetime import UTC, datetime

import pytest

from benchmarks.soak import value
from benchmarks.soak_judge import Sample, change, slack, slope
from benchmarks.soak_page import Line, page

FACTS = {"cores": 2, "cpu": "a CPU", "memory_gb": 8, "filesystem": "ext4", "load_at_start": 0.1} | {
    "python": "3.13",
    "sqlite": "3.54",
}
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "is_good", "limit"),
    [
        (Line("a", 5, 5), True, "5"),
        (Line("a", 4, 5), False, "5"),
        (Line("a", 4, 5, is_bound=True), True, "≤ 5"),
        (Line("a", 5.1, 5, is_bound=True), False, "≤ 5"),
        (Line("a", 0, None, least=1), False, "≥ 1"),
        (Line("a", 1, None, least=1), True, "≥ 1"),
    ],
)
def test_a_line_says_whether_it_is_good(line: Line, limit: str, *, is_good: bool) -> None:
    """What must be just so, at most so, or at least so."""
    assert (is_good, limit) == (line.is_good, line.limit)


@pytest.mark.parametrize(("minutes", "is_short"), [(5, True), (60, False)])
def test_the_page_says_how_long_it_was(minutes: float, *, is_short: bool) -> None:
    """And marks a run that is short, and what was not good."""
    text = page([Line("kept", 1234, 1234), Line("lost", 1, 0)], minutes, FACTS, 6, 70, AT)

    assert f"2026-01-02 03:04 UTC for {minutes} minutes" in text
    assert is_short == ("short run" in text)
    assert "| kept | 1,234 | 1,234 | ok |" in text
    assert "| lost | 1 | 0 | **no** |" in text


def test_growth_is_the_line_through_what_was_held() -> None:
    """A thousand bytes a second, with noise that is the same at both ends."""
    noise = [0, 5_000, -5_000, 0]
    seen = [Sample(at, 0, 1000 * at + noise[at % 4], 0, 0, 0, 0, 0, 0) for at in range(400)]

    assert 1000 == pytest.approx(slope(seen), rel=0.01)
    assert (5, 0) == (change([3] * 10 + [8] * 10), change([7]))
    assert slack(1) < slack(0.1)


def test_metrics_are_added_up() -> None:
    """Over labels; of names that begin alike, the one that is asked for."""
    text = '# HELP a_b x\na_b{c="d"} 1.5\na_b{c="e"} 2\na_b_c 40\n'

    assert (3.5, 40, 0) == (value(text, "a_b"), value(text, "a_b_c"), value(text, "a"))
