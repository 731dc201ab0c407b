"""What was said, in what 40 runtimes sent, against what was really asked and answered."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from mapping.calls import Call
from mapping.facts import Fact, fact_of
from mapping.parts import Result
from mapping.record import Event, Record
from schema.signals import Signal
from tests.mapping.test_calls import answered, numbers
from tests.support.corpus import SOURCES, source
from tests.support.meaning import calls, facts

SILENT = {"codex-cli-grpc", "codex-cli-http-json"}
"""Recordings whose model calls hold no messages: their programs do not record any."""
CONTINUED = {
    "agent-framework": 5,
    "copilot-cli": 7,
    **dict.fromkeys(("otel-js-grpc", "otel-js-json", "otel-python-grpc-gzip", "otel-python-http-gzip"), 6),
}
"""How many questions hold tools' results only: the provider keeps the conversation, or just the news is recorded."""
LOST = {"openlit": 1}
"""How many answers are told of without all of their calls: of several calls the last is recorded."""
ITEMS = {"openai-openllmetry": 6}
"""How many answers have the ids of items of a response instead of the calls'."""
SAME = (
    {"tool_calls", "tool_call", "tool-calls", "tool_use"},
    {"stop", "end_turn", "completed"},
)
"""Words of one meaning."""
VAGUE = {"stop", "completed"}
"""What some APIs and exporters say of every answer, with calls or without: Gemini's, OpenAI's responses, and others."""
UNENDED = {"openai-logfire": 14, "smolagents-openinference": 13}
"""How many calls end for no recorded reason: there is none with the Responses API; the raw response is cut away."""
NO_STATUS = {"agent-framework", "copilot-cli", "vercel-ai-v5", "google-adk"}
"""Recordings in which some failed call's status is in no text that was kept."""
Told = list[tuple[Call, dict[str, Any]]]


def known(name: str) -> Told:
    """Pair the calls that were found with the server's own."""
    truth = answered(name)
    return [
        (call, truth[numbers(call)]) for call in calls(facts(name)) if numbers(call) in truth and call.role == "leaf"
    ]


def asked_of_anybody(name: str) -> set[str]:
    """Give the prompts of the turns, and what subagents were asked."""
    truth = source(name).truth
    passed = (call["args"] for answer in truth["llm_calls"] for call in answer.get("tool_calls") or ())
    values = {str(value) for args in passed for value in args.values()}
    return {turn["prompt"] for turn in truth["turns"]} | {value for value in values if " " in value}


@pytest.mark.parametrize("name", SOURCES)
def test_the_question_of_a_model_call_is_the_last_that_the_user_asked(name: str) -> None:
    """A prompt may stand in words that the program puts around it, but it is there in full."""
    prompts = asked_of_anybody(name)
    told = [call.fact.prompt for call, _ in known(name)]
    if name in SILENT:
        assert not any(told)
        return

    assert CONTINUED.get(name, 0) == told.count(None)
    odd = [text for text in told if text and not any(prompt in text for prompt in prompts) and "filler" not in text]
    assert [text for text in odd if "QUOTED_AGENT_CONTENT" not in text and "code" not in text.lower()] == []


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in SILENT])
def test_the_answer_of_a_model_call_is_the_text_that_the_server_sent(name: str) -> None:
    """All pieces of a stream, and nothing of tool calls or of thoughts."""
    for call, truth in known(name):
        if truth["text"]:
            assert call.fact.answer == truth["text"]


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in SILENT])
def test_each_answer_has_the_tool_calls_that_the_server_asked_for(name: str) -> None:
    """Names, ids and arguments are exact; programs may number calls themselves where the API has no ids."""
    lost = items = 0
    for call, truth in known(name):
        wanted = truth.get("tool_calls") or []
        found = [asked.name for asked in call.fact.asked]
        ids = [(asked.call_id, given["id"]) for asked, given in zip(call.fact.asked, wanted, strict=False)]
        lost += found != [given["name"] for given in wanted]
        items += any(given and told != given for told, given in ids) and len(found) == len(wanted)
    assert LOST.get(name, 0) == lost
    assert ITEMS.get(name, 0) == items


