"""Usage objects of providers and frameworks, found in what was recorded of a response."""

from typing import Any

import orjson
import pytest

from mapping.emitters import origin_of
from mapping.facts import fact_of
from mapping.fields import Reading
from mapping.raw_usage import raw_usage
from mapping.record import Record
from mapping.tokens import Tokens
from schema.signals import Signal

OPENAI = {
    "prompt_tokens": 211,
    "completion_tokens": 23,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
LANGCHAIN = {
    "input_tokens": 211,
    "output_tokens": 23,
    "input_token_details": {"cache_read": 8},
    "output_token_details": {"reasoning": 5},
}
BOTH = Tokens(211, 23, 8, None, 5)


def span(**attributes: Any) -> Record:
    """Make a span."""
    return Record(Signal.TRACES, "t/s", "call", 1, 2, "t", "s", attributes=attributes)


def holding(key: str, value: Any) -> Reading:
    """Make a span that holds a value as JSON text, and read it."""
    record = span(**{key: value if isinstance(value, str) else orjson.dumps(value).decode()})
    return Reading(record, origin_of(record))


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (OPENAI, BOTH),
        (LANGCHAIN, BOTH),
        (
            {"input_tokens": 198, "output_tokens": 23, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 5},
            Tokens(211, 23, 8, 5, None),
        ),
        (
            {"inputTokens": 203, "outputTokens": 23, "totalTokens": 234, "cacheReadInputTokens": 8},
            Tokens(211, 23, 8, None, None),
        ),
    ],
)
def test_each_shape_is_brought_to_one_meaning(usage: dict[str, Any], tokens: Tokens) -> None:
    """Anthropic and Bedrock leave the cache out of the input."""
    assert raw_usage(holding("output.value", {"usage": usage})) == tokens


def test_usages_that_count_the_same_are_one() -> None:
    """The one that tells more of the parts is given; when a part differs, none is."""
    less = {"prompt_tokens": 211, "completion_tokens": 23}
    other = {**LANGCHAIN, "input_token_details": {"cache_read": 9}}

    assert raw_usage(holding("gen_ai.completion", [less, LANGCHAIN])) == BOTH
    assert raw_usage(holding("gen_ai.completion", [LANGCHAIN, other])) == Tokens()
    assert raw_usage(holding("gen_ai.completion", [less, {**less, "prompt_tokens": 5}])) == Tokens()


@pytest.mark.parametrize("key", ["langfuse.observation.usage_details", "langsmith.metadata.usage_metadata"])
def test_a_usage_may_be_an_attribute_by_itself(key: str) -> None:
    """As Langfuse keeps OpenAI's own, and LangSmith that of a stream."""
    usage = OPENAI if key.startswith("langfuse") else LANGCHAIN
    told = fact_of(
        span(
            **{
                key: orjson.dumps(usage).decode(),
                "langfuse.observation.type": "generation",
                "langsmith.span.kind": "llm",
            }
        )
    )

    assert told.model is not None
    assert told.model.tokens == BOTH


def test_a_usage_may_be_pythons_own_writing() -> None:
    """As LiteLLM writes it."""
    assert raw_usage(holding("metadata.usage_object", repr(OPENAI))) == BOTH
