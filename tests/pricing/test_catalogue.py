"""What one call cost."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.bundled import version
from pricing.catalogue import REMEMBERED, Catalogue, Priced, Usage
from pricing.names import MAX_CHARACTERS
from tests.support.prices import price, used

BUNDLED = Catalogue()
LITELLM = "litellm 2026-11-21"
MILLION = 1_000_000
USD = 10**9
NAMES = st.sampled_from(("o3", "claude-opus-4-5", "gemini-2.5-pro", "qwen3-coder-plus", "nope-1"))
PROVIDERS = st.sampled_from((None, "openai", "anthropic", "gcp.gemini", "alibaba", "ollama"))
counts = st.none() | st.integers(0, 10**7)
mtoks = st.decimals(0, 1000, places=6)
names = NAMES | st.none() | st.text()
anything = st.one_of(st.none(), st.integers(), st.integers(0, 2**63))


@pytest.mark.parametrize(
    ("usage", "nanos"),
    [
        (used("anthropic", "claude-opus-4-5", 6_200, 500, read=5_000, written=200), 21_250_000),
        (used("openai", "o3", on="2025-06-09"), 10 * USD),
        (used("openai", "o3", on="2025-06-10"), 2 * USD),
        (used("gcp.gemini", "gemini-2.5-pro", 100_000, 1_000), 135_000_000),
        (used("gcp.gemini", "gemini-2.5-pro", 200_000, 0), 250_000_000),
        (used("gcp.gemini", "gemini-2.5-pro", MILLION, 10_000), 2_650_000_000),
        (used("openai", "o3", None, MILLION), 8 * USD),
        (used("openai", "o3", MILLION, None), 2 * USD),
        (used("openai", "o3", 0, 0), 0),
    ],
)
def test_list_prices(usage: Usage, nanos: int) -> None:
    """Calls cost what the providers' lists say, at the time of the call and by the size of the request."""
    assert Priced(nanos, "computed", version()) == BUNDLED.price(usage)


def test_ten_small_calls_are_no_large_one() -> None:
    """Calls are priced one by one: together they would fall into a dearer tier."""
    small = BUNDLED.price(used("gcp.gemini", "gemini-2.5-pro", 100_000, 1_000)).nanos
    large = BUNDLED.price(used("gcp.gemini", "gemini-2.5-pro", MILLION, 10_000)).nanos

    assert (1_350_000_000, 2_650_000_000) == ((small or 0) * 10, large)


@pytest.mark.parametrize(
    "usage",
    [
        used("openai", "nope-1"),
        used("ollama", "deepseek-r1:7b"),
        used("openai", None),
        used("openai", ""),
        used("openai", "o3" + " " * MAX_CHARACTERS),
        used("openai", "text-embedding-3-small", 10, 10),
    ],
)
def test_an_unknown_price_is_none(usage: Usage) -> None:
    """A model without a price costs None, never 0; so does a call of which a part has none."""
    assert Priced(None, "unknown_model", None) == BUNDLED.price(usage)


@pytest.mark.parametrize("odd", [None, -1, 10**13])
def test_without_counts_there_is_nothing_to_price(odd: int | None) -> None:
    """A call that says neither input nor output has no price, whatever it says of the cache."""
    assert Priced(None, "no_tokens", None) == BUNDLED.price(used("openai", "o3", odd, odd, read=5))


def test_sources_are_asked_in_order() -> None:
    """The user's price wins, then the bundled one, then an imported one."""
    rows = [price("openai", "o3", 7, 7, source=LITELLM), price("openai", "mine", 7, 7, source=LITELLM)]
    user = [price("openai", "o3", 5, 5, valid_from="2026-01-01")]

    assert Priced(5 * USD, "computed", "user") == Catalogue(rows + user).price(used("openai", "o3"))
    assert Priced(2 * USD, "computed", version()) == Catalogue(rows).price(used("openai", "o3"))
    assert Priced(7 * USD, "computed", LITELLM) == Catalogue(rows).price(used("openai", "mine"))


