"""Say which keys of a runtime's own the mapping reads: what is known of it where there is no recording."""

import json
from collections.abc import Iterable
from pathlib import Path

MAPPING = Path(__file__).parents[2] / "mapping"
FIELDS = {
    "sessions": ("identity.session_id",),
    "turns": ("identity.turn_id",),
    "prompts": ("prompt.text",),
    "model": ("llm.model",),
    "provider": ("llm.provider",),
    "input tokens": ("llm.input_tokens",),
    "output tokens": ("llm.output_tokens",),
    "cache read": ("llm.cache_read_tokens",),
    "cache write": ("llm.cache_write_tokens",),
    "reasoning": ("llm.reasoning_tokens",),
    "finish reason": ("llm.finish_reason",),
    "cost": ("llm.cost_usd_micros", "llm.cost_usd"),
    "tool names": ("tool_calls.name",),
    "call ids": ("tool_calls.call_id",),
    "arguments": ("tool_calls.input_preview",),
    "results": ("tool_calls.output_preview",),
    "tool errors": ("tool_calls.is_error", "tool_calls.error_type"),
    "subagents": ("identity.agent_id", "identity.subagent_name"),
}
"""The vocabulary's fields of each fact."""


def keys_of(emitters: Iterable[str]) -> dict[str, list[str]]:
    """Give the first key of each fact that is read for emitters in a dialect of their own."""
    registry = {entry["id"]: entry["speaks"] for entry in json.loads((MAPPING / "emitters.json").read_text())}
    speaks = {dialect for emitter in emitters for dialect in registry[emitter]}
    vocabulary = json.loads((MAPPING / "vocabulary.json").read_text())
    found = {}
    for fact, fields in FIELDS.items():
        keys = [
            key for field in fields for told, key, *_ in vocabulary[field] if _base(told) in speaks or told in speaks
        ]
        if keys:
            found[fact] = [keys[0]]
    return found


def _base(dialect: str) -> str:
    return dialect.removesuffix(".log").removesuffix(".span")
