"""Model calls, each once, in what 40 runtimes sent."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from mapping.calls import Call, model_calls
from mapping.facts import Fact, Model, fact_of
from mapping.record import Record
from mapping.tokens import Tokens
from mapping.tree import Tree
from schema.signals import Signal
from tests.support.corpus import ALL, source
from tests.support.facts import event, span
from tests.support.meaning import calls, facts

ABSENT = {
    "autogen": 15,  # has no spans of model calls
    "google-genai-official": 6,  # one span for a whole loop of tools, with the last response's tokens
    "haystack-openinference": 7,  # agents only; their sums are kept as such
    "llama-index-openinference": 13,  # no tokens when the answer is streamed
    "openai-js-openinference": 7,  # the same
    "opencode": 11,  # ends before it has sent everything
}
"""How many calls' tokens a recording does not hold."""
ASKED = {"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{}"}}
DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
UNKNOWN = {"llama-index-openinference": 13, "openai-js-openinference": 7}
"""How many calls are told of without tokens and without an error."""
SUMS = {"haystack-openinference": 4}
"""How many sums stand for calls that are not told of."""
UNSAID = {
    "openai-openllmetry": {"reasoning"},
    "openai-v2-legacy": {"cache_read", "reasoning"},
    "openlit": {"reasoning"},
    "otel-js-grpc": {"reasoning"},
    "otel-js-json": {"reasoning"},
    "pydantic-ai-1.0-logs": {"cache_read"},
    "smolagents-openinference": {"cache_read", "reasoning"},
    "vercel-ai-v5": {"cache_read", "reasoning"},
    "vercel-ai-v7": {"reasoning"},
}
"""What some or all calls of a recording do not say."""


Numbers = tuple[int | None, int | None]


def numbers(call: Call) -> Numbers:
    """Give what identifies a recorded call: no two have the same."""
    assert call.fact.model is not None
    return call.fact.model.tokens.input, call.fact.model.tokens.output


def answered(name: str) -> dict[Numbers, dict[str, Any]]:
    """Give the calls that the model server answered, by their numbers; what the client dropped is not told of."""
    told = [call for call in source(name).truth["llm_calls"] if call["ok"] and not call.get("superseded")]
    return {(call["tokens"]["input_total"], call["tokens"]["output_total"]): call for call in told}


@pytest.mark.parametrize("name", ALL)
def test_each_call_is_found_once_with_its_tokens(name: str) -> None:
    """Input with the cache and output with the reasoning are the server's own numbers; nothing is counted twice."""
    found = calls(facts(name))
    leaves = Counter(numbers(call) for call in found if call.role == "leaf" and numbers(call) != (None, None))
    truth = Counter(answered(name).keys())

    assert not leaves - truth
    assert ABSENT.get(name, 0) == sum((truth - leaves).values())
    assert SUMS.get(name, 0) == sum(call.role == "rollup" for call in found)
    silent = [call for call in found if numbers(call) == (None, None) and not call.fact.failed]
    assert UNKNOWN.get(name, 0) == len(silent)


@pytest.mark.parametrize("name", ALL)
def test_parts_of_the_tokens_are_the_servers_or_unsaid(name: str) -> None:
    """Cache and reasoning tokens are exact where the recording holds them, and None, never zero, where it does not."""
    truth = answered(name)
    for call in calls(facts(name)):
        told = truth.get(numbers(call))
        if told is None or call.fact.model is None:
            continue
        for part in ("cache_read", "cache_write", "reasoning"):
            found = getattr(call.fact.model.tokens, part)
            if found is None and part in UNSAID.get(name, ()):
                continue
            assert (found or 0) == (told["tokens"][part] or 0), part


@pytest.mark.parametrize("name", ALL)
def test_models_and_providers_are_those_that_were_asked(name: str) -> None:
    """Every call with tokens names its model, and the provider as the semantic conventions do."""
    truth = answered(name)
    for call in calls(facts(name)):
        told = truth.get(numbers(call))
        if told is None or call.role == "rollup":
            continue
        assert call.fact.model is not None
        assert call.fact.model.model in {told["model"], told["response_model"]}
        assert call.fact.model.provider in {"openai", "anthropic", "gcp.gemini", "fake.chat"}


