"""Messages in the shapes of APIs, frameworks and exporters, read into one."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.emitters import origin_of
from mapping.facts import fact_of
from mapping.fields import Reading
from mapping.messages import Message, finish_in, message_of, nodes_in
from mapping.parts import MAX_RESULT, Asked, Result
from mapping.record import Event, Record
from mapping.shapes import SHAPES
from schema.signals import Signal

ASKED = Asked("c1", "get", '{"a":1}')
RESULT = Result("c1", None, "sunny")
FUNCTION = {"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"a":1}'}}


def read(value: Any, otherwise: str = "user") -> list[Message]:
    """Read all messages of a value."""
    return [message_of(node, otherwise) for node in nodes_in(value)]


HI = Message("user", "hi")
USER = {
    "openai chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": []},
    "openai parts": [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url"}]}],
    "openai responses": {"input": "hi", "model": "m"},
    "openai responses items": {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]},
    "anthropic": {"system": "be nice", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "config": {}},
    "bedrock": {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    "semantic conventions": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
    "langchain constructor": {
        "messages": [[{"lc": 1, "id": ["langchain", "HumanMessage"], "kwargs": {"content": "hi", "type": "human"}}]]
    },
    "langchain dictionary": {"messages": [{"type": "human", "data": {"content": "hi", "type": "human"}}]},
    "langchain pair": {"inputs": {"messages": [["user", "hi"]]}, "tags": []},
    "vercel": {"prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
    "events": [{"content": "hi", "role": "user", "event.name": "gen_ai.user.message"}],
    "event without a role": [{"content": "hi", "event.name": "gen_ai.user.message"}],
    "genkit": {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "tools": []},
    "dspy": {"input_args": {"question": "hi"}},
    "task": {"task": "hi", "stream": False},
    "repr": {"messages": ["ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[TextContent(text='hi')], _meta={})"]},
    "text": "hi",
}


@pytest.mark.parametrize("shape", USER)
def test_a_question_is_read_from_every_shape(shape: str) -> None:
    """As an object, and as its JSON text."""
    assert read(USER[shape]) == [HI]
    assert read(orjson.dumps(USER[shape]).decode()) == [HI]


CALLS = {
    "openai chat": {"choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [FUNCTION]}}]},
    "openai responses": {
        "output": [{"type": "function_call", "id": "f", "call_id": "c1", "name": "get", "arguments": '{"a":1}'}]
    },
    "anthropic": {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "get", "input": {"a": 1}}]},
    "gemini": {
        "candidates": [{"content": {"parts": [{"functionCall": {"id": "c1", "name": "get", "args": {"a": 1}}}]}}]
    },
    "bedrock": {
        "output": {"message": {"content": [{"toolUse": {"toolUseId": "c1", "name": "get", "input": {"a": 1}}}]}}
    },
    "semantic conventions": [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "get", "arguments": {"a": 1}}]}
    ],
    "langchain": {
        "generations": [
            [
                {
                    "text": "",
                    "message": {
                        "lc": 1,
                        "id": ["langchain", "AIMessage"],
                        "kwargs": {"content": "", "tool_calls": [{"name": "get", "args": {"a": 1}, "id": "c1"}]},
                    },
                }
            ]
        ]
    },
    "vercel": [
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "get", "input": {"a": 1}}],
        }
    ],
    "genkit": {
        "message": {"role": "model", "content": [{"toolRequest": {"ref": "c1", "name": "get", "input": {"a": 1}}}]}
    },
    "repr": "Message(role='assistant', content=None, tool_calls=[ToolCall(id='c1', name='get', arguments={'a': 1})])",
    "repr in a text part": [
        {
            "role": "assistant",
            "parts": [
                {
                    "type": "text",
                    "content": """ResponseFunctionToolCall(arguments='{"a":1}', call_id='c1', name='get', id='f')""",
                }
            ],
        }
    ],
    "repr of a message in a text part": [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": f"{{'content': None, 'tool_calls': [{FUNCTION}]}}"}],
        }
    ],
}


@pytest.mark.parametrize("shape", CALLS)
def test_a_call_is_read_from_every_shape(shape: str) -> None:
    """With its id, its name and its arguments as JSON text."""
    assert read(CALLS[shape], "assistant") == [Message("assistant", "", (ASKED,))]


def test_a_text_that_is_only_like_an_object_stays_text() -> None:
    """What a user quotes was said."""
    quoted = ["{'content': 'hi'}", "ToolCall(id=", "{'role': 'user', 'tool_calls': None}"]

    assert [message_of({"role": "user", "content": text}, "user").text for text in quoted] == quoted


RESULTS = {
    "openai chat": [{"role": "tool", "tool_call_id": "c1", "content": "sunny"}],
    "openai responses": [{"type": "function_call_output", "call_id": "c1", "output": "sunny"}],
    "anthropic": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "sunny"}]}],
    "anthropic parts": [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "sunny"}]}],
        }
    ],
    "gemini": [{"role": "user", "parts": [{"functionResponse": {"id": "c1", "response": {"result": "sunny"}}}]}],
    "bedrock": [{"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "sunny"}]}}]}],
    "semantic conventions": [
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "sunny"}]}
    ],
    "vercel": [
        {
            "role": "tool",
            "content": [{"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "sunny"}}],
        }
    ],
    "langchain": [{"type": "tool", "data": {"content": "sunny", "type": "tool", "tool_call_id": "c1", "id": None}}],
    "event": [{"event.name": "gen_ai.tool.message", "id": "c1", "content": "sunny"}],
}


@pytest.mark.parametrize("shape", RESULTS)
def test_a_result_is_read_from_every_shape(shape: str) -> None:
    """It is no word of the user's, whatever the role that an API gives it."""
    assert read(RESULTS[shape]) == [Message("tool", "", (), (RESULT,))]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "tool_result", "tool_use_id": "c1", "content": "no", "is_error": True},
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "no"}], "status": "error"}},
        {"type": "tool-result", "toolCallId": "c1", "output": {"type": "error-text", "value": "no"}},
    ],
)
def test_a_result_may_say_that_it_is_an_error(part: dict[str, Any]) -> None:
    """The APIs have three ways."""
    assert read([{"role": "user", "content": [part]}])[0].results == (Result("c1", None, "no", failed=True),)