def test_a_users_price_waits_for_its_day() -> None:
    """Before the user's first day the list price is good."""
    catalogue = Catalogue([price("openai", "o3", 5, 5, valid_from="2026-01-01")])

    assert Priced(2 * USD, "computed", version()) == catalogue.price(used("openai", "o3", on="2025-12-31"))


def test_a_user_may_name_no_provider() -> None:
    """A row without provider is for everybody who has the model, after the provider's own."""
    catalogue = Catalogue([price("", "o3", 4, 4), price("openai", "o3", 5, 5)])

    assert [5 * USD, 4 * USD] == [catalogue.price(used(one, "o3")).nanos for one in ("openai", "groq")]


def test_a_users_price_is_good_where_nobody_charges() -> None:
    """Who runs models on own machines may give them a price."""
    assert 3 * USD == Catalogue([price("ollama", "llama3.2", 3, 3)]).price(used("ollama", "llama3.2")).nanos


def test_a_window_comes_from_the_first_who_knows() -> None:
    """Each source is asked for how much a model can read, in the order of prices."""
    rows = [
        price("openai", "o3", None, None, context_window=99),
        price("", "qwen3-coder-plus", 1, 1, context_window=77, source=LITELLM),
    ]
    catalogue = Catalogue(rows)

    assert (99, 77) == (
        catalogue.context_window("openai", "o3"),
        catalogue.context_window("alibaba", "qwen3-coder-plus"),
    )
    assert BUNDLED.context_window("anthropic", "claude-sonnet-5") == MILLION
    assert BUNDLED.context_window("openai", None) is None
    assert BUNDLED.context_window(None, "nope-1") is None


@given(PROVIDERS, NAMES, counts, counts, st.tuples(mtoks, mtoks))
@settings(deadline=None)
def test_user_rows_win(
    provider: str | None, model: str, came: int | None, went: int | None, mtok: tuple[Decimal, Decimal]
) -> None:
    """Whatever the catalogue says, a price that the user gave is the price, to the nano."""
    priced = Catalogue([price(provider or "", model, *mtok)]).price(used(provider, model, came, went))
    nothing = came is None and went is None
    nanos = round(((came or 0) * mtok[0] + (went or 0) * mtok[1]) * 1000)

    assert (Priced(None, "no_tokens") if nothing else Priced(nanos, "computed", "user")) == priced


@given(st.sampled_from(("o3", "claude-opus-4-5", "gemini-2.5-pro")), st.tuples(*[st.integers(0, 10**6)] * 4))
@settings(deadline=None)
def test_more_tokens_never_cost_less(model: str, tokens: tuple[int, int, int, int]) -> None:
    """A call with more input and output costs at least as much, across tiers too."""
    came, went, more_in, more_out = tokens
    less, more = (
        BUNDLED.price(used(None, model, *both)).nanos for both in ((came, went), (came + more_in, went + more_out))
    )

    assert less is not None
    assert more is not None
    assert less <= more


@given(st.builds(Usage, PROVIDERS | st.text(), names, st.integers(), anything, anything, anything, anything))
@settings(deadline=None)
def test_nothing_raises(usage: Usage) -> None:
    """Whatever a call says of itself, it has a price or none, and a price has a source."""
    priced = BUNDLED.price(usage)

    assert (priced.nanos is None) == (priced.version is None) == (priced.source != "computed")
    assert priced.nanos is None or priced.nanos >= 0


def test_memory_is_bounded() -> None:
    """Look-ups are remembered up to a bound, and a second one is no work."""
    catalogue = Catalogue([price("", "x", 1, 1)])
    for number in range(REMEMBERED + 10):
        catalogue.price(used("groq", f"{number}/x"))
    look_ups: Any = catalogue._look_ups

    assert REMEMBERED == look_ups[0].cache_info().currsize
