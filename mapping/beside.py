"""Find the agents that take part in a job's main thread beside its first one: handed over to, or next in a crew.

Nobody waits for them as for a subagent (mapping.md C.6): what they answer is the job's answer. Each is its own run.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from mapping.facts import Fact
from mapping.jobs import Jobs
from mapping.tree import Place

CALLS: Final = frozenset(("llm", "tool"))


def beside(jobs: Jobs) -> dict[Place, Place]:
    """Give, for each span of such an agent and each below it, the span that the agent's run begins with."""
    agents = _nearest(jobs)
    working: dict[str, set[Place]] = defaultdict(set)
    for place, agent in agents.items():
        job = jobs.of_fact(jobs.forest.spans[agent])
        if job is not None and jobs.forest.spans[place].kind in CALLS:
            working[job].add(agent)
    others = {place for places in working.values() for place in _others([jobs.forest.spans[at] for at in places])}
    return {place: agent for place, agent in agents.items() if agent in others}


def _nearest(jobs: Jobs) -> dict[Place, Place]:
    """Give the named agent that each span of a main thread is of; spans inside of one with its name are the same."""
    found: dict[Place, Place] = {}
    for place in jobs.forest.order:
        if jobs.runs.of(place) is not None:
            continue
        fact, above = jobs.forest.spans[place], jobs.forest.parent(place)
        agent = found.get(above) if above else None
        name = fact.identity.agent_name if fact.kind == "agent" else None
        if name and (agent is None or jobs.forest.spans[agent].identity.agent_name != name):
            agent = place
        if agent is not None:
            found[place] = agent
    return found


def _others(agents: list[Fact]) -> Iterator[Place]:
    """Leave out the first agent that did anything, each time that it did."""
    agents.sort(key=lambda fact: (fact.start, fact.key))
    return (fact.place for fact in agents if fact.identity.agent_name != agents[0].identity.agent_name)