@pytest.mark.parametrize("name", SOURCES)
def test_a_call_ends_for_the_reason_that_the_server_gave(name: str) -> None:
    """Words are the provider's, or the program's for the same; a call's reason is never the other kind's."""
    missing = 0
    for call, truth in known(name):
        assert call.fact.model is not None
        reason = call.fact.model.finish_reason
        missing += reason is None
        wanted = truth["finish_reason"].lower()
        same = next(words for words in SAME if wanted in words)
        assert reason is None or reason in same | VAGUE
    assert UNENDED.get(name, 0) == missing


@pytest.mark.parametrize("name", SOURCES)
def test_a_failed_call_has_the_status_that_the_server_sent(name: str) -> None:
    """A status is one that the server really sent; a call that failed says what the error was."""
    sent = {call["status"] for call in source(name).truth["llm_calls"] if not call["ok"]}
    failed = [call.fact for call in calls(facts(name)) if call.fact.failed]
    assert {fact.error_status for fact in failed} <= sent | {None}
    assert all(fact.error_type or fact.error_message for fact in failed)
    assert (name in NO_STATUS) is not all(fact.error_status for fact in failed)


ENDED = {
    "agent-framework": "agent",
    "copilot-cli": "agent",
    "crewai-openinference": "chain",
    "langgraph-openinference": "chain",
    "langgraph-openllmetry": "workflow",
    "pydantic-ai-1.0-logs": "agent",
    "pydantic-ai-latest": "agent",
    "qwen-code-http": "turn",
    "smolagents-openinference": "agent",
    "strands-anthropic-latest": "agent",
    "vercel-ai-v5": "agent",
    "vercel-ai-v7": "agent",
}
"""Recordings in which a turn's own record says what was asked and answered, and the kind of that record."""
INNER = {"crewai-openinference": 1}
"""How many turns ask in the crew's own words, without an input."""
PROMPTS = {"codex-cli-grpc": 5, "codex-cli-http-json": 5, "gemini-cli-http": 6, "qwen-code-http": 7}
"""Recordings with an event for each prompt, and of how many turns: failed runs send less."""


def of_kind(name: str, kind: str) -> Iterator[Fact]:
    """Give the facts of a kind."""
    return (fact for fact in facts(name) if fact.kind == kind)


@pytest.mark.parametrize("name", ENDED)
def test_a_turns_record_has_its_prompt_and_its_result(name: str) -> None:
    """Each turn that went well is in the records of its kind with both, in full."""
    told = [(fact.prompt or "", (fact.answer or "").strip()) for fact in of_kind(name, ENDED[name])]
    missing = [
        turn
        for turn in source(name).truth["turns"]
        if turn["ok"] and not any(turn["prompt"] in prompt and answer == turn["result"] for prompt, answer in told)
    ]

    assert INNER.get(name, 0) == len(missing)


@pytest.mark.parametrize("name", PROMPTS)
def test_an_event_of_a_prompt_has_its_text(name: str) -> None:
    """It is what the user wrote, word for word."""
    wanted = Counter(turn["prompt"] for turn in source(name).truth["turns"])
    found = Counter(fact.prompt for fact in of_kind(name, "prompt") if fact.prompt in wanted)

    assert not found - wanted
    assert PROMPTS[name] == found.total()


@pytest.mark.parametrize("name", SOURCES)
def test_what_was_recorded_is_kept_up_to_a_bound(name: str) -> None:
    """At most 4,096 bytes of each text, and whether there were more."""
    for fact in facts(name):
        for text, was_cut in ((fact.raw_input, fact.cut_input), (fact.raw_output, fact.cut_output)):
            size = len((text or "").encode())
            assert size <= 4096
            assert not was_cut or size > 4092


def span(attributes: dict[str, Any], *events: Event) -> Fact:
    """Make a fact of a model call's span."""
    told = {"gen_ai.operation.name": "chat", **attributes}
    return fact_of(Record(Signal.TRACES, "a/b", "chat", 1, 2, "a", "b", attributes=told, events=events))


QUESTION = [
    {"role": "user", "parts": [{"type": "text", "content": "first"}]},
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "get", "arguments": {}}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "old"}]},
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "c2", "name": "get", "arguments": {"a": 1}}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c2", "response": "new"}]},
]


