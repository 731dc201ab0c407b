"""Find a provider's own usage object inside recorded responses.

Many instrumentations copy two of its numbers into attributes and leave the rest in the response they keep as JSON text.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from mapping.emitters import Origin
from mapping.fields import Reading, whole
from mapping.record import parsed
from mapping.reprs import written_out
from mapping.tokens import Tokens

HOLDERS: Final = (
    "gen_ai.usage.raw",
    "langfuse.observation.usage_details",
    "langsmith.metadata.usage_metadata",
    "metadata.usage_object",
    "mastra.metadata.body",
    "body",
    "output.value",
    "genkit:output",
    "mlflow.spanOutputs",
    "response_data",
    "langfuse.observation.output",
    "gen_ai.completion",
    "traceloop.entity.output",
    "gcp.vertex.agent.llm_response",
)
"""Attributes that may hold a response."""
MAX_DEPTH: Final = 8
MAX_NODES: Final = 2000


def raw_usage(reading: Reading) -> Tokens:
    """Give what the usage objects of a response say; nothing when there is none, or several of other calls."""
    record = reading.record
    for holder in reading.origin.once("holders", _holders):
        told = record.attributes[holder]
        if told is not None and _may_tell(told):
            found = _agreed(list(_usages(written_out(record.json(told)))))
            if found:
                return found
    return Tokens()


def _holders(origin: Origin) -> tuple[str, ...]:
    """Give those of a record's keys that may hold a response."""
    return tuple(filter(origin.keys.__contains__, HOLDERS))


def _agreed(found: list[Tokens]) -> Tokens:
    """Put usages together that count the same: one of them may tell more of the parts."""
    if len({(each.input, each.output) for each in found}) != 1:
        return Tokens()
    fullest = max(found, key=lambda each: each.known)
    return fullest if all(_fits(each, fullest) for each in found) else Tokens()


def _fits(one: Tokens, other: Tokens) -> bool:
    parts = ((one.cache_read, other.cache_read), (one.cache_write, other.cache_write), (one.reasoning, other.reasoning))
    return all(told is None or told == known for told, known in parts)


def _may_tell(told: Any) -> bool:
    """Say whether any usage may be inside: most texts are searched faster than they are walked through."""
    return not isinstance(told, str) or any(mark in told for mark in MARKS)


def _usages(root: Any) -> Iterator[Tokens]:
    """Walk a response, its embedded JSON texts included, and read every object that is a usage."""
    stack = [(root, 0)]
    seen = 0
    while stack and seen < MAX_NODES:
        node, depth = stack.pop()
        seen += 1
        if isinstance(node, dict) and not MEMBERS.isdisjoint(node):
            tokens = next((tokens for shape in SHAPES if (tokens := shape(node))), None)
            if tokens:
                yield tokens
                continue
        if depth < MAX_DEPTH and isinstance(node, dict | list):
            inner = node.values() if isinstance(node, dict) else node
            stack.extend((parsed(part), depth + 1) for part in inner if _is_more(part))


def _is_more(part: Any) -> bool:
    return isinstance(part, dict | list) or (isinstance(part, str) and part[:1] in ("{", "["))


def _at(node: Any, *path: str) -> int | None:
    for member in path:
        node = node.get(member) if isinstance(node, dict) else None
    return whole(node)


def _openai_chat(node: dict[str, Any]) -> Tokens:
    if "prompt_tokens" not in node:
        return Tokens()
    return Tokens(
        _at(node, "prompt_tokens"),
        _at(node, "completion_tokens"),
        _at(node, "prompt_tokens_details", "cached_tokens"),
        _at(node, "prompt_tokens_details", "cache_write_tokens"),
        _at(node, "completion_tokens_details", "reasoning_tokens"),
    )


def _openai_responses(node: dict[str, Any]) -> Tokens:
    if "input_tokens_details" not in node and "output_tokens_details" not in node:
        return Tokens()
    return Tokens(
        _at(node, "input_tokens"),
        _at(node, "output_tokens"),
        _at(node, "input_tokens_details", "cached_tokens"),
        _at(node, "input_tokens_details", "cache_write_tokens"),
        _at(node, "output_tokens_details", "reasoning_tokens"),
    )


def _langchain(node: dict[str, Any]) -> Tokens:
    if "input_token_details" not in node and "output_token_details" not in node:
        return Tokens()
    return Tokens(
        _at(node, "input_tokens"),
        _at(node, "output_tokens"),
        _at(node, "input_token_details", "cache_read"),
        _at(node, "input_token_details", "cache_creation"),
        _at(node, "output_token_details", "reasoning"),
    )


def _bedrock(node: dict[str, Any]) -> Tokens:
    """Add the cache: Bedrock's API leaves it out of the input."""
    read, write = _at(node, "cacheReadInputTokens"), _at(node, "cacheWriteInputTokens")
    told = _at(node, "inputTokens")
    return Tokens(None if told is None else told + (read or 0) + (write or 0), _at(node, "outputTokens"), read, write)


def _anthropic(node: dict[str, Any]) -> Tokens:
    """Add the cache: Anthropic's API leaves it out of the input."""
    if "cache_read_input_tokens" not in node and "cache_creation_input_tokens" not in node:
        return Tokens()
    read, write = _at(node, "cache_read_input_tokens"), _at(node, "cache_creation_input_tokens")
    told = _at(node, "input_tokens")
    return Tokens(
        None if told is None else told + (read or 0) + (write or 0), _at(node, "output_tokens"), read, write, None
    )


def _gemini(node: dict[str, Any]) -> Tokens:
    """Add the thoughts: Gemini's API leaves them out of the candidates."""
    for prompt, candidates, cached, thoughts in GEMINI:
        if prompt in node:
            output, reasoning = _at(node, candidates), _at(node, thoughts)
            total = None if output is None else output + (reasoning or 0)
            return Tokens(_at(node, prompt), total, _at(node, cached), None, reasoning)
    return Tokens()


GEMINI: Final = (
    ("promptTokenCount", "candidatesTokenCount", "cachedContentTokenCount", "thoughtsTokenCount"),
    ("prompt_token_count", "candidates_token_count", "cached_content_token_count", "thoughts_token_count"),
)
SHAPES: Final[tuple[Callable[[dict[str, Any]], Tokens], ...]] = (
    _openai_chat,
    _openai_responses,
    _langchain,
    _anthropic,
    _gemini,
    _bedrock,
)
MARKS: Final = ("_token", "TokenCount", "cacheReadInputTokens")
MEMBERS: Final = frozenset(
    (
        "prompt_tokens",
        "input_tokens_details",
        "output_tokens_details",
        "input_token_details",
        "output_token_details",
        "cacheReadInputTokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        *(names[0] for names in GEMINI),
    )
)
"""What the names of usages have in common, and the members by which each shape is known."""
