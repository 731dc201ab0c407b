"""Python's own writing of objects."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.parts import json_text
from mapping.reprs import written_out


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'city': 'Paris', 'n': 2, 'ok': True, 'no': None}", {"city": "Paris", "n": 2, "ok": True, "no": None}),
        (
            "Message(role='user', _name=None, parts=[Text(text=\"it's\")])",
            {"role": "user", "name": None, "parts": [{"text": "it's"}]},
        ),
        ("A(role=<Role.USER: 'user'>, x=<a.B object at 0x7f>)", {"role": "user", "x": "<a.B object at 0x7f>"}),
        ("ToolCall(id='c', arguments={})", {"type": "tool_call", "id": "c", "arguments": {}}),
        ("['a', (1, -2.5), b'x']", ["a", [1, -2.5], "b'x'"]),
        ("[{'role': 'user'}]", [{"role": "user"}]),
        ("A()", {}),
    ],
)
def test_an_object_becomes_what_it_holds(text: str, value: object) -> None:
    """Keywords are members, enumerations their values."""
    assert written_out(text) == value


@pytest.mark.parametrize(
    "text", ["plain words", "f(x) is a function.", "Call me (please).", "{'a': }", "{1}x", "", "A(b"]
)
def test_what_is_no_object_stays_text(text: str) -> None:
    """Sentences with brackets included."""
    assert written_out(text) == text


def test_a_broken_object_is_none() -> None:
    """It is neither what it was, nor a text that anybody wrote."""
    assert written_out("Message(role='user', parts=[Te…") is None


def test_depth_is_bounded() -> None:
    """Brackets without end are no object."""
    text = "[[" * 10_000 + "'a'"

    assert written_out(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="Aa(){}[]<>'\"\\,:=.0 -xud8Nn\n", max_size=60))
def test_any_text_may_come(text: str) -> None:
    """Nothing raises, and what is read can be written as JSON."""
    json_text(written_out(f"A({text}"))
    json_text(written_out(text))


def test_a_message_that_langchain_writes_for_people_is_read() -> None:
    """Its members stand alone, without its class."""
    text = (
        """content='' additional_kwargs={} tool_calls=[{'name': 'get', 'args': {}, 'id': 'c1', 'type': 'tool_call'}]"""
    )

    assert written_out(text) == {
        "content": "",
        "additional_kwargs": {},
        "tool_calls": [{"name": "get", "args": {}, "id": "c1", "type": "tool_call"}],
    }
    assert written_out("content='sunny' tool_call_id='c1'") == {
        "type": "tool",
        "content": "sunny",
        "tool_call_id": "c1",
    }
    assert written_out("content='sunny' and more") == "content='sunny' and more"
