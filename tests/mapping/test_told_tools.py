"""Tool calls that only messages tell of."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from mapping.facts import Fact, fact_of
from mapping.record import Record
from mapping.tools import ToolCall
from schema.signals import Signal
from tests.support.meaning import tools

SECOND = 1_000_000_000
PARIS = {"city": "Paris"}
GIVEN = {"gen_ai.tool.call.arguments": '{"city":"Oslo"}'}


def part(kind: str, **members: Any) -> dict[str, Any]:
    """Make a part of a message."""
    return {"type": kind, **members}


def call(name: str = "get", call_id: str | None = "c1", arguments: Any = None) -> dict[str, Any]:
    """Ask for a call."""
    return part("tool_call", id=call_id, name=name, arguments=arguments or PARIS)


def result(text: str = "sunny", call_id: str | None = "c1") -> dict[str, Any]:
    """Give a call's result."""
    return {"role": "tool", "parts": [part("tool_call_response", id=call_id, response=text)]}


def model(
    at: int, *parts: dict[str, Any], since: tuple[dict[str, Any], ...] = (), trace: str = "t", error: str = ""
) -> Fact:
    """Make a model call of a second, which begins at one."""
    asked = [{"role": "user", "parts": [part("text", content="weather?")]}, *since]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": orjson.dumps(asked).decode(),
        "gen_ai.output.messages": orjson.dumps([{"role": "assistant", "parts": list(parts)}]).decode(),
        **({"error.type": error} if error else {}),
    }
    key = f"{trace}/m{at}"
    start = at * SECOND
    return fact_of(Record(Signal.TRACES, key, "chat", start, start + SECOND, trace, f"m{at}", attributes=attributes))


def tool(at: int, name: str = "get", trace: str = "t", **more: Any) -> Fact:
    """Make a tool's record."""
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **more}
    start = at * SECOND
    key = f"{trace}/t{at}"
    return fact_of(Record(Signal.TRACES, key, name, start, start + SECOND, trace, f"t{at}", attributes=attributes))


def told(*facts: Fact) -> list[tuple[str | None, str | None, str | None, str | None, bool]]:
    """Find the calls, and give what they say."""
    return [say(each) for each in tools(facts)]


def say(found: ToolCall) -> tuple[str | None, str | None, str | None, str | None, bool]:
    """Give name, id, arguments, result, and whether it failed."""
    of = found.fact.tool
    assert of is not None
    return of.name, of.call_id, of.input, of.output, found.fact.failed


def test_a_call_that_only_the_model_tells_of_is_a_call() -> None:
    """Its result is in the next question, and its records are both."""
    asking, next_one = model(1, call()), model(3, part("text", content="sunny"), since=(result(),))

    assert told(asking, next_one) == [("get", "c1", '{"city":"Paris"}', "sunny", False)]
    assert tools((asking, next_one))[0].sources == [asking.key, next_one.key]


def test_a_call_without_a_result_is_no_failure() -> None:
    """Nothing is known of how it ended."""
    assert told(model(1, call())) == [("get", "c1", '{"city":"Paris"}', None, False)]


def test_a_result_may_say_that_it_is_an_error() -> None:
    """Programs write so, where the API has no place for it."""
    assert told(model(1, call()), model(3, since=(result("Error: no such city"),)))[0][-1] is True


def test_a_failed_answer_asks_for_nothing() -> None:
    """What it began to ask for was never run."""
    assert told(model(1, call(), error="timeout")) == []


@pytest.mark.parametrize("trace", ["t", "u"])
def test_a_recorded_call_is_not_told_of_again(trace: str) -> None:
    """Neither in its trace nor in another, by its id or by its name; what the messages know of it is filled in."""
    record = tool(2, trace=trace, **({"gen_ai.tool.call.id": "c1"} if trace == "u" else {}))

    assert told(model(1, call()), record, model(4, since=(result(),))) == [
        ("get", "c1", '{"city":"Paris"}', "sunny", False)
    ]


def test_a_record_near_in_time_covers_a_call_of_another_trace() -> None:
    """Where every record is in a trace of its own, and has no id."""
    assert told(model(1, call()), tool(2, trace="u")) == [("get", None, None, None, False)]


def test_what_was_not_run_is_no_call_where_tools_are_recorded() -> None:
    """A call that was refused, or that hands over, is asked for but has no record."""
    assert [name for name, *_ in told(model(1, call(), call("handoff", "c2")), tool(2))] == ["get"]


def test_calls_of_one_name_are_matched_by_arguments_and_order() -> None:
    """Records without ids get those of the calls."""
    asking = model(1, call(), call(call_id="c2", arguments={"city": "Oslo"}), call(call_id="c3"))
    records = (
        tool(3, **{"gen_ai.tool.call.arguments": '{"city": "Oslo"}'}),
        tool(4, **{"gen_ai.tool.call.arguments": '{"city": "Paris"}'}),
    )

    assert [call_id for _, call_id, *_ in told(asking, *records)] == ["c2", "c3"]


def test_ids_may_begin_anew_with_each_answer() -> None:
    """The same id later in a conversation is another call."""
    first, second = model(1, call()), model(6, call(), since=(result(),))
    last = model(9, since=(result("rainy"),))

    assert [output for *_, output, _ in told(first, second, last)] == ["sunny", "rainy"]


