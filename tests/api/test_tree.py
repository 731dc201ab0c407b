"""Mirror `api.tree`."""

from hypothesis import given
from hypothesis import strategies as st

from api.tree import depths


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.sampled_from("abcdefx")))))
def test_every_node_once(nodes: list[tuple[str, str | None]]) -> None:
    """Whatever nodes say of their parents, each stands in the tree once, one level below another or at the top."""
    order = depths(nodes)

    assert sorted(at for at, _ in order) == list(range(len(nodes)))
    previous = -1
    for _, depth in order:
        assert 0 <= depth <= previous + 1
        previous = depth


def test_order() -> None:
    """Parents come before their children, and these in the order of the list."""
    nodes = [("late", "root"), ("stray", "gone"), ("root", None), ("later", "root"), ("leaf", "late")]

    assert [(1, 0), (2, 0), (0, 1), (4, 2), (3, 1)] == depths(nodes)


def test_circle() -> None:
    """Of nodes in a circle the first one is the root."""
    assert [(2, 0), (0, 0), (1, 1)] == depths([("a", "b"), ("b", "a"), ("c", None)])
