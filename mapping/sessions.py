"""Give every fact the session it belongs to (mapping.md C.1).

Most records of a trace do not name the session; they have it from the nearest span above that does,
else from what stands below or beside them in the trace. A trace that names none is a session of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from mapping.facts import Fact
from mapping.tree import Place, Tree

SYNTHETIC: Final = "trace:"


def with_sessions(facts: Sequence[Fact], tree: Tree) -> list[Fact]:
    """Fill in the session of each fact; None is left to a log record outside of any trace that names none."""
    named = _inherited({fact.place: fact.session_id for fact in facts if fact.is_span and fact.session_id}, tree)
    traces = _by_trace(facts)
    held = [fact if fact.session_id else replace(fact, session_id=_session(fact, named, traces)) for fact in facts]
    parents = {fact.session_id: fact.identity.parent_session_id for fact in held if fact.identity.parent_session_id}
    return [_of_parent(fact, parents.get(fact.session_id)) for fact in held] if parents else held


def _of_parent(fact: Fact, parent: str | None) -> Fact:
    """Let every record of a subagent's session know the session that it works for: only some name it."""
    if parent is None or parent in (fact.session_id, fact.identity.parent_session_id):
        return fact
    return replace(fact, identity=replace(fact.identity, parent_session_id=parent))


def _inherited(named: dict[Place, str], tree: Tree) -> dict[Place, str]:
    """Give every span the session of the nearest one above that names one."""
    for place in tree.order:
        above = tree.parent(place)
        if place not in named and above in named:
            named[place] = named[above]
    return named


def _session(fact: Fact, named: dict[Place, str], traces: dict[str, str]) -> str | None:
    if not fact.trace_id:
        return None
    return named.get(fact.place) or traces.get(fact.trace_id) or f"{SYNTHETIC}{fact.trace_id}"


def _by_trace(facts: Iterable[Fact]) -> dict[str, str]:
    """Give the session of each trace: the one that most of its records name, the smallest of several."""
    votes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for fact in facts:
        if fact.trace_id and fact.session_id:
            votes[fact.trace_id][fact.session_id] += 1
    return {trace: min(told, key=lambda session: (-told[session], session)) for trace, told in votes.items()}
