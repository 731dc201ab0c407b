"""Tool calls, each once, in what 40 runtimes sent."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from mapping.tools import ToolCall
from tests.support.corpus import ALL, SOURCES, source
from tests.support.meaning import facts, tools

Named = tuple[str | None, bool]
CUT = {"haystack-openinference"}
"""Recordings whose tool calls only the conversation's text tells of, and most of that is cut away."""
UNRUN: dict[str, dict[Named, int]] = {
    "haystack-openinference": {("get_weather", False): 1, ("get_time", True): 1},
    "openlit": {("get_weather", True): 1, ("get_weather", False): 1},
}
"""Calls that were made otherwise, or not at all, by what the recording holds."""
UNKNOWN: dict[str, dict[Named, int]] = {"openlit": {("get_weather", True): 1}}
"""And what it holds instead: a result that was never recorded is no failure."""
MORE: dict[str, dict[Named, int]] = {
    "autogen": {("ask_researcher", True): 1},
    "claude-code-both": {("Bash", True): 1},
    "claude-code-logs": {("Bash", True): 1},
    "claude-code-spans": {("Bash", True): 1},
    "fastmcp": {("no_such_tool", False): 1},
    "gemini-cli-http": {("run_shell_command", True): 1, ("complete_task", True): 1},
    "google-adk": {("ask_researcher", True): 2, ("transfer_to_agent", True): 1},
    "mcp-openinference": {("no_such_tool", False): 1},
    "openai-agents-openinference": {(None, True): 1},
    "smolagents-openinference": {("final_answer", True): 7},
}
"""Calls that the recordings hold and the notes of the runs do not: subagents', refused, handed over, final answers."""
OTHERWISE = {"codex-cli-grpc", "codex-cli-http-json", "opencode"}
"""Recordings that name tools otherwise than the notes of the run, or lose some; see the tests below."""


def outcome(call: ToolCall) -> Named:
    """Give a call's name and whether it went well."""
    assert call.fact.tool is not None
    return call.fact.tool.name, not call.fact.failed


def truth(name: str) -> list[dict[str, Any]]:
    """Give the calls that were made."""
    told: list[dict[str, Any]] = source(name).truth["tool_calls"]
    return told


@pytest.mark.parametrize("name", [name for name in ALL if name not in OTHERWISE])
def test_each_tool_call_is_found_once_with_its_outcome(name: str) -> None:
    """Spans inside spans, a client's and its server's, and log events beside them are one call."""
    found = Counter(map(outcome, tools(facts(name))))
    made = Counter((call["name"], call["ok"]) for call in truth(name))

    told = made - Counter(UNRUN.get(name, {})) + Counter(UNKNOWN.get(name, {})) + Counter(MORE.get(name, {}))
    assert found == told


@pytest.mark.parametrize("name", ["codex-cli-grpc", "codex-cli-http-json"])
def test_codex_calls_have_their_own_names(name: str) -> None:
    """What its output calls shell and wait, its telemetry calls otherwise; two shell calls ran in the subagent."""
    found = Counter(name for name, _ in map(outcome, tools(facts(name))))

    assert Counter({"exec_command": 6, "spawn_agent": 1, "wait_agent": 1}) == found


NO_ID = {"fastmcp", "mcp-openinference", "gemini-cli-http", "google-adk"}
"""Recordings with other ids than the model's: the protocol's, or the program's own."""
NO_ARGUMENTS = {"autogen": 6, "fastmcp": 3, "mcp-openinference": 3}
NO_RESULT = {"autogen": 5, "fastmcp": 2, "mcp-openinference": 2, "openlit": 2}
"""How many calls' arguments and results no record holds."""
SHOWN = {"qwen-code-http": 3, "gemini-cli-http": 1, "copilot-cli": 6}
"""How many results are told as the model was, while the notes have what the program's user was shown."""


def same(text: str | None, value: object) -> bool:
    """Say whether a text is a value, or its JSON."""
    try:
        return text == value or (text is not None and json.loads(text) == value)
    except ValueError:
        return False


def paired(name: str) -> list[tuple[ToolCall, dict[str, Any]]]:
    """Pair each call that was made with the one found: of the same id, or the same name, arguments and order."""
    left, pairs = tools(facts(name)), []
    for call in truth(name):
        named = [found for found in left if found.fact.tool and found.fact.tool.name == call["name"]]
        fitting = [found for found in named if found.fact.tool and found.fact.tool.call_id == call.get("call_id")]
        equal = [found for found in named if found.fact.tool and same(found.fact.tool.input, call["args"])]
        for found in (fitting or equal or named)[:1]:
            left.remove(found)
            pairs.append((found, call))
    return pairs


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in CUT | OTHERWISE | NO_ID])
def test_ids_are_those_that_the_model_gave(name: str) -> None:
    """Also where only the messages tell them, and no record of a tool; a model asked again has given others."""
    given = {call["id"] for asked in source(name).truth["llm_calls"] for call in asked.get("tool_calls") or ()}
    again = any(call.get("superseded") for call in source(name).truth["llm_calls"])
    for found, call in paired(name):
        assert found.fact.tool is not None
        assert found.fact.tool.call_id in (given if again else {call.get("call_id"), None})


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in CUT | OTHERWISE])
def test_arguments_are_those_that_were_passed(name: str) -> None:
    """They are the same JSON, whatever the framework puts around them."""
    given = [(found.fact.tool.input, call["args"]) for found, call in paired(name) if found.fact.tool]

    assert NO_ARGUMENTS.get(name, 0) == sum(text is None for text, _ in given)
    assert [(text, args) for text, args in given if text is not None and not same(text, args)] == []


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in CUT | OTHERWISE])
def test_results_are_those_that_the_tool_gave(name: str) -> None:
    """They are the tool's own text, whatever the framework puts around it."""
    given = [
        (found.fact.tool.output, call["result"])
        for found, call in paired(name)
        if found.fact.tool and isinstance(call.get("result"), str) and call["ok"]
    ]
    if name not in SHOWN:
        assert NO_RESULT.get(name, 0) == sum(text is None for text, _ in given)
    odd = [(text, result) for text, result in given if text is not None and not same(text, result)]
    assert SHOWN.get(name, 0) == len(odd)


@pytest.mark.parametrize("name", ["codex-cli-grpc", "codex-cli-http-json"])
def test_a_command_that_ended_badly_is_a_failed_call(name: str) -> None:
    """Codex calls it a success; the exit code stands in the result."""
    failed = [call.fact.tool for call in tools(facts(name)) if call.fact.failed]

    assert ["nonexistent-file" in (tool.input or "") for tool in failed if tool] == [True]


@pytest.mark.parametrize("name", ["fastmcp", "gemini-cli-http", "google-genai-official", "qwen-code-http"])
def test_the_order_in_which_records_come_changes_nothing(name: str) -> None:
    """Calls are the same however their records are mixed."""
    told = list(facts(name))
    expected = [(outcome(call), sorted(call.sources)) for call in tools(tuple(told))]
    for seed in range(5):
        Random(seed).shuffle(told)

        assert expected == [(outcome(call), sorted(call.sources)) for call in tools(tuple(told))]