def test_only_the_results_since_the_last_answer_are_kept() -> None:
    """Earlier questions told the others; the prompt is the user's last, however far back."""
    fact = span({"gen_ai.input.messages": QUESTION})

    assert fact.prompt == "first"
    assert fact.results == (Result("c2", "get", "new", arguments='{"a":1}'),)


@pytest.mark.parametrize(
    "events",
    [
        (
            Event("gen_ai.user.message", 1, {"content": "hi"}),
            Event("gen_ai.choice", 2, {"message": "yes", "finish_reason": "stop"}),
        ),
        (
            Event("gen_ai.user.message", 1, {"content": '[{"text": "hi"}]'}),
            Event("gen_ai.choice", 2, {"message": '[{"text": "yes"}]', "finish_reason": "stop"}),
        ),
        (
            Event("gen_ai.user.message", 1, {"gen_ai.event.content": '{"role": "user", "content": "hi"}'}),
            Event(
                "gen_ai.choice",
                2,
                {"gen_ai.event.content": '{"message": {"content": "yes"}, "finish_reason": "FinishReason.STOP"}'},
            ),
        ),
        (
            Event("gen_ai.content.prompt", 1, {"gen_ai.prompt": "hi"}),
            Event("gen_ai.content.completion", 2, {"gen_ai.completion": "yes"}),
        ),
        (
            Event(
                "gen_ai.client.inference.operation.details",
                1,
                {"gen_ai.input.messages": '[{"role": "user", "content": "hi"}]'},
            ),
            Event(
                "gen_ai.client.inference.operation.details",
                2,
                {"gen_ai.output.messages": '[{"role": "assistant", "content": "yes"}]'},
            ),
        ),
    ],
)
def test_messages_may_be_in_span_events(events: tuple[Event, ...]) -> None:
    """One message each, as text or as JSON, or all of them."""
    fact = span({}, *events)

    assert ("hi", "yes") == (fact.prompt, fact.answer)
    assert fact.model is not None
    assert fact.model.finish_reason == ("stop" if events[1].name == "gen_ai.choice" else None)


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"content": "yes"}, "finish_reason": "stop"},
        '{"message": {"content": "yes"}, "finish_reason": "stop"}',
    ],
)
def test_a_message_may_be_a_log_record(body: Any) -> None:
    """Its body is the message, or its JSON text; the call in whose span it was written has it."""
    log = Record(Signal.LOGS, "log/2/a", "gen_ai.choice", 2, 2, "a", "b", body=body)
    asked = Record(Signal.LOGS, "log/1/a", "gen_ai.user.message", 1, 1, "a", "b", body={"content": "hi"})
    (call,) = calls((span({}), fact_of(asked), fact_of(log)))

    assert ("hi", "yes") == (call.fact.prompt, call.fact.answer)
    assert call.fact.model is not None
    assert call.fact.model.finish_reason == "stop"


def test_an_agents_prompt_is_of_this_run() -> None:
    """A conversation that goes on holds earlier runs before the new messages."""
    told = [
        {"role": "user", "content": "old"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "new"},
    ]
    held = {
        "gen_ai.operation.name": "invoke_agent",
        "pydantic_ai.all_messages": told,
        "pydantic_ai.new_message_index": 2,
    }
    fact = fact_of(
        Record(Signal.TRACES, "a/b", "x", 1, 2, "a", "b", scope="pydantic-ai", attributes={**held, "final_result": "b"})
    )

    assert ("new", "b") == (fact.prompt, fact.answer)


@pytest.mark.parametrize(
    ("text", "kept"), [("é" * 3000, "é" * 2048), ("a" + "é" * 3000, "a" + "é" * 2047), ("a" * 4096, None)]
)
def test_a_long_text_is_cut_between_characters(text: str, kept: str | None) -> None:
    """At 4,096 bytes or just before."""
    fact = span({"gen_ai.output.messages": text})

    assert (kept or text, kept is not None) == (fact.raw_output, fact.cut_output)
    assert fact.answer == text


