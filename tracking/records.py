"""Hear commands in records: a log record, a span or a span event whose name is an event's (mapping.md F.1).

What is heard twice, when a record comes in and when it is derived from, is heard the same: nothing else is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schema.rows import Violation
from tracking.commands import Command, Origin, parse
from tracking.faults import Code, Fault
from tracking.values import SHOWN, shown
from tracking.vocabulary import EVENTS, PREFIX, named

JOB: Final = "agent.job"
"""A span that is a job's start and end in one."""
JOB_END: Final = "agent.job.end"
RUN: Final = "experiment.run"
NAMES: Final = frozenset((*EVENTS, *(PREFIX + name for name in EVENTS)))
SPANS: Final = NAMES | {JOB, PREFIX + JOB}
OK, ERROR = 1, 2
"""OTLP's codes of a span's status."""
LATEST: Final = (1 << 63) - 1
SESSIONS: Final = ("agent.session.id", "session.id")
PREVIEW: Final = 200
WRAPPED: Final = frozenset(("kvlistValue", "doubleValue"))
"""How values are kept that JSON cannot say (schema/values.py)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what a record or a span event says; `at` is Unix nanoseconds, `status` a span's code and None for others.

    `key` names it for ever: it is the key of its row in `events`.
    """

    name: str
    key: str
    at: int
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    trace_id: str | None = None
    span_id: str | None = None
    status: int | None = None


def tells(name: str) -> bool:
    """Say whether a log record or a span event of this name is a command, or wants to be one."""
    return name in NAMES or name.startswith(PREFIX)


def span_tells(name: str) -> bool:
    """Say whether a span of this name is."""
    return name in SPANS or name.startswith(PREFIX)


def named_in(name: str) -> str:
    """Give an event's name without the prefix; a name that is none stays what it is."""
    return named(name) if name in SPANS else name


def command_of(said: Said) -> Command:
    """Make the command; raise Fault when it is none that can be done."""
    event = named(said.name)
    if event == JOB and said.status is not None:
        event = JOB_END
    known = EVENTS.get(event)
    if known is None:
        raise Fault(Code.UNKNOWN_EVENT, "the vocabulary has no such event", event=said.name[:SHOWN])
    values = {name: plain(value) for name, value in said.attributes.items() if name in known.attributes}
    values = _understood(said, event) | values
    if known.body and not values.get(known.body) and isinstance(said.body, str):
        values[known.body] = said.body
    values = {name: value for name, value in values.items() if value is not None}
    event_id = said.attributes.get("tracking.event_id") or said.key
    return parse(event, values, at=min(said.at, LATEST), event_id=event_id, origin=_origin(said), record=said.key)


def violation_of(said: Said, fault: Fault, service: str) -> Violation:
    """Write down what was wrong with a command."""
    value = said.attributes.get(fault.attribute)
    return Violation(
        position=said.key,
        event_time=said.at,
        event_name=fault.event or named(said.name)[:SHOWN],
        entity_key=fault.entity or None,
        code=str(fault.code),
        message=fault.line(),
        attribute=fault.attribute or None,
        value_preview=None if value is None else shown(value)[:PREVIEW],
        session_id=_origin(said).session_id,
        service_name=service,
        trace_id=said.trace_id,
        span_id=said.span_id,
        command_id=_text(said.attributes.get("tracking.event_id")),
    )


def plain(value: Any) -> Any:
    """Give a kept value as its sender meant it; a number that JSON cannot say is null."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and not WRAPPED.isdisjoint(value):
        ((name, inner),) = value.items()
        return plain(inner) if isinstance(inner, dict) else None if name == "doubleValue" else value
    return {name: plain(item) for name, item in value.items()}


def _understood(said: Said, event: str) -> dict[str, Any]:
    """Give what a record says without an attribute of the event: its session, and how its span ended."""
    told: dict[str, Any] = {}
    if SESSIONS[0] in EVENTS[event].attributes:
        told[SESSIONS[0]] = _origin(said).session_id
    if event == RUN and said.status is not None:
        told["experiment.run.outcome"] = {OK: "pass", ERROR: "fail"}.get(said.status, "inconclusive")
    if event == JOB_END and said.status is not None:
        told["agent.job.status"] = "failed" if said.status == ERROR else "completed"
    return told


def _origin(said: Said) -> Origin:
    session = next((told for name in SESSIONS if (told := _said(said, name))), None)
    return Origin(
        session_id=session,
        job_id=_said(said, "agent.job.id"),
        trace_id=said.trace_id,
        span_id=said.span_id,
        project_key=_said(said, "project.key"),
        agent_name=_said(said, "agent.name"),
    )


def _said(said: Said, name: str) -> str | None:
    return _text(said.attributes.get(name)) or _text(said.resource.get(name))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
