"""Write records as entries of `agent_traces` (seed 002): one for each record that says what an agent did."""

from collections.abc import Iterable, Mapping
from typing import Final

from derive.calls import Places, Rows, status_of
from derive.costs import Cost
from derive.groups import Group
from derive.text import iso, milliseconds
from mapping.calls import Call
from mapping.facts import Fact
from mapping.kinds import OTHER
from mapping.tokens import Tokens
from schema.derived import Row

TYPES: Final = {
    "llm": "model_called",
    "embedding": "model_called",
    "rerank": "model_called",
    "tool": "tool_called",
    "agent": "trace_started",
    "workflow": "trace_started",
    "turn": "trace_started",
}
"""Seed 002's names of what is there; other kinds keep their own."""
NOTHING: Final = Tokens()


def entry_rows(group: Group, facts: Iterable[Fact], calls: Mapping[str, tuple[Call, Cost]], places: Places) -> Rows:
    """Write entries of facts with their sessions; `calls` are the model calls by the keys of all that tell of them."""
    return {(fact.key,): entry(fact, calls.get(fact.key), places) for fact in facts if _is_entry(group.facts[fact.key])}


def _is_entry(fact: Fact) -> bool:
    """Say whether a record says what an agent did, or names its session."""
    if fact.kind != OTHER:
        return True
    return fact.is_span and fact.session_id is not None


def entry(fact: Fact, told: tuple[Call, Cost] | None, places: Places) -> Row:
    """Write an entry; `told` is the model call that the record tells of."""
    call, cost = told or (None, None)
    first = call is not None and call.fact.key == fact.key
    model = call.fact.model if first and call else fact.model
    counted = model.tokens if first and model else NOTHING
    summed = model.tokens if model and call is None else NOTHING
    nanos = cost.nanos if first and cost else None
    return (
        fact.key,
        _parent(fact),
        places.session(fact),
        TYPES.get(fact.kind, fact.kind),
        fact.name,
        iso(fact.start),
        milliseconds(fact.start, fact.end) if fact.is_span else None,
        counted.input,
        counted.output,
        model.model if model else None,
        model.provider if model else None,
        None if nanos is None else nanos / 1e9,
        fact.raw_input,
        fact.raw_output,
        fact.kind,
        status_of(fact),
        fact.error_type,
        fact.error_message,
        counted.cache_read,
        counted.cache_write,
        counted.reasoning,
        _role(fact, call, first=first),
        int(first),
        call.fact.key if call and not first else None,
        nanos,
        cost.source if first and cost else None,
        fact.emitter,
        places.jobs.get(fact.key),
        places.agents.get(fact.key),
        fact.trace_id or None,
        fact.span_id or None,
        summed.input,
        summed.output,
        int(fact.cut_input),
        int(fact.cut_output),
    )


def _parent(fact: Fact) -> str | None:
    """Name the entry above: of a span its parent, of a log record the span that it was written in."""
    above = fact.parent_span_id if fact.is_span else fact.span_id
    return f"{fact.trace_id}/{above}" if above and fact.trace_id else None


def _role(fact: Fact, call: Call | None, *, first: bool) -> str | None:
    """Say what the numbers of a record are: a call's, those of a call told of elsewhere, or a sum."""
    if call is not None:
        return call.role if first else "duplicate"
    return "rollup" if fact.model is not None and fact.model.tokens else None
