"""Say what a group of records means: all of its derived rows, made anew each time (mapping.md C, D)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from derive.calls import Places, Rows, model_call_rows, tool_call_rows
from derive.costs import cost_of
from derive.entries import entry_rows
from derive.events import event_rows
from derive.groups import Group
from derive.jobs import Work, agent_rows, history_row, open_row, subagent_rows
from derive.sessions import session_row
from derive.sums import Priced, Sums
from derive.text import iso
from mapping.calls import model_calls
from mapping.facts import Fact
from mapping.jobs import Job, Jobs
from mapping.session_ends import Session, sessions
from mapping.sessions import with_sessions
from mapping.subagents import MAIN, Agents
from mapping.tools import ToolCall, tool_calls
from mapping.tree import Tree
from pricing.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold what the operator decides: times in nanoseconds, and prices."""

    prices: Catalogue
    grace: int = 10_000_000_000
    """How long after a job's root its other records are waited for."""
    idle: int = 1_800_000_000_000
    """How long after its last record a session or a job is taken to be over."""

    def idle_since(self, now: int) -> str:
        """Say since when a session must have been quiet to be over."""
        return iso(now - self.idle)


@dataclass(slots=True)
class Meaning:
    """Hold derived rows by table and key, and when the clock alone will change them."""

    rows: dict[str, Rows] = field(default_factory=dict)
    due: int | None = None


def meaning(group: Group, now: int, rules: Rules) -> Meaning:
    """Derive a group's rows; `now` is Unix nanoseconds."""
    return _Group(group, rules).meaning(now)


class _Group:
    """Hold what was found in a group's facts."""

    def __init__(self, group: Group, rules: Rules) -> None:
        every = sorted(group.facts.values(), key=lambda fact: (fact.start, fact.key))
        tree = Tree((fact.place, fact.parent, fact.kind) for fact in every if fact.is_span)
        self._group, self._rules = group, rules
        self._facts = with_sessions(every, tree)
        self._calls: list[Priced] = [(call, cost_of(call, rules.prices)) for call in model_calls(self._facts, tree)]
        self._tools = tool_calls(self._facts, tree)
        calls = [call for call, _ in self._calls]
        self._jobs = Jobs(self._facts, calls)
        self._agents = Agents(self._facts, calls, self._tools, self._jobs)
        self._places = self._find_places()

    def meaning(self, now: int) -> Meaning:
        """Write everything as rows, as it is at a time."""
        sources = {key: (call, cost) for call, cost in self._calls for key in call.sources}
        by_key = {fact.key: fact for fact in self._facts}
        held = sessions(
            self._facts, [call for call, _ in self._calls], self._jobs, now=now, idle=self._rules.idle
        )
        over = {job.id: self._is_over(job, now) for job in self._jobs.found}
        rows = {
            "agent_traces": entry_rows(self._facts, sources, self._places),
            "model_calls": model_call_rows(self._calls, self._places),
            "tool_calls": tool_call_rows(self._tools, self._places),
            "events": event_rows(self._group.events.values(), by_key, self._places),
            **self._job_rows(over),
            **self._agent_rows(),
            "agent_sessions": self._session_rows(held),
        }
        return Meaning(rows, self._due(held, over, now))
