"""What was open at a moment, against looking at all."""

from hypothesis import given
from hypothesis import strategies as st

from mapping.moments import Open

times = st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 12)), max_size=9)


@given(times.map(lambda held: sorted(held, key=lambda time: time[0])), st.integers(-1, 14))
def test_the_latest_begun_that_was_open_is_found(held: list[tuple[int, int | None]], moment: int) -> None:
    """An end counts to the time; none is open for ever."""
    fitting = [number for number, (start, end) in enumerate(held) if start <= moment and (end is None or moment <= end)]

    assert max(fitting, default=None) == Open(held).at(moment)
