"""Find what the facts of a group tell of: calls, jobs, runs of agents, and what belongs to which."""

from collections import defaultdict
from collections.abc import Iterable

from derive.calls import Places
from derive.costs import cost_of
from derive.groups import Group
from derive.jobs import Work
from derive.metered import Read, metered, no_points
from derive.sums import Priced
from mapping.calls import Call, model_calls
from mapping.facts import BY_START, Fact
from mapping.jobs import Jobs
from mapping.sessions import with_sessions
from mapping.subagents import MAIN, Agents
from mapping.tools import ToolCall, tool_calls
from mapping.tree import Tree
from pricing.catalogue import Catalogue


class Found:
    """Hold what was found in a group's facts; `priced` are the model calls, each with its cost."""

    def __init__(self, group: Group, prices: Catalogue, now: int = 0, read: Read = no_points) -> None:
        """Take a group as it is now; the order in which its records came does not matter. `read` gives series."""
        every = sorted(group.facts.values(), key=BY_START)
        tree = Tree((fact.place, fact.parent, fact.kind) for fact in every if fact.is_span)
        self.facts = with_sessions(every, tree)
        self.calls = model_calls(self.facts, tree)
        self.tools = tool_calls(self.facts, tree)
        self.jobs = Jobs(self.facts, self.calls, self.tools)
        self.agents = Agents(self.facts, self.calls, self.tools, self.jobs)
        self._subagents = {run.agent_id for run in self.agents.found if not (run.agent_id.endswith(MAIN) or run.beside)}
        self.priced: list[Priced] = [(call, cost_of(call, prices)) for call in self.calls]
        self.places = self._places()
        self.metered, self.metered_at = metered(group.sessions - self._called() - group.counted, read, prices, now)
        self._take_metered()

    def work(self) -> list[Work]:
        """Gather what was done in each job."""
        facts: dict[str | None, list[Fact]] = defaultdict(list)
        tools: dict[str | None, list[ToolCall]] = defaultdict(list)
        calls = self._by(self.places.jobs)
        for fact in self.facts:
            facts[self.places.jobs.get(fact.key)].append(fact)
        for tool in self.tools:
            if not tool.refused:
                tools[self.places.jobs.get(tool.fact.key)].append(tool)
        return [
            Work.of(job, self._agent_name(facts[job.id]), calls[job.id], self.main(calls[job.id]), tools[job.id])
            for job in self.jobs.found
        ]

    def _agent_name(self, facts: Iterable[Fact]) -> str | None:
        """Name a job's agent: as it does itself, else as its program is called."""
        told = list(facts)
        return self.jobs.agent_name(told) or next((fact.agent_name for fact in told if fact.agent_name), None)

    def roots(self) -> dict[str, Fact]:
        """Give the first span of each job that has one, by the job's id."""
        return {job.id: self.jobs.forest.spans[job.root] for job in self.jobs.found if job.root}

    def by_agent(self) -> dict[str | None, list[Priced]]:
        """Give the model calls of each run of an agent."""
        return self._by(self.places.agents)

    def by_session(self) -> dict[str | None, list[Priced]]:
        """Give the model calls that are booked on each session."""
        found: dict[str | None, list[Priced]] = defaultdict(list)
        for one in self.priced:
            found[self.places.session(one[0].fact)].append(one)
        return found

    def main(self, calls: Iterable[Priced]) -> list[Priced]:
        """Leave out what subagents called."""
        return [one for one in calls if self.places.agents.get(one[0].fact.key, MAIN) not in self._subagents]

    def _called(self) -> set[str | None]:
        """Name the sessions of which model calls are known, those that these are booked on included."""
        facts = [call.fact for call in self.calls]
        return {fact.session_id for fact in facts} | {self.places.session(fact) for fact in facts}

    def _take_metered(self) -> None:
        """Count what metrics tell like calls of the main thread that belong to no job."""
        for one in self.metered:
            self.priced += one.calls
            self.places.agents.update((call.fact.key, one.agent_id) for call, _ in one.calls)

    def _by(self, places: dict[str, str]) -> dict[str | None, list[Priced]]:
        found: dict[str | None, list[Priced]] = defaultdict(list)
        for priced in self.priced:
            found[places.get(priced[0].fact.key)].append(priced)
        return found

    def _places(self) -> Places:
        jobs = {fact.key: job for fact in self.facts if (job := self.jobs.of_fact(fact))}
        agents: dict[str, str] = {}
        every: list[Call | ToolCall] = [*self.calls, *self.tools]
        for call in every:
            job, agent = self.jobs.of(call), self.agents.of(call)
            for key in {call.fact.key, *call.sources}:
                if job:
                    jobs[key] = job
                if agent:
                    agents[key] = agent
        sessions = {job.id: job.session_id for job in self.jobs.found}
        booked = {key: session for key, job in jobs.items() if (session := sessions[job])}
        return Places(jobs, agents, booked)
