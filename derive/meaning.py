"""Say what a group of records means: all of its derived rows, made anew each time (mapping.md C, D)."""

from dataclasses import dataclass, field

from derive.calls import Places, Rows, model_call_rows, tool_call_rows
from derive.costs import cost_of
from derive.entries import entry_rows
from derive.events import event_rows
from derive.groups import Group
from derive.text import iso
from mapping.calls import model_calls
from mapping.sessions import with_sessions
from mapping.tools import tool_calls
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
    """Derive a group's rows."""
    every = sorted(group.facts.values(), key=lambda fact: (fact.start, fact.key))
    tree = Tree((fact.place, fact.parent, fact.kind) for fact in every if fact.is_span)
    facts = with_sessions(every, tree)
    calls = [(call, cost_of(call, rules.prices)) for call in model_calls(facts, tree)]
    tools = tool_calls(facts, tree)
    sources = {key: (call, cost) for call, cost in calls for key in call.sources}
    by_key = {fact.key: fact for fact in facts}
    places = Places({}, {})
    return Meaning(
        {
            "agent_traces": entry_rows(facts, sources, places),
            "model_calls": model_call_rows(calls, places),
            "tool_calls": tool_call_rows(tools, places),
            "events": event_rows(group.events.values(), by_key, places),
        }
    )
