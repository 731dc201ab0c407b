"""Mirror `search.ranking`: what holds more of the words, more often, in less text, comes first."""

from hypothesis import given
from hypothesis import strategies as st

from search.ranking import Candidate, Word, ranked

LATE, TIME = ("late",), ("time",)
words = st.dictionaries(st.sampled_from([LATE, TIME, ("out", "of")]), st.integers(1, 9), min_size=1)


def _one(number: int, length: int, held: dict[Word, int]) -> Candidate:
    return Candidate(number, length, held)


def test_order() -> None:
    """A word that is seldom weighs more, twice is more than once, short texts come before long ones."""
    common = [_one(number, 100, {TIME: 1}) for number in range(10)]

    assert [11, 10] == ranked([*common, _one(10, 100, {TIME: 2}), _one(11, 100, {LATE: 1})])[:2]
    assert [3, 2, 1] == ranked([_one(1, 300, {LATE: 1}), _one(2, 100, {LATE: 1}), _one(3, 100, {LATE: 2})])
    assert [2, 1] == ranked([_one(1, 100, {LATE: 1}), _one(2, 100, {LATE: 1})]), "of equals the newest comes first"
    assert [] == ranked([])


@given(st.lists(st.tuples(st.integers(0, 50), words), max_size=30))
def test_each_is_ranked_once(told: list[tuple[int, dict[Word, int]]]) -> None:
    """Texts without a length, and words that all of them hold, change nothing of that."""
    candidates = [_one(number, length, held) for number, (length, held) in enumerate(told)]

    assert set(range(len(told))) == set(ranked(candidates))
    assert len(told) == len(ranked(candidates))
