"""A figure is the median of its runs and knows whether it meets its target."""

import pytest

from benchmarks.figures import at_least, at_most, share_of_floor


def test_a_share_of_the_floor_is_met_by_its_ratio() -> None:
    """Value and floor are medians, and the target is about their ratio."""
    figure = share_of_floor([9_000, 30_000, 20_000], [40_000, 41_000, 10_000], unit="spans/s", least=0.5)

    assert (figure.value, figure.floor, figure.ratio) == (20_000, 40_000, 0.5)
    assert figure.met
    assert figure.target == ">= 0.5 x floor"


@pytest.mark.parametrize(("run", "met"), [(89.9, True), (90.0, True), (90.1, False)])
def test_a_limit_holds_up_to_its_value(run: float, *, met: bool) -> None:
    """A limit is met by the limit itself and by nothing beyond it."""
    assert at_most([run], unit="MB", most=90).met is met


def test_a_floor_shown_for_comparison_does_not_decide() -> None:
    """A figure with a limit and a floor is judged by the limit."""
    assert at_most([2.0], unit="ms", most=3, floor_runs=[0.1]).met
    assert not at_least([0.7], unit="ratio", least=0.8).met


def test_json_holds_everything_asked_of_a_figure() -> None:
    """The JSON form has value, unit, runs, floor, ratio, target and met, and the notes beside them."""
    told = share_of_floor([12_345.678], [20_000.4], unit="spans/s", least=0.5, retries=0).as_json()

    assert told == {
        "value": 12_346,
        "unit": "spans/s",
        "runs": [12_346],
        "floor": 20_000,
        "floor_runs": [20_000],
        "ratio": 0.6173,
        "target": ">= 0.5 x floor",
        "met": True,
        "retries": 0,
    }
