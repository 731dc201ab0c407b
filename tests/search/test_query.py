"""Prove what a person's words ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import MOST_TERMS, Query, parse


def terms(query: Query) -> list[list[tuple[str, bool]]]:
    """Write a query's groups shortly."""
    return [[(term.text, term.prefix) for term in group] for group in query.groups]


@pytest.mark.parametrize(
    ("text", "groups", "without"),
    [
        ("one two", [[("one", False)], [("two", False)]], []),
        ('"one two" three', [[("one two", False)], [("three", False)]], []),
        ('"never closed', [[("never closed", False)]], []),
        ("begin*", [[("begin", True)]], []),
        ('"two begin"*', [[("two begin", True)]], []),
        ("be*", [[("be", False)]], []),
        ("one -two", [[("one", False)]], ["-two"]),
        ('one -"two three"', [[("one", False)]], ["two three"]),
        ("one NOT two", [[("one", False)]], ["two"]),
        ("one OR two three", [[("one", False), ("two", False)], [("three", False)]], []),
        ("one AND two", [[("one", False)], [("two", False)]], []),
        ("OR", [], []),
        ("or and not", [[("or", False)], [("and", False)], [("not", False)]], []),
        ("\uff57\uff49\uff44\uff45", [[("wide", False)]], []),
        ("a-b", [[("a-b", False)]], []),
        ('("', [], []),
        ("", [], []),
    ],
)
def test_words_phrases_and_operators(text: str, groups: list[list[tuple[str, bool]]], without: list[str]) -> None:
    """Words, phrases, beginnings and what must not be there are told apart; what is no word is left out."""
    query = parse(text)

    assert groups == terms(query)
    assert without == [term.text for term in query.without]


def test_what_holds_no_word_seeks_nothing() -> None:
    """Text without a letter or digit is not the same as no text."""
    assert parse("+-*/ ()").seeks_nothing
    assert not parse("  ").seeks_nothing
    assert not parse("-x").seeks_nothing


@given(st.text(max_size=4_000))
def test_any_text_is_a_question(text: str) -> None:
    """Nothing that is typed is a mistake, and a question never grows without bound."""
    query = parse(text)

    assert len(query.terms) + len(query.without) <= MOST_TERMS
    assert not any("\0" in term.text for term in (*query.terms, *query.without))


def test_beginnings_are_counted() -> None:
    """Also those of what must not be there; a beginning that is too short is a word."""
    assert 3 == parse("erro* OR timeo* file -retr* ab*").beginnings
