"""Counts as senders tell them, brought to one meaning."""

from typing import Any

import orjson
import pytest

from mapping.facts import fact_of
from mapping.record import Record
from mapping.tokens import Tokens
from schema.signals import Signal


def langfuse(**buckets: int) -> Tokens:
    """Read a generation's usage."""
    attributes: dict[str, Any] = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details": orjson.dumps(buckets).decode(),
    }
    told = fact_of(Record(Signal.TRACES, "t/s", "call", 1, 2, "t", "s", attributes=attributes)).model
    assert told is not None
    return told.tokens


@pytest.mark.parametrize("cache", ["input_cache_read", "input_cached_tokens", "cache_read_input_tokens"])
@pytest.mark.parametrize("reasoning", ["output_reasoning", "output_reasoning_tokens"])
def test_langfuses_buckets_are_added_where_the_total_says_that_they_are_apart(cache: str, reasoning: str) -> None:
    """Its LangChain handler takes cached and reasoning tokens out of the sums they are parts of; others do not."""
    apart = {"input": 203, "output": 18, "total": 234, cache: 8, reasoning: 5}
    within = {"input": 211, "output": 23, "total": 234, cache: 8, reasoning: 5}

    assert langfuse(**apart) == langfuse(**within) == Tokens(211, 23, 8, None, 5)


def test_botocore_sends_bedrocks_own_numbers() -> None:
    """Its API leaves the cache out of the input."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 198,
        "gen_ai.usage.output_tokens": 23,
        "gen_ai.usage.cache_read.input_tokens": 8,
        "gen_ai.usage.cache_creation.input_tokens": 5,
    }
    scope = "opentelemetry.instrumentation.botocore.bedrock-runtime"
    told = fact_of(Record(Signal.TRACES, "t/s", "chat", 1, 2, "t", "s", scope=scope, attributes=attributes)).model

    assert told is not None
    assert told.tokens == Tokens(211, 23, 8, 5, None)
