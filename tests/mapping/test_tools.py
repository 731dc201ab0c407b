"""Tool calls, each once, in what 40 runtimes sent."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from mapping.tools import ToolCall
from tests.support.corpus import ALL, source
from tests.support.meaning import facts, tools

UNTOLD = {
    "haystack-openinference",
    "openai-genai-official",
    "openai-js-openinference",
    "openai-logfire",
    "openai-openinference",
    "openai-openllmetry",
    "openai-v2-legacy",
    "openlit",
}
"""Recordings without a record of a tool call: they watch the model's client only."""
Named = tuple[str | None, bool]
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
OTHERWISE = {"codex-cli-grpc", "codex-cli-http-json", "openai-mlflow", "opencode"}
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

    assert found == (Counter() if name in UNTOLD else made + Counter(MORE.get(name, {})))


@pytest.mark.parametrize("name", ["codex-cli-grpc", "codex-cli-http-json"])
def test_codex_calls_have_their_own_names(name: str) -> None:
    """What its output calls shell and wait, its telemetry calls otherwise; two shell calls ran in the subagent."""
    found = Counter(name for name, _ in map(outcome, tools(facts(name))))

    assert Counter({"exec_command": 6, "spawn_agent": 1, "wait_agent": 1}) == found


def test_mlflow_names_the_function_that_was_traced() -> None:
    """The tool's own name is in its arguments."""
    assert Counter({("run_tool", True): 8}) == Counter(map(outcome, tools(facts("openai-mlflow"))))


@pytest.mark.parametrize("name", [name for name in ALL if name not in UNTOLD | OTHERWISE])
def test_ids_and_arguments_are_those_of_the_call_or_unsaid(name: str) -> None:
    """A call id is one that the model gave; arguments hold what was passed."""
    given = {call["id"] for asked in source(name).truth["llm_calls"] for call in asked.get("tool_calls") or ()}
    values = {str(value) for call in truth(name) for value in (call["args"] or {}).values()}
    for call in tools(facts(name)):
        tool = call.fact.tool
        assert tool is not None
        if tool.call_id and tool.call_id.startswith(("call_", "toolu_")):
            assert tool.call_id in given
        if tool.input and outcome(call) not in MORE.get(name, {}):
            assert not values or any(value[:20] in tool.input for value in values)


@pytest.mark.parametrize("name", ["fastmcp", "gemini-cli-http", "google-genai-official", "qwen-code-http"])
def test_the_order_in_which_records_come_changes_nothing(name: str) -> None:
    """Calls are the same however their records are mixed."""
    told = list(facts(name))
    expected = [(outcome(call), sorted(call.sources)) for call in tools(tuple(told))]
    for seed in range(5):
        Random(seed).shuffle(told)

        assert expected == [(outcome(call), sorted(call.sources)) for call in tools(tuple(told))]
