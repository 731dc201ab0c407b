"""Say what ties traces together that name no common session: one caused the other, or answers what the other asked."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from derive.calls import Places, Rows
from derive.groups import Group
from mapping.facts import Fact
from mapping.parts import Asked, Result

TRACE: Final = "trace:"
HOUR: Final = 3_600_000_000_000
SHORTEST: Final = 10
"""Shorter ids of tool calls are counters, which begin anew in each conversation."""


def trace_tie(trace_id: str) -> str:
    """Name the tie to a trace itself."""
    return f"{TRACE}{trace_id}"


def cause_of(fact: Fact) -> str | None:
    """Give the trace of the span that caused a record, when that is another one."""
    cause = fact.identity.causes[0][0] if fact.identity.causes else None
    return cause if cause != fact.trace_id else None


def ties_of(fact: Fact) -> set[str]:
    """Name what a record ties its trace to: the trace that caused it, and calls that go from one trace to another.

    What watches a model's client alone has a trace for each question; a tool call is asked for in one, and its result
    is told in another, at times under another id: then the question that both go back to ties, within the hour.
    Where there are sessions, these tie.
    """
    cause = cause_of(fact)
    ties = {trace_tie(cause)} if cause else set()
    if fact.session_id is None and fact.trace_id and (fact.asked or fact.results):
        whose = f"{fact.emitter}:{fact.identity.process or ''}"
        told: list[Asked | Result] = [*fact.asked, *fact.results]
        ties |= {f"call:{whose}:{call.call_id}" for call in told if _is_unique(call)}
        if fact.prompt:
            ties.add(f"prompt:{whose}:{fact.start // HOUR}:{sha256(fact.prompt.encode()).hexdigest()[:32]}")
    return ties


def _is_unique(call: Asked | Result) -> bool:
    """Say whether a call's id is one of its own: not a short counter, and not made of the tool's name."""
    return call.call_id is not None and len(call.call_id) >= SHORTEST and (call.name or "-") not in call.call_id


def tie_rows(group: Group, facts: Iterable[Fact], places: Places) -> Rows:
    """Write what ties a group's traces; `facts` have their sessions."""
    return {
        (tie, fact.trace_id): (tie, fact.trace_id, places.session(fact))
        for fact in facts
        for tie in ties_of(group.facts[fact.key])
    }
