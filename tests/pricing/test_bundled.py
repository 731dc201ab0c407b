"""The catalogue that genai-prices ships, as it says itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider

from pricing import bundled
from pricing.rates import Tokens
from tests.support.prices import unix_nano

ROOT = Path(__file__).parents[2]
TIMES = ("2024-03-01T12:00:00", "2026-09-15T03:00:00", "2026-11-20T18:30:00")
USES = (Tokens(1_000, 0, 0, 100), Tokens(350_000, 120_003, 7, 4_321), Tokens(90_000, 0, 512, 0))
ALONE = """
import json, sys
sys.addaudithook(lambda event, found: calls.append(event) if event.startswith("socket.") else None)
calls = []
from pricing.catalogue import Catalogue
from tests.support.prices import price, used
loaded = lambda: "genai_prices" in sys.modules
catalogue = Catalogue([price("openai", "mine", 1, 2)])
steps = [loaded()]
steps += [catalogue.price(used("openai", "mine")).nanos, loaded()]
steps += [catalogue.price(used("openai", "o3")).nanos, loaded()]
print(json.dumps({"steps": steps, "calls": calls}))
"""


def models() -> Iterator[tuple[Provider, ModelInfo]]:
    """List every model with its provider."""
    return ((provider, model) for provider in providers for model in provider.models)


def told(model: ModelInfo, provider: Provider, tokens: Tokens, when: str) -> Any:
    """Give the dollars that genai-prices computes."""
    usage = genai_prices.Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
    )
    at = datetime.fromisoformat(when).replace(tzinfo=UTC)
    return model.calc_price(usage, provider, genai_request_timestamp=at).total_price


def test_every_price_is_what_genai_prices_says() -> None:
    """Each model of the catalogue costs the same, to half a nano, by our arithmetic as by the library's own."""
    compared = 0
    for provider, model in models():
        for tokens, when in zip(USES, TIMES, strict=True):
            offer = next(one for one in bundled.offers(model) if one.is_good(when_(when)))
            nanos = offer.rates.charge(tokens) if offer.rates else None
            if nanos is not None:
                compared += 1
                assert abs(told(model, provider, tokens, when) * 10**9 - nanos) <= 0.5, (provider.id, model.id)

    assert compared > 6_000


def when_(when: str) -> datetime:
    """Give the moment."""
    return datetime.fromisoformat(when).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("anthropic", "claude-opus-4-5", 200_000),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000),
        (None, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000),
        ("openai", "gpt-5.2", 400_000),
        ("github", "gpt-4o", 128_000),
        ("somebody new", "gpt-4o", 128_000),
        ("ollama", "gpt-4o", None),
        ("openai", "nope-1", None),
    ],
)
def test_models_are_found(provider: str | None, model: str, found: int | None) -> None:
    """A model is found as its provider's, as anybody's, and by shorter names; never where nobody charges."""
    assert found == bundled.known(provider, model).context_window


def test_what_is_free_costs_nothing() -> None:
    """A model whose name says that it is free costs 0; another one without prices is not known."""
    free, unknown = (
        bundled.known("openrouter", "deepseek/deepseek-r1:free").at(0),
        bundled.known(None, "whisper-1").at(0),
    )

    assert free
    assert free.rates
    assert free.rates.charge(Tokens(10, 0, 0, 10)) == 0
    assert unknown
    assert unknown.rates is None


def test_prices_change_with_the_hour() -> None:
    """Where nights are cheaper, the hour of the call counts."""
    dear, cheap = (
        bundled.known("deepseek", "deepseek-v4-pro").at(unix_nano(f"2026-11-20T{hour}")) for hour in ("03:00", "12:00")
    )

    assert dear
    assert cheap
    assert dear.rates != cheap.rates


def test_the_package_waits_and_nothing_is_fetched() -> None:
    """The package is loaded by the first call that needs it, and no socket is opened."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert {"steps": [False, 10**9, False, 2 * 10**9, True], "calls": []} == json.loads(done.stdout)


def test_the_source_has_its_version() -> None:
    """Prices say which release of genai-prices they are from."""
    offer = bundled.known("openai", "o3").at(0)

    assert offer
    assert f"genai-prices {genai_prices.__version__}" == offer.source
