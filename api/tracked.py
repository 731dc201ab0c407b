"""Make commands of what programs tell: the vocabulary's events, each with the path that it is sent to (mapping.md F).

A command's fields are those of its event, and those that say where it comes from. One that is null is emptied,
one that is absent stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from api.answers import truth, word
from api.times import moment as time_of
from api.writing import Moment, Operation, Told
from core.errors import Ambiguous, Invalid, Missing, Refused
from store.protocol import WriteSide
from tracking.commands import Command, Done, Origin, parse
from tracking.faults import Code, Fault
from tracking.values import key
from tracking.vocabulary import EVENTS, Attribute, Event

AT: Final = Attribute("at", "at", "time", needed=False, says="When it happened, ISO 8601; by default now.")
EVENT_ID: Final = Attribute(
    "tracking.event_id", "event_id", "key", needed=False, says="Names this command: the same again changes nothing."
)
ORIGIN: Final = (
    Attribute("agent.session.id", "session_id", "key", needed=False, says="The agent's session that it comes from."),
    Attribute("agent.job.id", "job_id", "key", needed=False, says="The job that it comes from."),
    Attribute("trace_id", "trace_id", "key", needed=False, says="The OpenTelemetry trace that it comes from."),
    Attribute("span_id", "span_id", "key", needed=False, says="The span that it comes from."),
    Attribute("project.key", "project_key", "key", needed=False, says="The project that it belongs to."),
    Attribute("agent.name", "agent_name", "key", needed=False, says="The agent that says it."),
)
GIVES: Final = {
    "id": {"type": ["integer", "string", "null"], "description": "What names the row that it is about."},
    "result": word("What became of it.", ("applied", "stale", "duplicate")),
    "created": truth("Whether the row is new."),
}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
KINDS: Final = {Code.NOT_FOUND: Missing, Code.AMBIGUOUS: Ambiguous}


@dataclass(frozen=True, slots=True)
class Tracked:
    """Hold a command; `names` are those under which its sender knows the attributes."""

    command: Command
    names: Mapping[str, str]

    def carry_out(self, side: WriteSide) -> Told:
        """Do it, or raise what is wrong with it."""
        return self.told(side.track([self.command])[0])

    def told(self, found: Done | Fault) -> Told:
        """Say what became of it, or raise what is wrong with it."""
        if isinstance(found, Done):
            return {"id": found.row_id, "result": found.status, "created": found.created}
        raise refusal(found, self.names)


def refusal(fault: Fault, names: Mapping[str, str]) -> Refused:
    """Make the error that callers of the API and of functions get."""
    field = names.get(fault.attribute, fault.attribute)
    told = {"fault": str(fault.code), "field": field, "key": fault.key}
    return KINDS.get(fault.code, Invalid)(fault.text, told=told)


def operation(name: str, path: str, event: str, *, status: int = 200, spared: str = "") -> Operation:
    """Say where an event is sent to; `spared` is an attribute that it does not need there."""
    known = EVENTS[event]
    fields = _fields(known)
    needless = tuple(filter(None, [spared]))
    make = partial(_make, known, {field.field: field for field in fields}, needless)
    return Operation(name, "POST", path, status, make, says=known.does, fields=fields, gives=GIVES)


def _fields(event: Event) -> tuple[Attribute, ...]:
    """Give an event's own fields, and those of every command that are not among them under this or another name."""
    own = tuple(event.attributes.values())
    taken = {*event.attributes, *(attribute.field for attribute in own)}
    return (*own, *(one for one in (*ORIGIN, AT, EVENT_ID) if taken.isdisjoint((one.name, one.field))))


def _make(
    event: Event,
    fields: Mapping[str, Attribute],
    spared: tuple[str, ...],
    told: Mapping[str, Any],
    moment: Moment,
) -> Tracked:
    for name in told:
        if name not in fields:
            raise Invalid(f"{str(name)[:60]} is not known here; the fields are {', '.join(fields)}")
    names = {attribute.name: field for field, attribute in fields.items()}
    try:
        return Tracked(_command(event, fields, spared, told, moment), names)
    except Fault as fault:
        raise refusal(fault, names) from None


def _command(
    event: Event,
    fields: Mapping[str, Attribute],
    spared: tuple[str, ...],
    told: Mapping[str, Any],
    moment: Moment,
) -> Command:
    given = told.get("at")
    return parse(
        event.name,
        {attribute.name: told[field] for field, attribute in fields.items() if field in told},
        at=nanoseconds(moment.now if given is None else given),
        is_now=given is None,
        event_id=_named(told, "event_id") or moment.new_id(),
        origin=Origin(**{one.field: _named(told, one.field) for one in ORIGIN if one.field in told}),
        names={attribute.name: field for field, attribute in fields.items()},
        spared=spared,
    )


def _named(told: Mapping[str, Any], field: str) -> str | None:
    value = told.get(field)
    return None if value is None else key(field, value)


def nanoseconds(told: object) -> int:
    """Read ISO 8601 as Unix nanoseconds, or raise Fault."""
    try:
        return (time_of(str(told)) - EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        wanted = "a time in ISO 8601, such as 2026-01-31T12:00:00Z"
        raise Fault(Code.BAD_TYPE, f"at is {str(told)[:60]!r}; {wanted} is wanted", attribute="at") from None


TRACKED: Final = (
    operation("upsert_project", "/projects", "project.upsert"),
    operation("upsert_plan", "/plans", "plan.upsert"),
    operation("set_plan_status", "/plans/{key}/status", "plan.status"),
    operation("add_task", "/plans/{plan_key}/tasks", "plan.task.add", status=201),
    operation("finish_task", "/tasks/{id}/done", "plan.task.done"),
    operation("set_task_status", "/tasks/{id}/status", "plan.task.status"),
    operation("finish_named_task", "/plans/{plan_key}/tasks/done", "plan.task.done"),
    operation("set_named_task_status", "/plans/{plan_key}/tasks/status", "plan.task.status"),
    operation("upsert_refactor", "/refactors", "refactor.upsert"),
    operation("set_refactor_status", "/refactors/{key}/status", "refactor.status"),
    operation("create_debug_session", "/debug-sessions", "debug.session.create", status=201),
    operation("set_debug_status", "/debug-sessions/{key}/status", "debug.session.status"),
    operation("add_debug_note", "/debug-sessions/{session_key}/notes", "debug.note.add", status=201),
    operation("upsert_experiment", "/experiments", "experiment.upsert"),
    operation("set_experiment_status", "/experiments/{key}/status", "experiment.status"),
    operation("add_experiment_run", "/experiments/{experiment_key}/runs", "experiment.run"),
    operation("link_artifact", "/experiments/{experiment_key}/artifacts", "experiment.artifact", status=201),
    operation("save_summary", "/summaries", "summary.save", status=201),
    operation("record_work", "/issues/{issue_id}/work", "issue.work.start", status=201),
    operation("note_issue_status", "/issues/{issue_id}/work/status", "issue.work.status"),
    operation("complete_issue_work", "/issues/{issue_id}/work/complete", "issue.work.complete"),
    operation("note_work_status", "/issue-work/{work_id}/status", "issue.work.status", spared="issue.id"),
    operation("complete_work", "/issue-work/{work_id}/complete", "issue.work.complete", spared="issue.id"),
    operation("record_skill_usage", "/skill-usage", "skill.load", status=201),
    operation("add_to_session", "/sessions/{session_id}/work", "agent.session.update"),
)
