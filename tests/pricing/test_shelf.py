"""Rows found by provider and model."""

import pytest

from pricing.shelf import Shelf
from tests.support.prices import price, unix_nano

LATE = unix_nano("2026-11-20")
SHELF = Shelf(
    [
        price("openai", "gpt-x", 1, 0),
        price("openai", "gpt-x", 2, 0, valid_from="2026-01-01", context_window=8000),
        price("", "gpt-x", 3, 0, valid_from="2026-06-01"),
        price("openai", "gpt-x-2026-02-01", 4, 0),
        price("google", "gem", 5, 0),
        price("groq", "both", 6, 0),
        price("together_ai", "both", 7, 0),
        price("groq", "One", 8, 0),
        price("x_ai", "soon", 9, 0, valid_from="2027-01-01"),
        price("", "soon", 10, 0),
    ]
)


@pytest.mark.parametrize(
    ("provider", "model", "mtok"),
    [
        ("openai", "gpt-x", 2),
        ("OpenAI", "GPT-X", 2),
        ("mistral_ai", "gpt-x", 3),
        (None, "gpt-x", 3),
        ("openai", "gpt-x-2026-02-01", 4),
        ("openai", "gpt-x-2026-03-01", 2),
        ("gcp.gemini", "gem", 5),
        ("gcp.vertex_ai", "gem", 5),
        ("openai", "gem", None),
        (None, "both", None),
        (None, "one", 8),
        ("openai", "one", None),
        ("x_ai", "soon", 10),
        ("openai", "nothing", None),
    ],
)
def test_the_nearest_row_is_found(provider: str | None, model: str, mtok: int | None) -> None:
    """The provider's row comes before anybody's, the exact name before a shorter one, the newest before the older.

    Without a provider the only one who has the model is meant; of two, none.
    """
    offer = SHELF.known(provider, model).at(LATE)
    rates = offer.rates if offer else None

    assert mtok == (rates.levels[0].input / 1000 if rates and rates.levels[0].input else None)


@pytest.mark.parametrize(("provider", "found"), [("openai", 1), (None, 1), ("ollama", 0)])
def test_another_may_have_it(provider: str | None, found: int) -> None:
    """A model that its provider does not have is looked up as the only other one's, unless nobody charges."""
    assert found == len(SHELF.known_elsewhere(provider, "one").offers)


def test_the_window_is_the_newest_that_is_told() -> None:
    """How much a model can read does not depend on the time of the call."""
    assert 8000 == SHELF.known("openai", "gpt-x").context_window
    assert SHELF.known("groq", "one").context_window is None


def test_an_empty_shelf_knows_nothing() -> None:
    """Without rows there is nothing to find."""
    assert () == Shelf([]).known("openai", "gpt-x").offers
