"""Prove what of a record is searched beyond what its entry keeps."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from search.whole import MOST, NEWEST, whole

LONG = "wordy text " * 10


def test_values_are_read_and_names_are_not() -> None:
    """Long values are text, at any depth and in JSON within JSON text; keys, names and numbers are not."""
    inner = orjson.dumps({"content": f"{LONG} inner"}).decode()
    told = whole(
        [orjson.dumps({"key" * 50: f"{LONG} one", "n": 1, "list": [{"x": inner}, "short"]}).decode()], repeats=False
    )

    assert told is not None
    assert f"{LONG} one" in told
    assert "inner" in told
    assert "short" not in told
    assert "keykey" not in told


def test_plain_text_is_taken_as_it_is() -> None:
    """A body that is no JSON is text; nothing is nothing."""
    assert f"{LONG}!" == whole([None, f"{LONG}!"], repeats=False)
    assert whole([None, "{}"], repeats=True) is None


def test_what_repeats_is_read_from_its_end() -> None:
    """Of a conversation the newest is kept, of a result the beginning; both are bounded."""
    text = f"first {'x' * MOST} last"

    assert (whole([text], repeats=True) or "").endswith("last")
    assert (whole([text], repeats=False) or "").startswith("first")
    assert NEWEST == len(whole([text], repeats=True) or "")
    assert MOST == len(whole([text], repeats=False) or "")


@given(st.lists(st.none() | st.text(max_size=300), max_size=3))
def test_any_columns_can_be_read(columns: list[str | None]) -> None:
    """Whatever stands in a record, reading it does not fail."""
    whole(columns, repeats=True)
