"""Make jobs of facts: one for each thing that somebody asked for and waited on (mapping.md A.13, C.3 to C.5)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.calls import Call
from mapping.emitters import GENERIC
from mapping.facts import Fact, said_first
from mapping.forest import Forest
from mapping.outcome import Outcome, outcome_of
from mapping.roots import WORK
from mapping.runs import AGENTS, Runs
from mapping.sessions import SYNTHETIC
from mapping.told_jobs import files_of, told_of
from mapping.tools import ToolCall
from mapping.tree import Place
from mapping.unit import Unit
from mapping.units import Units

STATUS: Final = "agent.job.status"
CANCELLED: Final = Outcome("cancelled")
STEPS: Final = frozenset(("agent", "chain", "workflow"))
"""What is asked where no model call is told of."""


@dataclass(frozen=True, slots=True)
class Job:
    """Describe a job; times are Unix nanoseconds. `ended` is None while nothing says that it ended.

    `root` is the span below which it lies, if that was received; `last` is when its last record ended.
    """

    id: str
    session_id: str | None
    root: Place | None
    emitter: str
    started: int
    ended: int | None
    last: int
    outcome: Outcome
    prompt: str | None
    answer: str | None
    cwd: str | None
    reasoning_effort: str | None
    has_session: bool
    user_messages: int
    told: Mapping[str, Any] = field(default_factory=dict)
    """What its own events say of it, by attribute."""
    files: frozenset[str] = frozenset()
    """The files that records in it say were modified."""
    chosen: bool = False
    """Events say which models were chosen."""

    def completed(self, now: int, *, grace: int, idle: int) -> bool:
        """Say whether it is over: some time after its end, or a longer one after its last record; all nanoseconds."""
        if STATUS in self.told:
            return True
        return now >= self.last + idle if self.ended is None else now >= self.ended + grace


class Jobs:
    """Hold the jobs of a group of facts, by start and id, and what belongs to which."""

    def __init__(self, facts: Sequence[Fact], calls: Sequence[Call], tools: Sequence[ToolCall]) -> None:
        """Take facts that have their sessions, in order, and their model and tool calls."""
        self.forest = Forest(facts)
        self._titles = self.forest.inside("title")
        self._units = Units(facts, self.forest, tools)
        self.runs = Runs(self.forest, {unit.root.place for unit in self._units if unit.root})
        members: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.key in self._units.of:
                members[self._units.of[fact.key].id].append(fact)
        own: dict[str | None, list[Call]] = defaultdict(list)
        for call in calls:
            own[self.of(call)].append(call)
        self.found = [self._job(unit, members[unit.id], own[unit.id]) for unit in self._units]
        self.by_id = {job.id: job for job in self.found}
        self.by_session: dict[str | None, list[Job]] = defaultdict(list)
        for job in self.found:
            self.by_session[job.session_id].append(job)

    def of_fact(self, fact: Fact) -> str | None:
        """Give the id of a fact's job; None for what belongs to none."""
        unit = self._units.of.get(fact.key)
        return unit.id if unit else None

    def of(self, call: Call | ToolCall) -> str | None:
        """Give the id of a model's or a tool's call: that of its first record, else of another that tells of it."""
        unit = self._units.of.get(call.fact.key)
        if unit is None:
            unit = next((self._units.of[key] for key in sorted(call.sources) if key in self._units.of), None)
        return unit.id if unit else None

    def agent_name(self, facts: Iterable[Fact]) -> str | None:
        """Give the name of the first agent of the main thread among facts; None when none has a name of its own."""
        agents = (fact for fact in facts if fact.kind in AGENTS and self.runs.of(fact.place) is None)
        named = ((fact.start, fact.key, fact.identity.agent_name) for fact in agents if fact.identity.agent_name)
        return min(named, default=(0, "", None))[2]

    def _job(self, unit: Unit, facts: Sequence[Fact], calls: Sequence[Call]) -> Job:
        root, session = unit.root, unit.session_id
        of_root = [root] if root else []
        last = max([fact.end for fact in facts])
        main = [call for call in calls if self.runs.of(call.fact.place) is None and not self._aside(call.fact)]
        answers = [fact for fact in facts if fact.kind == "answer" and not self._aside(fact)]
        prompts = [fact for fact in unit.prompts if fact.session_id == session]
        said = [fact for fact in facts if fact.sayings]
        told = told_of(said, unit.id)
        prompt = _first(prompts, "prompt") or _told(root, "prompt") or _first(self._asked(main, calls, facts), "prompt")
        return Job(
            id=unit.id,
            session_id=session,
            root=root.place if root else None,
            emitter=_emitter(root, facts),
            started=_started(unit, facts),
            ended=unit.end if root or unit.told_end is not None else last if unit.over else None,
            last=last,
            outcome=Outcome(told[STATUS]) if STATUS in told else _outcome(None if unit.more else root, facts, main),
            prompt=prompt,
            answer=(None if unit.more else _told(root, "answer")) or _answer([call.fact for call in main] + answers),
            cwd=said_first(of_root, "workspace_path") or said_first(facts, "workspace_path"),
            reasoning_effort=said_first(of_root, "reasoning_effort") or said_first(facts[::-1], "reasoning_effort"),
            has_session=session is not None and not session.startswith(SYNTHETIC),
            user_messages=len(prompts) or int(prompt is not None),
            told=told,
            files=frozenset(files_of(said)),
            chosen=any(saying.event.startswith("model.") for fact in said for saying in fact.sayings),
        )

    def _aside(self, fact: Fact) -> bool:
        """Say whether a call is not the main thread's: the program's own errand, or one of a subagent without spans."""
        who = fact.identity
        return who.aside or bool(who.subagent_name or who.parent_session_id) or fact.place in self._titles

    def _asked(self, main: Sequence[Call], calls: Sequence[Call], facts: Sequence[Fact]) -> list[Fact]:
        """Give what tells of the prompt: calls, else an agent's run, else a call for a title, which is made of it."""
        titles = [call.fact for call in calls if call.fact.place in self._titles]
        around = [fact for fact in facts if fact.kind in STEPS and self.runs.of(fact.place) is None]
        return [*(call.fact for call in main), *(around if not calls else ()), *titles]


def _emitter(root: Fact | None, facts: Sequence[Fact]) -> str:
    """Name the program: a request's own instrumentation is no agent."""
    if root and root.emitter != GENERIC:
        return root.emitter
    return next((fact.emitter for fact in facts if fact.kind in WORK and fact.emitter != GENERIC), GENERIC)


def _started(unit: Unit, facts: Sequence[Fact]) -> int:
    if unit.root or unit.prompts:
        return unit.start
    return min((fact.start for fact in facts if fact.kind in WORK), default=unit.start)


def _outcome(root: Fact | None, facts: Sequence[Fact], main: Sequence[Call]) -> Outcome:
    if any(signal.kind == "abort" for fact in facts for signal in fact.identity.signals):
        return CANCELLED
    return outcome_of(root, main)


def _answer(facts: Sequence[Fact]) -> str | None:
    """Give what the last answer was, however many failed before it."""
    told = sorted(facts, key=lambda fact: (fact.end, fact.key), reverse=True)
    return _first(told, "answer")


def _first(facts: Sequence[Fact], field: str) -> str | None:
    return next((told for fact in facts if (told := _told(fact, field))), None)


def _told(fact: Fact | None, field: str) -> str | None:
    told = getattr(fact, field, None)
    return told if isinstance(told, str) and told else None
