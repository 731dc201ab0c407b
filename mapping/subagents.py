"""Find the runs of agents in a session, and which calls each of them made (mapping.md C.6, A.14, A.19).

Each session has a main thread; a subagent is named by its sender's id, else by its span.
One that names a session of its own is still a part of the job that started it, and its calls count there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from mapping.beside import beside
from mapping.calls import Call
from mapping.facts import Fact
from mapping.identity import Signal
from mapping.jobs import Jobs
from mapping.outcome import Outcome, outcome_of, outcome_said
from mapping.roots import SERVERS, WORK
from mapping.tools import ToolCall
from mapping.tree import Place

CallT = TypeVar("CallT", Call, ToolCall)
MAIN: Final = ":main"
UPSERT: Final = "agent.upsert"


@dataclass(frozen=True, slots=True)
class Run:
    """Describe an agent's run; times are Unix nanoseconds, `ended` is None while nothing says that it ended.

    A main thread has no parent and no job: it goes on from job to job.
    """

    agent_id: str
    name: str
    session_id: str | None
    own_session_id: str | None
    """The session that a subagent names itself, when that is another one."""
    job_id: str | None
    parent_agent_id: str | None
    started: int
    ended: int | None
    outcome: Outcome
    model: str | None
    tool_calls: int
    messages: int
    """How often it called a model."""
    beside: bool = False
    """It takes part in its job's main thread, and is no subagent."""
    status: str | None = None
    """How it goes, when an event says so."""


class Agents:
    """Hold the runs of a group of facts, main threads and subagents, by start and id."""

    def __init__(self, facts: Sequence[Fact], calls: Sequence[Call], tools: Sequence[ToolCall], jobs: Jobs) -> None:
        """Take facts that have their sessions, in order, their calls, and the jobs found in them."""
        self._jobs = jobs
        self._ids = self._name_spans(facts)
        self._beside = beside(jobs)
        self._of = {fact.key: agent for fact in facts if (agent := self._agent(fact))}
        self._same = self._join(calls)
        members: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.key in self._of:
                members[self._resolve(self._of[fact.key])].append(fact)
        self._calls, self._tools = _by_agent(calls, self), _by_agent(tools, self)
        self.found = sorted(
            (self._run(agent, held) for agent, held in members.items()), key=lambda run: (run.started, run.agent_id)
        )

    def of(self, call: Call | ToolCall) -> str | None:
        """Give the id of the run that made a call: a subagent's, if any record of it names one."""
        if call.sources == [call.fact.key]:
            alone = self._of.get(call.fact.key)
            return self._resolve(alone) if alone else None
        keys = (call.fact.key, *sorted(call.sources))
        told = [self._resolve(self._of[key]) for key in keys if key in self._of]
        return next((agent for agent in told if not agent.endswith(MAIN)), told[0] if told else None)

    def _resolve(self, agent: str) -> str:
        return self._same.get(agent, agent)

    def _name_spans(self, facts: Iterable[Fact]) -> dict[Place, str]:
        """Name the runs that begin with a span: by the id that it, or an event in it, tells."""
        found: dict[Place, str] = {}
        for fact in facts:
            run = self._jobs.runs.of(fact.place)
            if run is not None and fact.identity.agent_id and fact.place == run:
                found.setdefault(run, fact.identity.agent_id)
        return found

    def _agent(self, fact: Fact) -> str | None:
        """Name the run of a record that is part of a job, or of one of an agent's calls outside of any."""
        told = fact.identity.agent_id or self._by_place(fact.place)
        if told or fact.identity.parent_session_id:
            return told or fact.session_id
        job = self._jobs.of_fact(fact)
        if fact.emitter in BY_NAME and fact.identity.subagent_name:
            return f"{job}:{fact.identity.subagent_name}"
        if job is None and (fact.kind not in WORK or fact.emitter in SERVERS):
            return None
        session = self._session(fact)
        return f"{session}{MAIN}" if session else None

    def _by_place(self, place: Place) -> str | None:
        """Name the run that a span is part of, unless it is the main thread's."""
        run = self._jobs.runs.of(place)
        begun = run or self._beside.get(place)
        return (self._ids.get(run) if run else None) or (":".join(begun) if begun else None)

    def _session(self, fact: Fact) -> str | None:
        job = self._jobs.of_fact(fact)
        return self._jobs.by_id[job].session_id if job else fact.identity.parent_session_id or fact.session_id

    def _join(self, calls: Sequence[Call]) -> dict[str, str]:
        """Know that a run that events name by its agent is the one whose id the span of the same call tells."""
        found: dict[str, str] = {}
        for call in calls:
            if call.sources == [call.fact.key]:
                continue
            told = {self._of[key] for key in (call.fact.key, *call.sources) if key in self._of}
            known = sorted(agent for agent in told if not agent.endswith(MAIN))
            for agent in known:
                if len(known) == 2 and agent.startswith(f"{self._jobs.of(call)}:"):
                    found.setdefault(agent, next(other for other in known if other != agent))
        return found

    def _run(self, agent: str, facts: Sequence[Fact]) -> Run:
        held = _Held(facts, self._calls.get(agent, []), self._tools.get(agent, []))
        return self._main(agent, held) if agent.endswith(MAIN) else self._subagent(agent, held)

    def _main(self, agent: str, held: "_Held") -> Run:
        """Describe a main thread: it ended when all of its jobs did, and went as the last of them."""
        session = agent.removesuffix(MAIN)
        jobs = self._jobs.by_session.get(session, [])
        ends = [job.ended for job in jobs]
        return Run(
            agent_id=agent,
            name=self._jobs.agent_name(held.facts) or held.facts[0].agent_name or "unknown",
            session_id=session,
            own_session_id=None,
            job_id=None,
            parent_agent_id=None,
            started=held.started,
            ended=None if not ends or None in ends else max(end for end in ends if end is not None),
            outcome=jobs[-1].outcome if jobs else outcome_of(None, held.calls),
            model=held.told("model.name") or held.model,
            status=held.told("agent.status"),
            tool_calls=len(held.tools),
            messages=len(held.calls),
        )

    def _subagent(self, agent: str, held: "_Held") -> Run:
        span = next((fact for fact in held.facts if fact.is_span and self._begins(fact.place)), None)
        first = span or next((fact for fact in held.facts if self._jobs.of_fact(fact)), held.facts[0])
        session = self._session(first)
        end = next((signal for signal in held.signals if signal.kind == "agent_end"), None)
        return Run(
            agent_id=agent,
            name=self._name(agent, span, held),
            session_id=session,
            own_session_id=first.session_id if first.session_id != session else None,
            job_id=self._jobs.of_fact(first),
            parent_agent_id=self._parent(first, span, session),
            started=held.started,
            ended=span.end if span else end.time if end else None,
            outcome=(end and outcome_said(end.reason)) or outcome_of(span, held.calls),
            model=held.told("model.name") or held.model,
            status=held.told("agent.status"),
            tool_calls=max(len(held.tools), (end.tools if end else None) or 0),
            messages=len(held.calls),
            beside=span is not None and span.place in self._beside,
        )

    def _begins(self, place: Place) -> bool:
        return place in (self._jobs.runs.of(place), self._beside.get(place))

    def _name(self, agent: str, span: Fact | None, held: "_Held") -> str:
        """Name a subagent as its records do, else as the tool that started it or as its span."""
        told = next((fact.identity.subagent_name for fact in held.facts if fact.identity.subagent_name), None)
        by_span = (self._jobs.runs.name(span.place) or span.identity.agent_name) if span else None
        above = self._jobs.forest.spans.get(held.facts[0].parent)
        tool = above if above is not None and above.kind == "tool" else None
        own = span.name if span and span.kind != "other" else None
        if tool is not None and not told and not by_span:
            own = tool.identity.agent_name or own or (tool.tool.name if tool.tool else None)
        return told or by_span or own or (span.name if span else agent)

    def _parent(self, first: Fact, span: Fact | None, session: str | None) -> str | None:
        if first.identity.parent_agent_id:
            return first.identity.parent_agent_id
        above = self._jobs.runs.parent(span.place) if span else None
        if above:
            return self._ids.get(above) or ":".join(above)
        return f"{session}{MAIN}" if session else None


