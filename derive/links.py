"""Link sessions, jobs, model calls and tool calls to the work they were done for (issue 4, point 5).

The nearest word counts, for each kind of work by itself: what a call's own record or its resource says, else a span
above it, else a log record of its job, else one of its session outside of any job.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from derive.calls import Rows
from derive.found import Found
from mapping.calls import Call
from mapping.facts import Fact
from mapping.tools import ToolCall
from mapping.tree import Place
from mapping.work import Work

SESSION: Final = "session"
JOB: Final = "job"
CALL: Final = "call"
TOOL: Final = "tool"
ByKind = dict[str, set[str]]


def link_rows(found: Found) -> Rows:
    """Write the links of a group: none, for nearly all of them."""
    told = [fact for fact in found.facts if fact.identity.work]
    return _Links(found, told).rows if told else {}


class _Links:
    """Find what each call was for."""

    def __init__(self, found: Found, told: Iterable[Fact]) -> None:
        self.rows: Rows = {}
        self._found = found
        self._facts = {fact.key: fact for fact in found.facts}
        self._spans = self._inherited()
        self._jobs: dict[str, ByKind] = defaultdict(lambda: defaultdict(set))
        self._sessions: dict[str, ByKind] = defaultdict(lambda: defaultdict(set))
        for fact in told:
            self._take(fact)
        for call, _ in found.priced:
            self._link(CALL, call)
        for tool in found.tools:
            self._link(TOOL, tool)

    def _inherited(self) -> dict[Place, ByKind]:
        """Give every span the work of the nearest one above it that says any of the kind."""
        held: dict[Place, ByKind] = {}
        forest = self._found.jobs.forest
        for place in forest.order:
            above, own = forest.parent(place), forest.spans[place].identity.work
            inherited = held.get(above, {}) if above else {}
            if inherited or own:
                held[place] = inherited | _by_kind(own)
        return held

    def _take(self, fact: Fact) -> None:
        """Link a record's job and session; a log record speaks for all of the job that it was written in."""
        job, session = self._found.places.jobs.get(fact.key), self._found.places.session(fact)
        for kind, key in fact.identity.work:
            self._add(kind, key, JOB, job, session)
            self._add(kind, key, SESSION, session, session)
            if not fact.is_span and job:
                self._jobs[job][kind].add(key)
            elif not fact.is_span and session:
                self._sessions[session][kind].add(key)

    def _link(self, level: str, call: Call | ToolCall) -> None:
        job, session = self._found.places.jobs.get(call.fact.key), self._found.places.session(call.fact)
        near = [self._own(self._facts[key]) for key in (call.fact.key, *call.sources) if key in self._facts]
        far = [self._jobs.get(job or "", {}), self._sessions.get(session or "", {})]
        work: ByKind = {}
        for one in (*near, *far):
            work = {**one, **work}
        for kind, keys in work.items():
            for key in keys:
                self._add(kind, key, level, call.fact.key, session)
                self._add(kind, key, JOB, job, session)
                self._add(kind, key, SESSION, session, session)

    def _own(self, fact: Fact) -> ByKind:
        return self._spans.get(fact.place, {}) | _by_kind(fact.identity.work)

    def _add(self, kind: str, key: str, level: str, name: str | None, session: str | None) -> None:
        if name:
            self.rows[kind, key, level, name] = (kind, key, level, name, session)


def _by_kind(work: Work) -> ByKind:
    found: ByKind = defaultdict(set)
    for kind, key in work:
        found[kind].add(key)
    return dict(found)
