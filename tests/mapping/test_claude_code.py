"""Claude Code's events, spans, and both, against the story that they tell."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from mapping.calls import Call
from mapping.facts import fact_of
from mapping.record import Attributes, Record
from mapping.tools import ToolCall
from tests.mapping.test_calls import answered, numbers
from tests.support.corpus import BUILT, source
from tests.support.meaning import calls, facts, records, story, tools

LOGS, SPANS, BOTH = "claude-code-logs", "claude-code-spans", "claude-code-both"
TRUTH = source(BOTH).truth
IDS = ("request_id", "gen_ai.response.id", "client_request_id")


def found(name: str) -> list[Call]:
    """Find the calls of a source."""
    return calls(facts(name))


def by_input(name: str) -> dict[int | None, Call]:
    """Give the answered calls by their input tokens."""
    return {numbers(call)[0]: call for call in found(name) if not call.fact.failed}


def by_id(name: str) -> dict[str | None, ToolCall]:
    """Give the tool calls by their ids."""
    return {call.fact.tool.call_id: call for call in tools(facts(name)) if call.fact.tool}


def changed(name: str, change: Any) -> tuple[Any, ...]:
    """Read a source after its records' attributes were changed."""
    return tuple(fact_of(replace(record, attributes=change(record))) for record in records(source(name).requests))


@pytest.mark.parametrize("name", BUILT)
def test_every_call_is_counted_once_with_its_parts(name: str) -> None:
    """Input holds the cache, which is left out on the wire; reasoning is not told."""
    expected = {
        key: (told["tokens"]["cache_read"], told["tokens"]["cache_write"], told["model"], told["session"])
        for key, told in answered(name).items()
    }
    told = {
        numbers(call): (m.tokens.cache_read, m.tokens.cache_write, m.model, call.fact.session_id)
        for call in found(name)
        if (m := call.fact.model) and not call.fact.failed
    }

    assert expected == told
    assert len(expected) == sum(not call.fact.failed for call in found(name)) == TRUTH["totals"]["llm_ok"]
    assert {("leaf", None)} == {
        (call.role, call.fact.model and call.fact.model.tokens.reasoning) for call in found(name)
    }


@pytest.mark.parametrize("name", [LOGS, BOTH])
def test_cost_is_what_was_emitted(name: str) -> None:
    """Events say it."""
    expected = {call["tokens"]["input_total"]: call["cost_usd"] for call in answered(name).values()}

    assert expected == {key: call.fact.model and call.fact.model.cost_usd for key, call in by_input(name).items()}


def test_spans_alone_say_no_cost() -> None:
    """What is not said is None."""
    assert {None} == {call.fact.model and call.fact.model.cost_usd for call in found(SPANS)}


@pytest.mark.parametrize("name", BUILT)
def test_what_is_given_up_is_one_failed_call(name: str) -> None:
    """Three attempts that end with an error are one call without tokens, and the retries before it are no calls."""
    (failed,) = (call for call in found(name) if call.fact.failed)
    last = TRUTH["llm_calls"][-1]

    assert failed.fact.model is not None
    assert (failed.fact.error_type, failed.fact.session_id) == ("500", last["session"])
    assert failed.fact.error_message == TRUTH["turns"][-1]["error"]
    assert failed.fact.model.attempts == last["attempts"] == 3
    assert not failed.fact.model.tokens
    assert (failed.fact.start, failed.fact.end) == (last["t_start"], last["t_end"])


def test_attempts_are_told_by_spans() -> None:
    """The call that was refused once took two; the event of an answer does not say it."""
    expected = {call["tokens"]["input_total"]: call["attempts"] for call in answered(BOTH).values()}

    for name in (SPANS, BOTH):
        assert expected == {key: call.fact.model and call.fact.model.attempts for key, call in by_input(name).items()}
    assert {None} == {call.fact.model and call.fact.model.attempts for call in by_input(LOGS).values()}


@pytest.mark.parametrize("name", BUILT)
def test_calls_have_their_times_and_agents(name: str) -> None:
    """An event is written at the end and says how long the call took; subagents' calls name the subagent."""
    expected = {
        call["tokens"]["input_total"]: (call["t_start"], call["t_end"], call["agent"] or "claude-code")
        for call in answered(name).values()
    }

    assert expected == {
        key: (call.fact.start, call.fact.end, call.fact.agent_name) for key, call in by_input(name).items()
    }


