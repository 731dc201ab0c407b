"""What is left of attributes when content is not wanted."""

from typing import Any

from privacy.modes import metadata, minimal

HELD: dict[str, Any] = {
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.input.messages": '[{"role":"user","parts":[{"content":"hello"}]}]',
    "gen_ai.tool.name": "read_file",
    "gen_ai.conversation.id": "conv_1",
    "tool.parameters": "ls",
    "made.up.by.somebody": "one-word",
    "made.up.text": "two words",
    "made.up.map": {"a": "b"},
    "made.up.list": ["a", "b c"],
    "finished": True,
}


def test_metadata_keeps_names_and_numbers() -> None:
    """Not what is known to be content, however short, nor what looks like text."""
    assert {
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.tool.name",
        "gen_ai.conversation.id",
        "made.up.by.somebody",
        "finished",
    } == set(metadata(HELD)) - {"tool.parameters"}


def test_minimal_keeps_what_is_counted() -> None:
    """Nothing that nobody reads."""
    assert {"gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.tool.name", "gen_ai.conversation.id"} == set(
        minimal(HELD)
    )
