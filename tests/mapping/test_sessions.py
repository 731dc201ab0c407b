"""Sessions of model calls in what 40 runtimes sent."""

import pytest

from mapping.sessions import SYNTHETIC
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
