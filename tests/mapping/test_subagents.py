"""Agents' runs in what 40 runtimes sent."""

from collections import Counter

import pytest

from mapping.subagents import MAIN, Run
from tests.mapping.test_jobs import APART, matched, told
from tests.mapping.test_sessions import OWN
from tests.support.corpus import SOURCES, source

ABSENT = {
    "autogen": {7},  # a team member without any call, for model calls are not told of
}
"""Turns whose second agent is in no record of work."""
BESIDE = {
    "crewai-openinference": {5},  # the next one of a crew
    "google-adk": {13},  # handed over
    "openai-agents-genai-official": {9},
    "openai-agents-openinference": {9},
}
"""Turns whose second agent is no subagent: it takes over or takes part, and nobody waits for it."""
NAMES = {
    "codex-cli-grpc": "Mill",
    "codex-cli-http-json": "Euler",
    "gemini-cli-http": "generalist",
    "genkit": "ask_researcher",
    "opencode": "ses_e0459ecd7ffeH8ZtxeTuot8v5U",
    "qwen-code-http": "general-purpose",
}
"""What recordings call an agent that the run's notes name otherwise; its tool or session where they do not name it."""


def subagents(name: str) -> list[Run]:
    """Give the runs in jobs."""
    return [run for run in told(name).agents.found if run.job_id]


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in APART])
def test_subagents_are_those_of_the_turns(name: str) -> None:
    """Each is found once, by name, in the job that it was started in; nothing else is one."""
    numbers = {job.id: turn["n"] for turn, job in matched(name)}
    started = [agent for agent in source(name).truth["sub_agents"] if agent["turn"] not in ABSENT.get(name, ())]

    assert BESIDE.get(name, set()) == {numbers[run.job_id] for run in subagents(name) if run.job_id and run.beside}
    found = Counter((numbers[run.job_id], run.name) for run in subagents(name) if run.job_id)

    assert found == Counter((agent["turn"], NAMES.get(name, agent["name"])) for agent in started)


@pytest.mark.parametrize("name", SOURCES)
def test_every_call_is_made_by_one_run(name: str) -> None:
    """What the runs count adds up; a call outside of sessions is nobody's."""
    held = told(name)
    by_run = Counter(held.agents.of(call) for call in held.calls)

    assert by_run.total() == sum(run.messages for run in held.agents.found) + by_run[None]
    assert all(by_run[run.agent_id] == run.messages for run in held.agents.found)
    assert sum(run.tool_calls for run in held.agents.found) == len(held.tools)


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in APART])
def test_subagents_do_what_they_did(name: str) -> None:
    """Each of the recorded helpers asked a model twice, and belongs to the session that started it."""
    for run in subagents(name):
        assert run.messages == (0 if name == "autogen" else 2)
        assert run.parent_agent_id == f"{run.session_id}{MAIN}"
        assert (run.ended is None) == (name == "opencode")
        assert run.ended is None or run.started <= run.ended


@pytest.mark.parametrize("name", OWN)
def test_a_session_of_a_subagents_own_is_known(name: str) -> None:
    """Its calls are the parent's, and its own session is kept beside them."""
    runs = [run for run in subagents(name) if run.own_session_id]

    assert OWN[name] == sum(run.messages for run in runs)
    assert all(run.session_id != run.own_session_id for run in runs)


def test_an_agent_outside_of_any_turn_is_a_run_of_its_session() -> None:
    """A memory is kept after the turn: the run has a parent, and no job."""
    runs = [run for run in told("qwen-code-http").agents.found if run.parent_agent_id and not run.job_id]

    assert ["managed-auto-memory-extractor"] == [run.name for run in runs]
    assert ["c1bd1d52-3d61-4fc1-97d3-e5a113a8128f"] == [run.session_id for run in runs]


def test_main_threads_are_named_by_their_agent() -> None:
    """A workflow's root has no name of its own, so the first agent below it gives one."""
    names = {run.session_id: run.name for run in told("google-adk").agents.found if run.agent_id.endswith(MAIN)}

    assert {
        "adk-session": "weather_agent",
        "adk-session-stream": "weather_agent",
        "adk-transfer": "triage_agent",
    } == names
