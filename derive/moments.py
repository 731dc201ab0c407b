"""Write moments that no record is about, but several tell: a trace ended, a model was chosen, or another (seed 002)."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from derive.calls import Places, Rows
from derive.entries import TYPES
from derive.jobs import Work
from derive.sums import model_of
from derive.text import iso
from mapping.facts import Fact
from schema.derived import AGENT_TRACES, Row

STARTED: Final = "trace_started"
CHOSEN: Final = frozenset(("model.selected", "model.switched"))
NOTHING: Final = {"counted": 0, "truncated_in": 0, "truncated_out": 0}


def moment_rows(work: Iterable[Work], roots: dict[str, Fact], places: Places) -> Rows:
    """Write moments of jobs; `roots` are the facts of their first spans, by job id."""
    return {
        (row[0],): row for one in work for row in (*_ended(one, roots.get(one.job.id), places), *_models(one, places))
    }


def told_moments(facts: Iterable[Fact], places: Places) -> Rows:
    """Write the models that events say were chosen (mapping.md F.3)."""
    return {
        (saying.key,): _row(
            fact,
            places,
            trace_id=saying.key,
            parent_trace_id=f"{fact.trace_id}/{fact.span_id}" if fact.trace_id and fact.span_id else None,
            kind="event",
            type=saying.event.replace(".", "_"),
            name=saying.values["model.name"],
            timestamp=iso(saying.at),
            model_used=saying.values["model.name"],
            provider_used=saying.values.get("model.provider"),
            status="ok",
        )
        for fact in facts
        for saying in fact.sayings
        if saying.event in CHOSEN
    }


def _ended(work: Work, root: Fact | None, places: Places) -> Iterator[Row]:
    """Say that what a job's root began is over."""
    if root is None or TYPES.get(root.kind) != STARTED or work.job.ended is None:
        return
    outcome = work.job.outcome
    yield _row(
        root,
        places,
        trace_id=f"{root.key}/ended",
        type="trace_ended",
        name=root.name,
        timestamp=iso(work.job.ended),
        status="error" if outcome.status == "failed" else outcome.status,
        error_type=outcome.error_type,
        error_message=outcome.error_message,
    )


def _models(work: Work, places: Places) -> Iterator[Row]:
    """Say which model a job's main thread began with, and when it went on with another."""
    if work.job.chosen:
        return
    before: str | None = None
    for call, _ in work.main:
        model = model_of(call)
        if model is not None and model != before:
            kind = "model_switched" if before else "model_selected"
            provider = call.fact.model.provider if call.fact.model else None
            yield _row(
                call.fact,
                places,
                trace_id=f"{call.fact.key}/{kind}",
                type=kind,
                name=model,
                timestamp=iso(call.fact.start),
                model_used=model,
                provider_used=provider,
                status="ok",
            )
            before = model


def _row(fact: Fact, places: Places, **values: Any) -> Row:
    told = {
        **NOTHING,
        "parent_trace_id": fact.key,
        "session_id": places.session(fact),
        "emitter": fact.emitter,
        "job_id": places.jobs.get(fact.key),
        "agent_id": places.agents.get(fact.key),
        "otel_trace_id": fact.trace_id or None,
        "kind": "moment",
        **values,
    }
    return tuple(told.get(column) for column in AGENT_TRACES.columns)
