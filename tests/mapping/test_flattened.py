"""Messages in numbered keys."""

import pytest

from mapping.flattened import Flattened, spelled
from mapping.messages import message_of
from mapping.parts import Asked, Result
from mapping.record import Attributes

OPENINFERENCE = {
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.type": "text",
    "llm.input_messages.0.message.contents.0.message_content.text": "h",
    "llm.input_messages.0.message.contents.1.message_content.text": "i",
    "llm.input_messages.1.message.role": "assistant",
    "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "get",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": "{}",
    "llm.input_messages.2.message.role": "tool",
    "llm.input_messages.2.message.tool_call_id": "c1",
    "llm.input_messages.2.message.content": "sunny",
}
LEGACY = {
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "hi",
    "gen_ai.prompt.1.role": "assistant",
    "gen_ai.prompt.1.tool_calls.0.id": "c1",
    "gen_ai.prompt.1.tool_calls.0.name": "get",
    "gen_ai.prompt.1.tool_calls.0.arguments": "{}",
    "gen_ai.prompt.2.role": "tool",
    "gen_ai.prompt.2.tool_call_id": "c1",
    "gen_ai.prompt.2.content": "sunny",
}


def flattened(attributes: Attributes, side: str) -> Flattened | None:
    """Find a side's messages."""
    spelling = spelled(attributes, side)
    return Flattened(attributes, *spelling) if spelling else None


@pytest.mark.parametrize("attributes", [OPENINFERENCE, LEGACY])
def test_messages_are_put_together(attributes: Attributes) -> None:
    """Texts in parts, tool calls, and results."""
    nodes = flattened(attributes, "input")
    assert nodes is not None
    question, answer, result = (message_of(node, "user") for node in nodes)

    assert ("user", "hi") == (question.role, question.text)
    assert (Asked("c1", "get", "{}"),) == answer.asked
    assert (Result("c1", None, "sunny"),) == result.results
    assert nodes[-1] == nodes[2]


def test_the_other_side_has_its_own_keys() -> None:
    """No key of a side means that it is not told of in this form."""
    assert flattened(LEGACY, "output") is None
    nodes = flattened({"gen_ai.completion.0.content": "yes", "gen_ai.completion.0.finish_reason": "stop"}, "output")

    assert nodes is not None
    assert [{"content": "yes", "finish_reason": "stop"}] == list(nodes)
    with pytest.raises(IndexError):
        nodes[1]


def test_parts_in_a_text_and_a_single_call_are_read() -> None:
    """Older instrumentations write both."""
    told = {
        "gen_ai.completion.0.content": '[{"type": "text", "text": "yes"}]',
        "gen_ai.completion.0.function_call.name": "get",
        "gen_ai.completion.0.function_call.arguments": "{}",
    }
    nodes = flattened(told, "output")
    assert nodes is not None
    answer = message_of(nodes[0], "assistant")

    assert ("yes", (Asked(None, "get", "{}"),)) == (answer.text, answer.asked)


def test_an_empty_text_that_was_written_as_json_is_none() -> None:
    """Older instrumentations write what is no text as JSON, and the empty text too."""
    nodes = flattened({"gen_ai.completion.0.content": '""', "gen_ai.completion.0.role": "assistant"}, "output")

    assert nodes is not None
    assert message_of(nodes[0], "user").text == ""