def test_thoughts_are_no_answer() -> None:
    """Only what was said aloud is."""
    parts = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "reasoning", "content": "hm"},
        {"text": "hm", "thought": True},
    ]

    assert read([{"role": "assistant", "content": [*parts, {"type": "text", "text": "yes"}]}]) == [
        Message("assistant", "yes")
    ]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"choices": [{"finish_reason": "length"}]}, "length"),
        ({"stop_reason": "end_turn"}, "end_turn"),
        ({"candidates": [{"finishReason": "STOP"}]}, "STOP"),
        ({"object": "response", "status": "completed", "incomplete_details": None}, "completed"),
        ({"object": "response", "incomplete_details": {"reason": "max_output_tokens"}}, "max_output_tokens"),
        ({"generations": [[{"generation_info": {"finish_reason": "stop"}}]]}, "stop"),
        ({"raw": "Completion(choices=[Choice(finish_reason='tool_calls', index=0)])"}, "tool_calls"),
        ({"status": "completed"}, None),
        ("plain", None),
    ],
)
def test_a_response_says_why_it_ended(response: Any, reason: str | None) -> None:
    """In the provider's own word; other things' states are none."""
    assert finish_in(response) == reason


def test_a_conversation_of_unknown_shape_gives_nothing() -> None:
    """Neither an error nor a guess."""
    values: tuple[Any, ...] = (
        {},
        [],
        [[]],
        5,
        None,
        True,
        {"city": "Paris"},
        {"callId": "c", "name": "get", "args": {"prompt": "hi"}},
        {"ctx": "<Context at 0x1>"},
        "Broken(role='user', con",
    )

    assert [read(value) for value in values] == [[]] * len(values)


WORDS = st.sampled_from(
    sorted(
        {name for told in SHAPES.values() if isinstance(told, list) for name in told if isinstance(name, str)}
        | {"role", "type", "content", "parts", "kwargs", "lc", "data", "id", "function", "tool_calls", "index"}
    )
)
VALUES = st.sampled_from(
    ["user", "assistant", "tool", "tool_use", "tool_result", "function_call", "text", "hi", "[", "A(b=1)"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | VALUES
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=40
)
KEYS = st.sampled_from(
    [
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "input.value",
        "output.value",
        "gen_ai.prompt.0.role",
        "llm.output_messages.0.message.contents.0.message_content.text",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "pydantic_ai.new_message_index",
        "gen_ai.event.content",
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(KEYS, ANYTHING),
    st.sampled_from(["chat", "execute_tool", "invoke_agent"]),
    st.sampled_from(["gen_ai.choice", "gen_ai.tool.message"]),
    st.booleans(),
)
def test_anything_may_be_sent(told: dict[str, Any], operation: str, name: str, as_text: bool) -> None:
    """No value in these attributes makes the reading fail, and what is kept of it stays bounded."""
    held = {
        key: orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode() if as_text else value
        for key, value in told.items()
    }
    attributes = {**held, "gen_ai.operation.name": operation, "openinference.span.kind": ""}
    span = Record(Signal.TRACES, "a/b", "s", 1, 2, "a", "b", attributes=attributes, events=(Event(name, 1, held),))
    log = Record(Signal.LOGS, "log/1/c", name, 1, 1, "a", "b", attributes=attributes, body=held)
    for record in (span, log):
        fact = fact_of(record)
        assert all(len(result.text or "") <= MAX_RESULT for result in fact.results)
        assert len((fact.raw_input or "").encode(errors="replace")) <= 4096


def test_a_huge_question_costs_no_more_than_its_end() -> None:
    """Of a million nodes some thousands are looked at, and of a conversation its end."""
    deep: Any = "x"
    for _ in range(400):
        deep = {"messages": [deep, deep["messages"][0] if isinstance(deep, dict) else deep]}
    many = [{"role": "user", "content": str(number)} for number in range(50_000)]

    assert nodes_in(deep) == ()
    assert message_of(nodes_in(many)[-1], "user").text == "49999"
    assert len(nodes_in(many)) <= 2_000


def test_one_text_is_read_once() -> None:
    """All fields that are in one JSON text come from one reading of it."""
    attributes = {
        "output.value": '{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}]}'
    }
    record = Record(
        Signal.TRACES, "a/b", "s", 1, 2, "a", "b", attributes={**attributes, "openinference.span.kind": "LLM"}
    )
    reading = Reading(record, origin_of(record))
    first = reading.record.json(record.attributes["output.value"])

    assert fact_of(record).answer == "x"
    assert first is record.json(record.attributes["output.value"])