class _Held:
    """Hold what one run consists of."""

    def __init__(self, facts: Sequence[Fact], calls: Sequence[Call], tools: Sequence[ToolCall]) -> None:
        self.facts, self.calls, self.tools = facts, calls, tools
        self.started = facts[0].start
        self.signals: list[Signal] = [signal for fact in facts for signal in fact.identity.signals]
        self.model = _model(calls)
        self._sayings = [one for fact in facts for one in fact.sayings if one.event == UPSERT]
        self._sayings.sort(key=lambda saying: (saying.at, saying.key), reverse=True)

    def told(self, attribute: str) -> str | None:
        """Give the latest word of events about the run itself."""
        return next((str(one.values[attribute]) for one in self._sayings if one.values.get(attribute)), None)


def _model(calls: Sequence[Call]) -> str | None:
    """Give the model that wrote the most, the first of several."""
    written: dict[str, int] = defaultdict(int)
    for call in calls:
        model = call.fact.model
        if model is not None and model.model:
            written[model.model] += model.tokens.output or 0
    return max(written, key=lambda name: written[name], default=None)


def _by_agent(calls: Iterable[CallT], agents: Agents) -> dict[str, list[CallT]]:
    found: dict[str, list[CallT]] = defaultdict(list)
    for call in calls:
        agent = agents.of(call)
        if agent is not None:
            found[agent].append(call)
    return found


BY_NAME: Final = frozenset(("claude_code",))
"""Programs whose events name a subagent, and give it no id."""
