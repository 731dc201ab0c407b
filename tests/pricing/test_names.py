"""Names of models and providers, in all the ways in which they are written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapping
from pricing.names import from_litellm, is_priced, shop, spellings

BEDROCK = "claude-sonnet-4-5"
PROVIDERS = json.loads((Path(mapping.__file__).parent / "providers.json").read_text())["aliases"]


@pytest.mark.parametrize(
    ("model", "last"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", BEDROCK),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", BEDROCK),
        ("anthropic/Claude-Sonnet-4-5", BEDROCK),
        ("claude-sonnet-4-5@20250929", BEDROCK),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o", "gpt-4o"),
        ("deepseek-v3", "deepseek-v3"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("amazon.nova-pro-v1:0:24k", "nova-pro"),
        ("x-20251399", "x-20251399"),
    ],
)
def test_affixes_go_one_after_the_other(model: str, last: str) -> None:
    """A name is tried as it is first, and without path, region, maker, version and date in the end."""
    names = spellings(model)

    assert (model.lower(), last) == (names[0], names[-1])


def test_every_step_is_a_name() -> None:
    """What lies between is tried too, longest first."""
    expected = (
        "us.anthropic.claude-x-20250929-v1:0",
        "anthropic.claude-x-20250929-v1:0",
        "claude-x-20250929-v1:0",
        "claude-x-20250929",
        "claude-x",
    )

    assert expected == spellings("us.anthropic.claude-x-20250929-v1:0")


@given(st.text(max_size=40))
def test_names_are_few_and_not_empty(model: str) -> None:
    """No name makes more than six, and none of them is empty or there twice."""
    names = spellings(model)

    assert len(names) <= 6
    assert len(set(names)) == len(names)
    assert all(names)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("x_ai", "x-ai"),
        ("gcp.gen_ai", "google"),
        ("azure.ai.inference", "azure"),
        ("github", None),
        ("alibaba", None),
        ("groq", "groq"),
        ("somebody new", "somebody new"),
        ("", None),
        (None, None),
    ],
)
def test_providers_have_other_names_in_the_shop(provider: str | None, name: str | None) -> None:
    """Names are put into the catalogue's; who sells other people's models leaves it to the model."""
    assert name == shop(provider)


def test_every_provider_leads_somewhere() -> None:
    """Each name that records can carry is known to the catalogue, left to the model, or charges nothing."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import find_provider_by_id

    unknown = {one for one in PROVIDERS if (name := shop(one)) and not find_provider_by_id(providers, name)}

    assert {"ollama", "vllm"} == unknown
    assert not any(map(is_priced, unknown))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("vertex_ai-language-models", "gcp.vertex_ai"),
        ("bedrock_converse", "aws.bedrock"),
        ("azure_ai", "azure.ai.inference"),
        ("azure", "azure.ai.openai"),
        ("azure_text", "azure.ai.openai"),
        ("cohere_chat", "cohere"),
        ("openai", "openai"),
        ("deepinfra", "deepinfra"),
        ("github_copilot", "github_copilot"),
        ("xai", "x_ai"),
    ],
)
def test_litellm_names_providers_with_suffixes(theirs: str, ours: str) -> None:
    """The longest name that fits says whose it is; a provider that we do not know keeps its name."""
    assert ours == from_litellm(theirs)
