"""Prove that text fits a terminal of any width, and that amounts read well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanledger.layout import LEAST, amount, cut, fitted, price, short_clock, short_ids, took, width, wrapped

TEXT = st.text(st.sampled_from("ab 日本é\u0301🎉\n\x1b"), max_size=40)


@given(TEXT, st.integers(1, 30))
def test_cut(text: str, most: int) -> None:
    """A text is cut to its columns, wide characters counted twice, and only when it must be."""
    short = cut(text, most)

    assert width(short) <= most
    assert width(text) > most or text == short


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🎉", 2), ("", 0), ("\u200b", 0)]
)
def test_width(text: str, columns: int) -> None:
    """Columns are those of a terminal: two for wide characters, none for marks."""
    assert columns == width(text)


@given(st.lists(st.tuples(TEXT, TEXT, st.integers(0, 10**6)), min_size=1, max_size=6), st.integers(40, 100))
def test_tables_fit(rows: list[tuple[str, str, int]], room: int) -> None:
    """Lines of a table are as wide as the terminal at most, and stored text breaks none of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(room))
        lines = fitted(("one", "two", "n"), rows, flexible=("two", "one"), right="n").split("\n")

    assert len(rows) + 1 == len(lines)
    assert max(map(width, lines)) <= room
    assert not any("\x1b" in line for line in lines)


def test_columns_are_cut_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first flexible column gives way before the second does."""
    monkeypatch.setenv("COLUMNS", "40")
    (_, line) = fitted(("a", "b"), [("x" * 25, "y" * 60)], flexible=("b", "a")).split("\n")

    assert "x" * 25 + "  " + "y" * 12 + "…" == line
    monkeypatch.setenv("COLUMNS", "20")
    (_, line) = fitted(("a", "b"), [("x" * 25, "y" * 60)], flexible=("b", "a")).split("\n")
    assert "x" * 9 + "…" + "  " + "y" * (LEAST - 1) + "…" == line


@given(TEXT)
def test_wrapping(text: str) -> None:
    """Broken text fits, and no character but blanks is lost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "20")
        lines = wrapped(text.replace("\x1b", ""), indent=2).split("\n")

    assert all(width(line) <= 20 for line in lines)
    assert "".join(text.replace("\x1b", "").split()) == "".join("".join(lines).split())


def test_long_text_is_shortened() -> None:
    """Of many lines the first are shown, and how many there are more."""
    lines = wrapped("\n".join("abcdef"), lines=3).split("\n")

    assert ["a", "b", "… 4 more lines; --json gives all of them"] == lines


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([], []),
        (["short", "shorter"], ["short", "shorter"]),
        (["0123456789ab", "0123456789cd", "zzzzzzzzzzzz"], ["0123456789a", "0123456789c", "zzzzzzzz"]),
        (["aaaaaaaaaa", "aaaaaaaaaabb"], ["aaaaaaaaaa", "aaaaaaaaaab"]),
        (["trace:0123456789", "sess:zz:yyyyyyyy"], ["trace:01234567", "sess:zz:yyyyy"]),
        (["same-same-same"] * 2, ["same-sam"] * 2),
    ],
)
def test_short_ids(ids: list[str], expected: list[str]) -> None:
    """Each id is cut to what tells it from the others, eight characters or more."""
    assert expected == short_ids(ids)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (None, "-"),
        (0, "0ms"),
        (999.4, "999ms"),
        (999.6, "1.0s"),
        (59_900, "59.9s"),
        (59_960, "1m00s"),
        (185_000, "3m05s"),
        (3_599_600, "1h00m"),
        (7_800_000, "2h10m"),
    ],
)
def test_took(milliseconds: float | None, expected: str) -> None:
    """Durations are written in the units that read best."""
    assert expected == took(milliseconds)


def test_amounts() -> None:
    """Tokens and dollars are short, and what is not known is no zero."""
    assert ["-", "0", "999", "1.0k", "12.3k", "4.5M"] == list(map(amount, (None, 0, 999, 1000, 12_345, 4_500_000)))
    assert ["-", "$0.00", "$0.01", "$1,234.50", "$0.001555", "$0.000002"] == list(
        map(price, (None, 0, 0.01, 1234.5, 0.001555, 0.000002))
    )


def test_short_clock() -> None:
    """Times long ago are written as days."""
    assert ("2020-01-31", "-") == (short_clock("2020-01-31T10:00:00.000000Z"), short_clock(None))
