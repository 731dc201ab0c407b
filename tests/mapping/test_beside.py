"""Agents that take over in a job, or take part in it."""

from mapping.facts import Fact
from mapping.identity import Identity
from tests.support.facts import span
from tests.support.meaning import story

SECOND = 1_000_000_000


def agent(number: str, name: str, at: int) -> list[Fact]:
    """Make an agent below the job's root that calls a model."""
    above = span(number, "root", start=at * SECOND, identity=Identity(agent_name=name))
    return [above, span(f"{number}c", number, kind="llm", start=at * SECOND)]


def runs(*agents: list[Fact]) -> list[tuple[str, bool, int]]:
    """Find the runs beside the main thread and the main thread's; the last one counts model calls."""
    root = span("root", kind="workflow", end=9 * SECOND)
    held = story([root, *(fact for facts in agents for fact in facts)])
    return [(run.name, run.beside, run.messages) for run in held.agents.found]


def test_an_agent_that_takes_over_is_a_run_of_its_own() -> None:
    """The first one is the main thread, also when it is handed back to."""
    told = runs(agent("a", "triage", 0), agent("b", "researcher", 2), agent("c", "triage", 4))

    assert sorted(told) == [("researcher", True, 1), ("triage", False, 2)]


def test_a_wrapper_without_calls_of_its_own_is_not_the_first() -> None:
    """A team around its members does nothing itself."""
    team = span("root2", "root", end=8 * SECOND, identity=Identity(agent_name="team"))
    inner = span("a", "root2", identity=Identity(agent_name="writer"))
    call = span("ac", "a", kind="llm")

    assert [(False, 1)] == [(beside, messages) for _, beside, messages in runs([team, inner, call])]


def test_agents_of_one_name_are_one() -> None:
    """The same agent again and again is the main thread's."""
    assert runs(agent("a", "weather", 0), agent("b", "weather", 2)) == [("weather", False, 2)]