def test_calls_get_their_ids_from_the_response_as_recorded() -> None:
    """An instrumentation that spreads the messages over keys may leave the ids out."""
    raw = {"candidates": [{"content": {"role": "model", "parts": [{"function_call": {"id": "c1", "name": "get"}}]}}]}
    start = "llm.output_messages.0.message."
    attributes = {
        "openinference.span.kind": "LLM",
        "output.value": orjson.dumps({**raw, "response_id": "gem-1"}).decode(),
        f"{start}role": "model",
        f"{start}tool_calls.0.tool_call.function.name": "get",
        f"{start}tool_calls.0.tool_call.function.arguments": "{}",
    }
    told = fact_of(Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", attributes=attributes))

    assert [call.call_id for call in told.asked] == ["c1"]
    assert told.model is not None
    assert told.model.response_id == "gem-1"


@pytest.mark.parametrize("identity", ["chatcmpl-1", "resp_01"])
@pytest.mark.parametrize("outer", ["", "llm_output"])
def test_a_responses_id_is_in_the_response(identity: str, outer: str) -> None:
    """What is only a name is none."""
    for told, found in ((identity, identity), ("ChatOpenAI", None)):
        response = {"id": told}
        value = orjson.dumps({outer: response} if outer else response).decode()
        attributes = {"openinference.span.kind": "LLM", "output.value": value}
        model = fact_of(Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", attributes=attributes)).model
        assert model is not None
        assert model.response_id == found


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{"result": "sunny"}', Result("c1", "get", "sunny")),
        ('{"error": "no city"}', Result("c1", "get", "no city", failed=True)),
        ('{"result": 1, "unit": "C"}', Result("c1", "get", '{"result": 1, "unit": "C"}')),
    ],
)
def test_geminis_results_are_taken_out_of_the_object_that_its_api_wants(text: str, result: Result) -> None:
    """Also where an instrumentation writes the object as text; another provider's tool may have meant it."""
    start = "llm.input_messages.0.message."
    attributes = {
        "openinference.span.kind": "LLM",
        f"{start}role": "tool",
        f"{start}name": "get",
        f"{start}tool_call_id": "c1",
        f"{start}content": text,
    }
    for provider, told in (("google", result), ("openai", Result("c1", "get", text))):
        record = Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", attributes={**attributes, "llm.provider": provider})
        assert fact_of(record).results == (told,)


@pytest.mark.parametrize(
    "attributes",
    [
        {"crewai.task.description": "weather?", "traceloop.span.kind": "task"},
        {"crewai.crew.tasks": '[{"description": "weather?"}]', "gen_ai.operation.name": "invoke_agent"},
    ],
)
def test_crewais_prompt_is_the_tasks_description(attributes: dict[str, str]) -> None:
    """The model is asked with a template around it."""
    scope = "opentelemetry.instrumentation.crewai.instrumentation"
    record = Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", scope=scope, attributes=attributes)

    assert fact_of(record).prompt == "weather?"


def test_events_in_one_attribute_are_questions_but_for_the_choice() -> None:
    """As Pydantic AI writes a model call before its second format."""
    user = {"event.name": "gen_ai.user.message", "role": "user", "content": "weather?"}
    asks = {
        "event.name": "gen_ai.choice",
        "message": {"role": "assistant", "tool_calls": [{"id": "c1", "name": "get"}]},
    }
    says = {"event.name": "gen_ai.choice", "message": {"role": "assistant", "content": "sunny"}}
    asked = {"event.name": "gen_ai.assistant.message", "role": "assistant", "tool_calls": [{"id": "c1", "name": "get"}]}
    told = {"event.name": "gen_ai.tool.message", "role": "tool", "id": "c1", "content": "sunny"}

    def read(*events: dict[str, Any]) -> Fact:
        attributes = {"gen_ai.operation.name": "chat", "events": orjson.dumps(events).decode()}
        return fact_of(Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", scope="pydantic-ai", attributes=attributes))

    first, second = read(user, asks), read(user, asked, told, says)

    assert (first.prompt, first.answer, [call.call_id for call in first.asked]) == ("weather?", None, ["c1"])
    assert (second.prompt, second.answer, second.asked) == ("weather?", "sunny", ())
    assert [result.call_id for result in second.results] == ["c1"]
