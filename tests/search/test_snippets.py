"""Prove that pieces of text are bounded, and that their marks are where the words are."""

from hypothesis import given
from hypothesis import strategies as st

from search.query import parse
from search.snippets import LONGEST, snippet


def marked(text: str, question: str) -> list[str]:
    """Give the marked words of a piece."""
    found = snippet("input", text, parse(question).terms)
    return [found.text[at:to] for at, to in found.marks]


def test_marks() -> None:
    """Words are marked whatever their case and accents, parts of names and dense writing included."""
    assert ["Café"] == marked("A Café there", "cafe")
    assert ["Http", "http"] == marked("parseHttpRequest over http, not https", "http")
    assert ["KeyError", "key_error"] == marked("KeyError and key_error", "KeyError")
    assert ["据库"] == marked("大数据库", "据库")
    assert ["two words"] == marked("one two words two, words", '"two words"')[:1]
    assert ["beg"] == marked("the beginning", "beg*")
    assert [] == marked("nothing here", "else")


def test_a_piece_is_around_the_first_mark() -> None:
    """Long text is cut, and says on which sides."""
    found = snippet("output", "word " * 1_000 + "needle " + "word " * 1_000, parse("needle").terms)

    assert ["needle"] == [found.text[at:to] for at, to in found.marks]
    assert (True, True) == (found.before, found.after)
    assert len(found.text) <= LONGEST


def test_no_markup() -> None:
    """Hostile text stays as it is: marks are numbers beside it."""
    found = snippet("input", "<script>alert('needle')</script>", parse("needle").terms)

    assert "<script>alert('needle')</script>" == found.text
    assert ((15, 21),) == found.marks


@given(st.text(max_size=2_000), st.text(max_size=60))
def test_any_text_and_any_words(text: str, question: str) -> None:
    """Marks lie in the piece, in order and apart, whatever both are."""
    found = snippet("input", text, parse(question).terms)

    assert len(found.text) <= LONGEST
    assert all(0 <= at < to <= len(found.text) for at, to in found.marks)
    assert all(one[1] <= two[0] for one, two in zip(found.marks, found.marks[1:], strict=False))