@pytest.mark.parametrize("name", [SPANS, BOTH])
def test_why_an_answer_ended_is_told_by_spans(name: str) -> None:
    """Events do not say it."""
    expected = {call["tokens"]["input_total"]: call["finish_reason"] for call in answered(name).values()}

    assert expected == {key: call.fact.model and call.fact.model.finish_reason for key, call in by_input(name).items()}


@pytest.mark.parametrize("name", [LOGS, BOTH])
def test_calls_and_tools_have_their_prompt(name: str) -> None:
    """Events say which prompt they serve; spans stand below it."""
    prompts = {turn["n"]: turn["prompt_id"] for turn in TRUTH["turns"]}
    expected = {call["tokens"]["input_total"]: prompts[call["turn"]] for call in answered(name).values()}
    used = {tool["call_id"]: prompts[tool["turn"]] for tool in TRUTH["tool_calls"] + TRUTH["rejected"]}

    assert expected == {key: call.fact.turn_id for key, call in by_input(name).items()}
    assert used == {key: call.fact.turn_id for key, call in by_id(name).items()}


@pytest.mark.parametrize("name", BUILT)
def test_every_tool_call_is_found_once_with_its_outcome(name: str) -> None:
    """Tools of subagents too; an MCP tool has its own name; which files were written is known."""
    expected = {
        tool["call_id"]: (tool["name"], tool["session"], tool["ok"], tool["file_modified"])
        for tool in TRUTH["tool_calls"]
    }
    told = {
        key: (call.fact.tool.name, call.fact.session_id, not call.fact.failed, next(iter(call.wrote), None))
        for key, call in by_id(name).items()
        if call.fact.tool and not call.refused
    }

    assert expected == told
    assert len(tools(facts(name))) == len(by_id(name))


@pytest.mark.parametrize("name", BUILT)
def test_a_refused_tool_call_neither_ran_nor_failed(name: str) -> None:
    """Events tell of it by the decision alone, spans by a wait without an execution."""
    (refused,) = (call for call in by_id(name).values() if call.refused)
    (told,) = TRUTH["rejected"]

    assert refused.fact.tool is not None
    assert (told["call_id"], told["name"]) == (refused.fact.tool.call_id, refused.fact.tool.name)
    assert not refused.fact.failed
    assert told["args"]["command"] in str(refused.fact.tool.input)


@pytest.mark.parametrize("name", BUILT)
def test_a_failed_tool_call_says_why(name: str) -> None:
    """Its kind is told by the event, its message by both."""
    (failed,) = (call for call in by_id(name).values() if call.fact.failed)
    (told,) = (tool for tool in TRUTH["tool_calls"] if not tool["ok"])

    assert told["error"] == failed.fact.error_message
    assert failed.fact.error_type == (None if name == SPANS else told["error_type"])


@pytest.mark.parametrize("name", BUILT)
def test_arguments_are_those_of_the_call(name: str) -> None:
    """Complete ones win over a single one that a span shows."""
    for tool in TRUTH["tool_calls"]:
        call = by_id(name)[tool["call_id"]].fact
        assert call.tool is not None
        assert all(str(value).strip() in str(call.tool.input) for value in tool["args"].values()) or name == SPANS
        assert str(call.tool.input).startswith("{")


def test_times_of_tools_are_told() -> None:
    """Spans count the wait for the user, events only the work."""
    for tool in TRUTH["tool_calls"]:
        for name, began in ((LOGS, tool["t_decided"]), (SPANS, tool["t_start"]), (BOTH, tool["t_start"])):
            fact = by_id(name)[tool["call_id"]].fact
            assert (began, tool["t"]) == (fact.start, fact.end)


def test_an_event_and_its_span_are_one_call_though_they_came_apart() -> None:
    """Every call has both, and one that said something a second event; every tool call that ran two and three spans."""
    assert all(len(call.sources) == 2 + bool(call.fact.answer) for call in found(BOTH))
    ran = [call for call in by_id(BOTH).values() if not call.refused]
    assert Counter({5: len(ran)}) == Counter(len(call.sources) for call in ran)


@pytest.mark.parametrize("name", BUILT)
def test_the_order_of_arrival_changes_nothing(name: str) -> None:
    """Calls and tool calls are the same however their records are mixed."""
    told = list(facts(name))
    expected = [(numbers(call), sorted(call.sources)) for call in found(name)]
    used = [(call.fact.tool, sorted(call.sources)) for call in tools(facts(name))]
    for seed in range(5):
        Random(seed).shuffle(told)

        assert expected == [(numbers(call), sorted(call.sources)) for call in calls(tuple(told))]
        assert used == [(call.fact.tool, sorted(call.sources)) for call in tools(tuple(told))]


