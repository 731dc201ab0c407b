"""Who records are about, in what runtimes sent."""

import pytest

from tests.support.meaning import facts


def said(name: str, field: str) -> set[object]:
    """Give all that the records of a source say of a field."""
    return {getattr(fact.identity, field) for fact in facts(name)} - {None}


def test_an_agents_run_is_told_from_a_prompt() -> None:
    """Both stand under one key; the session's own id, which stands there too, is neither."""
    prompts = {"adce6da7-43fc-4e05-90b6-db422f67b9f5", "4c71fa44-9c6d-429b-a925-1d97503a6871"}
    assert {"general-purpose-call_0009_0", "managed-auto-memory-extractor-09b721d1"} == said(
        "qwen-code-http", "agent_id"
    )
    assert prompts <= {str(turn).partition("#")[0] for turn in said("qwen-code-http", "turn_id")}
    assert {"c5aaf3ca-7a0d-4939-a3d4-099927bf3f60"} == said("gemini-cli-http", "agent_id")
    assert set() == said("gemini-cli-http", "turn_id")


@pytest.mark.parametrize("name", ["agent-framework", "copilot-cli", "google-adk"])
def test_agents_that_run_again_and_again_name_no_run(name: str) -> None:
    """Their ids are of the agent, or of the session."""
    assert set() == said(name, "agent_id")


def test_an_agents_name_is_its_own() -> None:
    """A service's name, which stands in for an agent's elsewhere, is none."""
    assert {"weather_agent", "ask_researcher", "triage_agent", "researcher"} == said("google-adk", "agent_name")
    assert {"weather_agent", "code_agent", "ask_researcher"} == said("smolagents-openinference", "agent_name")
    assert {"weather_agent", "researcher"} == said("llama-index-openinference", "agent_name")
    assert {"weather agent", "researcher"} == said("crewai-openinference", "agent_name")
    assert set() == said("openai-openinference", "agent_name")


def test_only_causes_are_links_to_follow() -> None:
    """Messages name what they came from; a link to the turn before is no cause."""
    assert {()} != said("autogen", "causes")
    assert {()} == said("otel-js-grpc", "causes")


def test_sessions_say_that_they_start_and_end() -> None:
    """Each of Qwen Code's processes does."""
    told = [signal.kind for fact in facts("qwen-code-http") for signal in fact.identity.signals]

    assert {"start": 7, "end": 7} == {kind: told.count(kind) for kind in set(told)}


def test_effort_is_what_the_program_says() -> None:
    """Codex tells it on each turn."""
    assert {"default"} == said("codex-cli-grpc", "reasoning_effort")