@pytest.mark.parametrize("name", ["gemini-cli-http", "qwen-code-http", "anthropic-openinference", "openai-logfire"])
def test_the_order_in_which_records_come_changes_nothing(name: str) -> None:
    """Calls are the same however their records are mixed."""
    told = list(facts(name))
    expected = [(numbers(call), sorted(call.sources)) for call in calls(tuple(told))]
    for seed in range(5):
        Random(seed).shuffle(told)

        assert expected == [(numbers(call), sorted(call.sources)) for call in calls(tuple(told))]


def test_litellms_request_and_the_providers_own_are_one_call() -> None:
    """The outer span counts; the inner one has the answer in the provider's words, as Python writes them."""
    choice = {"finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [ASKED]}}
    outer = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "azure",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.usage.input_tokens": 211,
        "gen_ai.usage.output_tokens": 23,
        "gen_ai.cost.total_cost": 0.25,
        "gen_ai.completion.0.function_call.name": "get",
        "gen_ai.completion.0.function_call.arguments": "{}",
        "metadata.usage_object": repr({"prompt_tokens": 211, "completion_tokens": 23, **DETAILS}),
    }
    inner = {"llm.azure.messages": "[]", "llm.azure.model": "gpt-4o", "llm.azure.choices": repr([choice])}
    spans = (
        Record(Signal.TRACES, "t/o", "litellm_request", 1, 9, "t", "o", "", scope="litellm", attributes=outer),
        Record(Signal.TRACES, "t/i", "raw_gen_ai_request", 2, 8, "t", "i", "o", scope="litellm", attributes=inner),
    )

    (call,) = calls(tuple(map(fact_of, spans)))

    assert call.fact.model is not None
    assert call.fact.model.tokens == Tokens(211, 23, 8, 2, 5)
    assert (call.fact.model.provider, call.fact.model.cost_usd) == ("azure.ai.openai", 0.25)
    assert [asked.call_id for asked in call.fact.asked] == ["c1"]


def test_a_step_around_one_call_tells_more_of_the_same_tokens() -> None:
    """It may have kept the whole response; a step of other tokens is of other calls."""
    told = Model(None, None, None, None, None, None, Tokens(10, 5))
    step = Model(None, None, None, None, None, None, Tokens(10, 5, reasoning=3))
    other = Model(None, None, None, None, None, None, Tokens(20, 5, reasoning=3))

    def reasoning(around: Model) -> int | None:
        [call] = [
            call
            for call in calls((span("1", kind="chain", model=around), span("2", "1", kind="llm", model=told)))
            if call.role == "leaf"
        ]
        assert call.fact.model is not None
        return call.fact.model.tokens.reasoning

    assert (reasoning(step), reasoning(other)) == (3, None)


def test_a_stream_that_never_began_failed_with_its_agent() -> None:
    """Its own span says nothing; an answer, a later step, or an error that is no request's leave it as it is."""
    silent = Model(None, "m", None, None, None, None, Tokens())
    agent = span("1", failed=True, error_type="ModelServerError", error_status=500)
    call = span("2", "1", kind="llm", model=silent)

    def failed(*told: Fact) -> list[bool]:
        return [each.fact.failed for each in calls(told)]

    assert [True] == failed(agent, call)
    assert [500] == [each.fact.error_status for each in calls((agent, call))]
    assert [False] == failed(agent, replace(call, answer="Hi"))
    assert [False] == failed(agent, call, span("3", "1", kind="tool", start=call.end))
    assert [False] == failed(replace(agent, error_status=None), call)


def mastra(number: str, above: str, kind: str, **attributes: Any) -> Record:
    """Make a span of Mastra's exporter."""
    told = {"mastra.span.type": kind, **attributes}
    return Record(Signal.TRACES, f"t/{number}", kind, 1, 9, "t", number, above, attributes=told)