def test_results_without_the_calls_ids_are_in_order() -> None:
    """Some exporters have the ids of items; the result's is then the call's."""
    asking = model(1, call(call_id="fc_1"), call("other", "fc_2"))
    answered = model(3, since=(result("a", "call_1"), result("b", "call_2")))

    assert [(call_id, output) for _, call_id, _, output, _ in told(asking, answered)] == [
        ("call_1", "a"),
        ("call_2", "b"),
    ]


def test_calls_that_an_exporter_ran_together_are_told_apart_by_the_next_question() -> None:
    """It repeats what was asked for."""
    asking = model(1, call("getother", "c1c2", '{"a":1}{"b":2}'))
    repeated = {"role": "assistant", "parts": [call("get", "c1", {"a": 1}), call("other", "c2", {"b": 2})]}
    answered = model(3, since=(repeated, result("x", "c1"), result("y", "c2")))

    assert told(asking, answered) == [("get", "c1", '{"a":1}', "x", False), ("other", "c2", '{"b":2}', "y", False)]


def test_two_records_of_an_answer_ask_once() -> None:
    """A log record in the call's span repeats it, also without ids."""
    asking = model(1, call(call_id=None), call(call_id=None))
    copy = Record(
        Signal.LOGS,
        "log/2/a",
        "gen_ai.client.inference.operation.details",
        2 * SECOND,
        2 * SECOND,
        "t",
        "m1",
        attributes={"gen_ai.output.messages": [{"role": "assistant", "parts": [call(), call()]}]},
    )

    assert len(told(asking, fact_of(copy))) == 2
    assert len(told(fact_of(copy))) == 1


def test_a_prompt_that_is_asked_again_elsewhere_answers_no_call() -> None:
    """The trace that the call was asked in goes on, and its questions tell of no results."""
    first = (model(1, call()), tool(2), model(4, part("text", content="done")))
    again = model(9, part("text", content="done"), since=(result("rainy", "c2"),), trace="u")

    assert told(*first, again) == [("get", "c1", '{"city":"Paris"}', None, False)]


def test_the_inner_one_of_two_answers_tells_of_the_calls() -> None:
    """The span around has them without their ids."""
    outer = model(1, call(call_id=None))
    inner = replace(model(1, call()), key="t/i", span_id="i", parent_span_id=outer.span_id)

    assert [each.fact.tool.call_id for each in tools((outer, inner)) if each.fact.tool] == ["c1"]


def test_a_call_whose_record_was_lost_is_told_by_its_result() -> None:
    """Other records of the session, of the same tool, are of other calls, by their arguments."""
    asking, next_one = model(1, call()), model(2, part("text", content="sunny"), since=(result(),))
    oslo = '{"city":"Oslo"}'
    others = (model(3, call(call_id="c2", arguments={"city": "Oslo"}), trace="u"), tool(4, trace="u", **GIVEN))
    facts = [replace(fact, session_id="one") for fact in (asking, next_one, *others)]

    assert told(*facts) == [("get", "c1", '{"city":"Paris"}', "sunny", False), ("get", "c2", oslo, None, False)]


def dispatch(name: str, arguments: Any = None) -> Fact:
    """Make a record of a function that runs the tool it is given the name of."""
    given = orjson.dumps({"name": name, "args": arguments or PARIS}).decode()
    return tool(2, "run_tool", **{"gen_ai.tool.call.arguments": given})


def test_a_function_that_runs_tools_is_the_call_that_was_asked_for() -> None:
    """It was given the call's name and arguments; that it ran does not say that the tool did."""
    asked = model(0, call())
    answered = model(4, since=({"role": "assistant", "parts": [call()]}, result("error: no such city")))

    assert told(asked, dispatch("get"), answered) == [("get", "c1", '{"city":"Paris"}', "error: no such city", True)]


def test_a_function_that_was_asked_for_otherwise_keeps_its_name() -> None:
    """Other arguments are another call's, and a tool that has a record of its own is that."""
    assert told(model(0, call()), dispatch("get", {"city": "Oslo"}))[0][0] == "run_tool"
    assert sorted(str(each[0]) for each in told(model(0, call()), dispatch("get"), tool(3))) == ["get", "run_tool"]


def test_several_calls_keep_their_ids_where_their_results_came_as_one() -> None:
    """Some frameworks put all results into one message."""
    calls = (call("get", "c1"), call("time", "c2"))
    answered = model(4, since=({"role": "assistant", "parts": list(calls)}, result("sunny; noon", None)))

    assert [each[:2] for each in told(model(0, *calls), answered)] == [("get", "c1"), ("time", "c2")]


def test_a_result_may_tell_of_the_call_that_nothing_else_tells_of() -> None:
    """Haystack's agent keeps the conversation, whose results repeat what was asked for."""
    text = (
        "ChatMessage(_role=<ChatRole.TOOL: 'tool'>, _content=[ToolCallResult(result='sunny', "
        "origin=ToolCall(tool_name='get', arguments={'city': 'Paris'}, id='c1'), error=False)])"
    )
    attributes = {"openinference.span.kind": "CHAIN", "output.value": orjson.dumps({"messages": [text]}).decode()}
    runs = [
        fact_of(Record(Signal.TRACES, f"t/{number}", "run", 0, SECOND, "t", number, attributes=attributes))
        for number in ("1", "2")
    ]

    assert told(*runs) == [("get", "c1", '{"city":"Paris"}', "sunny", False)]
    assert told(*runs, model(0, part("text", content="Hi"))) == []