def as_text(record: Record) -> Attributes:
    """Write numbers as text, as old builds do."""
    plain = {key: str(value) for key, value in record.attributes.items() if isinstance(value, int | float)}
    return {**record.attributes, **(plain if not record.is_span else {})}


def without_ids(record: Record) -> Attributes:
    """Leave the ids of requests out, as with other providers."""
    return {key: value for key, value in record.attributes.items() if key not in IDS}


def without_content(record: Record) -> Attributes:
    """Close the gates for content."""
    closed = ("tool_input", "tool_parameters", "full_command", "file_path", "skill_name", "subagent_type")
    kept = {key: value for key, value in record.attributes.items() if key not in closed}
    redacted: Attributes = {key: "<REDACTED>" for key in ("prompt", "response", "user_prompt") if key in kept}
    return {**kept, **redacted}


@pytest.mark.parametrize("change", [as_text, without_ids, without_content])
@pytest.mark.parametrize("name", BUILT)
def test_older_and_other_builds_give_the_same_calls(name: str, change: Any) -> None:
    """Numbers as text, no ids of requests and no content lose no call and count none twice."""
    told = changed(name, change)

    assert [numbers(call) for call in found(name)] == [numbers(call) for call in calls(told)]
    assert [call.fact.failed for call in found(name)] == [call.fact.failed for call in calls(told)]
    assert list(by_id(name)) == [call.fact.tool and call.fact.tool.call_id for call in tools(told)]


def test_events_in_a_span_of_another_program_stay_apart() -> None:
    """Headless runs write every event in the caller's span, which may be all that they share."""
    told = tuple(
        fact_of(replace(record, trace_id="a" * 32, span_id="b" * 16, attributes=without_ids(record)))
        for record in records(source(LOGS).requests)
    )

    assert [numbers(call) for call in found(LOGS)] == [numbers(call) for call in calls(told)]
    assert len(by_id(LOGS)) == len(tools(told))


def test_a_lost_prompt_span_loses_no_call() -> None:
    """Spans whose root never came are roots of their own."""
    told = tuple(fact for fact in facts(BOTH) if fact.kind != "turn")

    assert [numbers(call) for call in found(BOTH)] == [numbers(call) for call in calls(told)]
    assert list(by_id(BOTH)) == [call.fact.tool and call.fact.tool.call_id for call in tools(told)]


@pytest.mark.parametrize("name", [SPANS, BOTH])
def test_an_agent_in_an_agent_is_another_call(name: str) -> None:
    """Tools below an agent's tool are its subagent's, also when they have its name."""
    told = changed(name, lambda record: {**record.attributes, "tool_name": "Agent"})

    assert list(by_id(name)) == [call.fact.tool and call.fact.tool.call_id for call in tools(told)]


def test_an_event_below_an_agents_lost_tool_is_not_the_agents() -> None:
    """Of a subagent's tool only the event came; it was written in the span of the agent's tool."""
    agent = next(fact for fact in facts(SPANS) if fact.tool and fact.tool.name == "Agent" and fact.kind == "tool")
    inner = next(fact for fact in facts(LOGS) if fact.kind == "tool" and not fact.failed)
    told = (agent, replace(inner, trace_id=agent.trace_id, span_id=agent.span_id))

    assert 2 == len(tools(told))


def test_ids_that_differ_are_of_different_calls() -> None:
    """However near in time and equal in numbers an event and a span are."""
    told = changed(
        BOTH,
        lambda record: record.attributes if record.is_span else {**record.attributes, **dict.fromkeys(IDS, record.key)},
    )

    assert 2 * len(found(BOTH)) == len(calls(told))


@pytest.mark.parametrize("name", [LOGS, BOTH])
def test_a_turn_ends_with_the_last_answer_of_its_main_thread(name: str) -> None:
    """Titles, summaries and subagents answer as well; an answer that names no request is the turn's all the same."""
    wanted = [turn["result"] for turn in TRUTH["turns"]]
    unnamed = changed(name, lambda record: {key: told for key, told in record.attributes.items() if key not in IDS})

    assert wanted == [job.answer for job in story(facts(name)).jobs.found]
    assert wanted == [job.answer for job in story(unnamed).jobs.found]


def test_an_answer_alone_is_no_call() -> None:
    """What tells of tokens is the request's event; without it nothing is counted."""
    told = tuple(fact for fact in facts(LOGS) if fact.kind == "answer")

    assert told
    assert calls(told) == []
