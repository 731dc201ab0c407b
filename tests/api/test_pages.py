"""Mirror `api.pages`."""

import pytest

from api.pages import after, escaped, limited, page, part_of_path, pattern, word
from core.errors import Invalid


def test_a_place_is_handed_back() -> None:
    """A cursor is read as the place that it was made of."""
    assert {"after_time": "2026", "after_id": "é/1"} == after(word(["2026", "é/1"]))
    assert {} == after(None)


@pytest.mark.parametrize(
    "cursor", ["x", "!!", word(["a"]), word(["a", None]), word([True, 1]), word(["a", 1 << 63]), "é"]
)
def test_other_cursors(cursor: str) -> None:
    """A cursor that was not given out is refused."""
    with pytest.raises(Invalid, match="the cursor is not one that was given out"):
        after(cursor)


@pytest.mark.parametrize("limit", [0, -1])
def test_limits(limit: int) -> None:
    """A page has one item at least and a thousand at most."""
    assert 1_000 == limited(10**9)
    with pytest.raises(Invalid, match=f"limit is {limit}; a whole number from 1 to 1000 is wanted"):
        limited(limit)


def test_last_page() -> None:
    """A page that is not followed by another has no cursor."""
    rows = [{"t": "a", "id": "1"}, {"t": "b", "id": "2"}]

    assert page(rows, 2, ("t", "id"), shown=dict)["next"] is None
    assert word(["a", "1"]) == page(rows, 1, ("t", "id"), shown=dict)["next"]


def test_patterns() -> None:
    """Signs that stand for others in patterns are sought as they are."""
    assert r"%50\%\_\\%" == pattern("50%_\\")
    assert "%/src/a.py/%" == part_of_path("/src/a.py/")
    with pytest.raises(Invalid, match="too long"):
        escaped("x" * 500)