def test_a_step_of_mastra_is_one_call() -> None:
    """The generation sums its steps up; a step tells what was asked for, the inference in it what that took."""
    usage = {"gen_ai.usage.input_tokens": 211, "gen_ai.usage.output_tokens": 23, "gen_ai.operation.name": "chat"}
    output = '{"text":"","toolCalls":[{"toolCallId":"c1","toolName":"get","args":{}}]}'
    body = '{"id":"chatcmpl-1","usage":{"prompt_tokens":211,"completion_tokens":23}}'
    step = {"gen_ai.operation.name": "agent_step", "mastra.model_step.output": output, "mastra.metadata.body": body}
    told = {"mastra.model_generation.output": '{"text":"done"}', "gen_ai.operation.name": "model_generation"}
    spans = (
        mastra("g", "", "model_generation", **told),
        mastra("s", "g", "model_step", **step),
        mastra("i", "s", "model_inference", **usage),
    )

    (call,) = calls(tuple(map(fact_of, spans)))

    assert call.fact.model is not None
    assert call.fact.model.tokens == Tokens(211, 23)
    assert call.fact.model.response_id == "chatcmpl-1"
    assert [asked.call_id for asked in call.fact.asked] == ["c1"]
    assert call.fact.answer is None


def test_steps_of_mastra_before_its_exporters_first_release_leave_the_sum() -> None:
    """A streamed step tells of no tokens, and the generation counts; one that kept its response is a call."""
    usage = {"gen_ai.usage.input_tokens": 433, "gen_ai.usage.output_tokens": 49, "gen_ai.operation.name": "chat"}
    body = {"body": '{"usage":{"prompt_tokens":433,"completion_tokens":49}}'}
    step = {"gen_ai.operation.name": "model.step"}
    around = mastra("g", "", "model_generation", **usage)

    for inner, role in ((step, "rollup"), ({**step, **body}, "leaf")):
        (call,) = calls(tuple(map(fact_of, (around, mastra("s", "g", "model_step", **inner)))))
        assert call.role == role
        assert call.fact.model is not None
        assert call.fact.model.tokens == Tokens(433, 49)


def test_a_call_that_ended_in_an_error_failed() -> None:
    """Its span may say so in nothing but the reason why it ended."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": '["error"]'}

    assert fact_of(Record(Signal.TRACES, "t/s", "chat", 1, 2, "t", "s", attributes=attributes)).failed


def test_a_template_that_was_given_an_answer_is_no_sum() -> None:
    """Its own output repeats the answer with its usage; nothing is below it."""
    usage = '{"messages": [{"usage_metadata": {"input_tokens": 211, "output_tokens": 23, "input_token_details": {}}}]}'
    spans = (
        Record(Signal.TRACES, "t/r", "run", 1, 9, "t", "r", "", attributes={"openinference.span.kind": "CHAIN"}),
        Record(
            Signal.TRACES,
            "t/m",
            "model",
            2,
            3,
            "t",
            "m",
            "r",
            attributes={
                "openinference.span.kind": "LLM",
                "llm.token_count.prompt": 211,
                "llm.token_count.completion": 23,
            },
        ),
        Record(
            Signal.TRACES,
            "t/p",
            "prompt",
            4,
            5,
            "t",
            "p",
            "r",
            attributes={"openinference.span.kind": "CHAIN", "output.value": usage},
        ),
    )

    assert [call.fact.name for call in calls(tuple(map(fact_of, spans)))] == ["model"]


def test_copies_of_an_event_without_spans_are_of_its_call() -> None:
    """One is written when it begins, one when it ends with the numbers as they were sent; another call is apart."""
    second = 1_000_000_000
    told = Model("gcp.gemini", "m", None, None, None, None, Tokens(input=10, output=7), (10, 5))
    empty, sent = replace(told, tokens=Tokens(), told=(None, None)), replace(told, tokens=Tokens(input=10, output=5))
    answered = [replace(event("llm", end * second, model=told), start=(end - 1) * second) for end in (2, 9)]
    copies = [event("copy", at * second, model=empty) for at in (1, 8)]
    copies += [event("copy", at * second + 1, model=sent) for at in (2, 9)]

    assert [[2, 1, 2], [9, 8, 9]] == [
        [int(source.split("/")[1]) // second for source in call.sources]
        for call in model_calls([*copies, *answered], Tree(()))
    ]
