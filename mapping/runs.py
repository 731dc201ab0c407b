"""Find the runs of agents below a job's root: which spans are a subagent's (mapping.md C.6).

A subagent is started by a tool, or by another agent that calls models itself. Wrappers around one agent are none,
nor are agents side by side below a workflow, who hand over to each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from mapping.facts import Fact
from mapping.forest import Forest
from mapping.tree import Place

AGENTS: Final = frozenset(("agent", "turn"))
STARTED: Final = AGENTS | {"workflow"}
"""What is an agent's run whenever a tool starts it."""
NAMING: Final = AGENTS | {"chain"}
"""What may name the agent that it is of."""
STEPS: Final = frozenset(("chain", "other"))
"""What is one only when it calls models and tools."""


class Runs:
    """Say which subagent's run each span is part of."""

    def __init__(self, forest: Forest, roots: Collection[Place]) -> None:
        """Take spans, and those of them that are roots of jobs."""
        self._forest, self._roots = forest, roots
        self._models, self._tools = _above(forest, "llm"), _above(forest, "tool")
        self._callers = set(filter(None, _nearest(forest, AGENTS, of="llm")))
        self._run: dict[Place, Place | None] = {}
        self._tool: dict[Place, Place | None] = {}
        self._agent: dict[Place, Place | None] = {}
        self._started: dict[Place, Place | None] = {}
        """Gives the tool that started a run."""
        for place in forest.order:
            self._enter(place)
        self._same = self._twins()
        self._names = self._inner_names()

    def of(self, place: Place) -> Place | None:
        """Give the first span of the subagent's run; None for the main thread."""
        run = self._run.get(place)
        return self._same.get(run, run) if run else None

    def name(self, run: Place) -> str | None:
        """Name the agent as it or the first agent inside of it does."""
        return self._names.get(run)

    def parent(self, run: Place) -> Place | None:
        """Give the run that started a run; None for the main thread."""
        above = self._forest.parent(run)
        return self.of(above) if above else None

    def _enter(self, place: Place) -> None:
        """Know a span's run from that of the span above."""
        fact, above = self._forest.spans[place], self._forest.parent(place)
        run = self._run[above] if above else None
        tool = self._tool[above] if above else None
        agent = self._agent[above] if above else None
        if above and place not in self._roots and self._starts(fact, tool, agent):
            self._started[place] = tool
            run, tool, agent = place, None, None
        self._run[place] = run
        self._tool[place] = place if fact.kind == "tool" else tool
        self._agent[place] = place if fact.kind in AGENTS else agent

    def _starts(self, fact: Fact, tool: Place | None, agent: Place | None) -> bool:
        if tool is not None:
            acts = fact.place in self._models and fact.place in self._tools
            return fact.kind in STARTED or (fact.kind in STEPS and acts)
        if fact.kind not in AGENTS or agent not in self._callers or agent is None:
            return False
        outer = self._forest.spans[agent]
        return (_name(fact), fact.session_id) != (_name(outer), outer.session_id)

    def _twins(self) -> dict[Place, Place]:
        """Join what two instrumentations tell of one agent: one span has the calls, the other has none."""
        told: dict[tuple[Place, str], list[Place]] = defaultdict(list)
        for run, tool in sorted(self._started.items(), key=self._order):
            if tool is not None:
                told[tool, _name(self._forest.spans[run])].append(run)
        return {
            run: runs[0] for runs in told.values() if any(run not in self._models for run in runs) for run in runs[1:]
        }

    def _order(self, started: tuple[Place, Place | None]) -> tuple[int, Place]:
        return self._forest.spans[started[0]].start, started[0]

    def _inner_names(self) -> dict[Place, str]:
        """Find the names of agents inside of workflows and steps."""
        found: dict[Place, tuple[int, str]] = {}
        for place in self._forest.order:
            fact, run = self._forest.spans[place], self.of(place)
            if run and fact.kind in NAMING and fact.identity.agent_name:
                told = (fact.start, fact.identity.agent_name)
                found[run] = min(found.get(run, told), told)
        return {run: name for run, (_, name) in found.items()}


def _name(fact: Fact) -> str:
    return fact.identity.agent_name or fact.name


def _above(forest: Forest, kind: str) -> set[Place]:
    """Give the spans above those of a kind."""
    found: set[Place] = set()
    for place in reversed(forest.order):
        if place in found or forest.spans[place].kind == kind:
            above = forest.parent(place)
            if above:
                found.add(above)
    return found


def _nearest(forest: Forest, kinds: Collection[str], *, of: str) -> Iterable[Place | None]:
    """Give the nearest span of some kinds above each span of another kind."""
    nearest: dict[Place, Place | None] = {}
    for place in forest.order:
        kind, above = forest.spans[place].kind, forest.parent(place)
        nearest[place] = place if kind in kinds else nearest[above] if above else None
        if kind == of:
            yield nearest[place]
