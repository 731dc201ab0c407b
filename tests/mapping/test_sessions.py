"""Sessions of model calls in what 40 runtimes sent."""

import pytest

from mapping.facts import fact_of
from mapping.record import Record
from mapping.sessions import SYNTHETIC
from schema.signals import Signal
from tests.mapping.test_calls import answered, numbers
from tests.support.corpus import ALL
from tests.support.meaning import calls, facts

UNNAMED = {
    "agent-framework",
    "autogen",
    "genkit",
    "google-genai-official",
    "openai-agents-openinference",
    "openai-genai-official",
    "openai-logfire",
    "openai-mlflow",
    "openai-openllmetry",
    "openai-v2-legacy",
    "openlit",
    "pydantic-ai-1.0-logs",
    "vercel-ai-v7",
}
"""Recordings that name no session: each trace is one of its own."""
OWN = {
    "codex-cli-grpc": 2,
    "codex-cli-http-json": 2,
    "google-adk": 4,
    "opencode": 2,
    "pydantic-ai-latest": 4,
    "vercel-ai-v5": 4,
}
"""How many calls are a subagent's that names a session of its own."""


@pytest.mark.parametrize("name", ALL)
def test_each_call_is_in_the_session_that_the_recording_names(name: str) -> None:
    """What names no session itself has that of its trace; what no record names is never guessed."""
    truth = answered(name)
    told = [
        (truth[numbers(call)]["session"], call.fact.session_id) for call in calls(facts(name)) if numbers(call) in truth
    ]
    if name in UNNAMED:
        assert all(str(found).startswith(SYNTHETIC) for _, found in told)
    else:
        assert OWN.get(name, 0) == sum(found != session for session, found in told)
        assert not any(str(found).startswith(SYNTHETIC) for _, found in told)


@pytest.mark.parametrize(
    "attributes",
    [
        {"traceloop.span.kind": "task", "traceloop.entity.input": '{"inputs": {}, "metadata": {"thread_id": "one"}}'},
        {"traceloop.association.properties.sessionId": "one"},
        {"openinference.span.kind": "LLM", "metadata": '{"session_id": "one", "thread_id": "two"}'},
        {"langsmith.metadata.thread_id": "one"},
        {"mastra.metadata.sessionId": "one", "mastra.metadata.threadId": "two"},
    ],
)
def test_frameworks_keep_a_session_in_their_metadata(attributes: dict[str, str]) -> None:
    """As attributes of their own, or inside JSON text."""
    assert fact_of(Record(Signal.TRACES, "t/s", "n", 1, 2, "t", "s", attributes=attributes)).session_id == "one"
