"""What frameworks wrap around a tool's arguments and results."""

from typing import Any

import pytest

from mapping.facts import fact_of
from mapping.parts import Result
from mapping.record import Record
from mapping.tool_contents import arguments, outcome
from schema.signals import Signal


@pytest.mark.parametrize(
    "value",
    [
        {"kwargs": {"city": "Paris"}},
        {"args": [], "sanitize_inputs_outputs": True, "kwargs": {"city": "Paris"}},
        {"callId": "c", "name": "get", "args": {"city": "Paris"}},
        {"input_str": "{'city': 'Paris'}", "tags": []},
        {"method": "tools/call", "params": {"name": "get", "arguments": {"city": "Paris"}}},
        {"args": [{"city": "Paris"}], "kwargs": {}},
        {"input": "{'city': 'Paris'}"},
        "{'city': 'Paris'}",
    ],
)
def test_arguments_are_taken_out_of_what_is_around_them(value: Any) -> None:
    """Positional arguments stay where they are: they have no names."""
    assert {"city": "Paris"} == arguments(value, "as sent")
    assert arguments({"args": [1], "kwargs": {}}, "as sent") == "as sent"
    assert arguments({"city": "Paris"}, "as sent") == "as sent"
    assert arguments("Paris", "as sent") == "as sent"


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("sunny", Result(None, None, "sunny")),
        ("content='it\\'s sunny' name='get' id='m' tool_call_id='c'", Result("c", "get", "it's sunny")),
        ("content='no' name='get' tool_call_id='c' status='error'", Result("c", "get", "no", failed=True)),
        ("content='sunny' is what it said", Result(None, None, "content='sunny' is what it said")),
        ({"type": "tool", "data": {"content": "sunny", "tool_call_id": "c"}}, Result("c", None, "sunny")),
        (
            {
                "output": {
                    "lc": 1,
                    "id": ["ToolMessage"],
                    "kwargs": {"content": "sunny", "tool_call_id": "c", "status": "error"},
                },
                "kwargs": {},
            },
            Result("c", None, "sunny", failed=True),
        ),
        ({"blocks": [], "raw_output": "sunny", "is_error": True}, Result(None, None, "sunny", failed=True)),
        ([{"text": "sunny"}], Result(None, None, "sunny")),
        ({"title": "t", "metadata": {}, "output": "sunny"}, Result(None, None, "sunny")),
        ({"content": [{"type": "text", "text": "sunny"}], "isError": False}, Result(None, None, "sunny")),
        ({"output": {"content": "sunny", "type": "tool", "tool_call_id": "c"}}, Result("c", None, "sunny")),
        ({"degrees": 21}, Result(None, None, '{"degrees":21}')),
        (None, Result(None, None, None)),
    ],
)
def test_a_result_is_taken_out_of_what_is_around_it(value: Any, result: Result) -> None:
    """What a tool itself gives back as an object stays one."""
    assert outcome(value) == result


@pytest.mark.parametrize(
    ("service", "output", "failed"),
    [
        ("codex_exec", "Chunk ID: a\nWall time: 0.1 seconds\nProcess exited with code 2\nOutput:\n", True),
        (
            "codex_exec",
            "Chunk ID: a\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\nProcess exited with code 1",
            False,
        ),
        ("github-copilot", "no\n<shellId: 0 completed with exit code 1>", True),
        ("github-copilot", "yes\n<shellId: 0 completed with exit code 0>", False),
        ("qwen-code", "Output: x\nExit Code: 127\nSignal: (none)", True),
        ("other", "<tool_error>no such file</tool_error>", True),
        ("other", "Exit Code: 1", False),
    ],
)
def test_an_exit_code_makes_a_failed_call(service: str, output: str, failed: bool) -> None:
    """Only where the program writes it, and only in its own way."""
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "sh", "gen_ai.tool.call.result": output}
    record = Record(
        Signal.TRACES,
        "a/b",
        "execute_tool sh",
        1,
        2,
        "a",
        "b",
        attributes=attributes,
        resource={"service.name": service},
    )
    if service == "codex_exec":
        told = {"tool_name": "sh", "output": output, "success": "true"}
        record = Record(
            Signal.LOGS,
            "log/1/a",
            "codex.tool_result",
            1,
            1,
            "",
            "",
            attributes=told,
            resource={"service.name": service},
        )

    assert fact_of(record).failed is failed


@pytest.mark.parametrize(
    ("key", "kind", "span", "name"),
    [
        ("lmnr.span.type", "TOOL", "get_weather", "get_weather"),
        ("openinference.span.kind", "TOOL", "get_weather.__call__", "get_weather"),
        ("openinference.span.kind", "TOOL", "handoff to researcher", None),
    ],
)
def test_a_tool_without_a_name_has_its_spans(key: str, kind: str, span: str, name: str | None) -> None:
    """Where that is a function's."""
    told = fact_of(Record(Signal.TRACES, "t/s", span, 1, 2, "t", "s", attributes={key: kind})).tool

    assert told is not None
    assert told.name == name


def test_a_tool_of_llamaindex_is_named_in_its_output() -> None:
    """OpenLLMetry's span has the name of the class, and calls it a task."""
    output = '{"blocks": [], "tool_name": "get", "raw_output": "sunny", "is_error": false}'
    attributes = {
        "traceloop.span.kind": "task",
        "traceloop.entity.name": "FunctionTool.task",
        "traceloop.entity.input": '{"kwargs": {"city": "Paris"}}',
        "traceloop.entity.output": output,
    }
    told = fact_of(Record(Signal.TRACES, "t/s", "FunctionTool.task", 1, 2, "t", "s", attributes=attributes)).tool

    assert told is not None
    assert (told.name, told.input, told.output) == ("get", '{"city":"Paris"}', "sunny")
