"""Waits grow, keep out of step, and end."""

from exporters.waiting import LONGEST_S, Waiting


def test_waits_double_up_to_the_longest_and_begin_anew() -> None:
    """From one second to thirty; a success begins anew."""
    waiting = Waiting(lambda: 0.5)

    assert [1, 2, 4, 8, 16, 30, 30] == [waiting.after_failure(0) for _ in range(7)]
    waiting.after_success()
    assert 1 == waiting.after_failure(0)


def test_the_far_side_may_ask_for_more_within_the_longest() -> None:
    """What it asks for is the least, however long we would wait."""
    waiting = Waiting(lambda: 0.5)

    assert 5 == waiting.after_failure(5)
    assert LONGEST_S == waiting.after_failure(3600)


def test_waits_are_spread() -> None:
    """A quarter to either side."""
    assert (0.75, 1.25) == (Waiting(lambda: 0.0).after_failure(0), Waiting(lambda: 1.0).after_failure(0))
