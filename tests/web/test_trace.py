"""Small pictures of large traces."""

from array import array

from web.outlines import Outline
from web.trace import MAP_BOXES, MAP_LEVELS, _longest

MANY = 500
MOST = MAP_BOXES // MAP_LEVELS


def _outline(longest: int) -> Outline:
    ends = array("q", [7] * MANY)
    ends[longest] = 99
    starts = array("q", [0] * MANY)
    names = [str(number) for number in range(MANY)]
    return Outline(names, array("l", [0] * MANY), starts, ends, [], began=0, ended=99, cut=False)


def test_of_many_spans_the_longest_are_drawn_and_of_equals_the_first() -> None:
    """They stay in the order of the tree."""
    assert _longest(_outline(400), range(MANY)) == [*range(MOST - 1), 400]
