"""LiteLLM's price file, read into rows."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import Refused
from pricing.catalogue import Catalogue, Priced
from pricing.litellm import Imported, read
from pricing.price import Price
from tests.support.prices import used

FILE = (Path(__file__).parents[1] / "data" / "litellm-prices.json").read_text()
DAY = date(2026, 11, 21)
SOURCE = "litellm 2026-11-21"


def row(provider: str, model: str, *mtok: str | None, window: int | None = None) -> Price:
    """Give a row as the file makes it."""
    came, cached, written, went = (None if one is None else Decimal(one) for one in mtok)
    return Price(provider, model, "1970-01-01", came, cached, written, went, window, SOURCE)


ROWS = (
    row("openai", "plain-1", "1.25", "0.125", None, "10", window=400_000),
    row("anthropic", "tiered-1", "3", "0.3", "3.75", "15", window=1_000_000),
    row("gcp.vertex_ai", "tiered-1", "3", None, None, "15"),
    row("aws.bedrock", "us.maker.model-v1:0", "0.06", None, None, "0.24"),
    row("openai", "embedding-1", "0.02", None, None, "0", window=8191),
    row("alibaba", "qwen-flash-9", "0.05", None, None, "0.4"),
    row("fireworks", "accounts/fireworks/models/text-price", "0.9", None, None, "0.9"),
)


def parsed(**entries: Any) -> dict[str, Any]:
    """Give a file with a good entry and others."""
    return {"good": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}, **entries}


def test_a_file_is_read() -> None:
    """Each model with token prices is a row under our names, exact to the digit; the others are counted."""
    assert Imported(ROWS, skipped=4, tiered=1) == read(FILE, taken_on=DAY)


@pytest.mark.parametrize("source", [FILE.encode(), json.loads(FILE)], ids=["bytes", "parsed"])
def test_text_bytes_and_objects_are_the_same(source: Any) -> None:
    """Floats that some parser made are the numbers that were written."""
    assert read(FILE, taken_on=DAY) == read(source, taken_on=DAY)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "no JSON"),
        (b"\xff", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object"),
        ("3", "no object"),
        ("{}", "litellm_provider"),
        ('{"gpt-4o": {"price": 1}}', "litellm_provider"),
        ('{"sample_spec": {"litellm_provider": "one of many"}}', "litellm_provider"),
    ],
)
def test_another_file_is_refused(source: str | bytes, said: str) -> None:
    """What is not the price file is refused with a word on what is wrong and what was expected."""
    with pytest.raises(Refused, match=said) as refused:
        read(source, taken_on=DAY)

    assert "model_prices_and_context_window.json" in str(refused.value)


@pytest.mark.parametrize("cost", [None, "", "free", -1e-06, float("nan"), float("inf"), 2.0, True, [1e-06], {}])
def test_an_odd_cost_is_no_cost(cost: object) -> None:
    """An entry that says nothing that can be a price is skipped, and costs only itself."""
    file = parsed(odd={"litellm_provider": "openai", "input_cost_per_token": cost})
    imported = read(file, taken_on=DAY)

    assert (["good"], 1) == ([one.model for one in imported.rows], imported.skipped)


@pytest.mark.parametrize("window", [None, 0, -1, "max input tokens", 1.5, True])
def test_an_odd_window_is_none(window: object) -> None:
    """What is no number of tokens is not known."""
    file = {"good": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "max_input_tokens": window}}

    assert [None] == [one.context_window for one in read(file, taken_on=DAY).rows]


@pytest.mark.parametrize("provider", ["openai", "mistral_ai", None])
def test_imported_rows_price_calls(provider: str | None) -> None:
    """A call of a model that only the file knows is priced by it, and says so."""
    catalogue = Catalogue(read(FILE, taken_on=DAY).rows)

    assert Priced(1_250_000_000, "computed", SOURCE) == catalogue.price(used(provider, "plain-1"))
    assert catalogue.context_window(provider, "plain-1") == 400_000
