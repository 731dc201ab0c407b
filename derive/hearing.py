"""Hear commands in records, and let their facts say what they mean (mapping.md F)."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from mapping.facts import Fact
from mapping.kinds import OTHER
from mapping.record import Event, Record
from mapping.sayings import Saying
from mapping.work import work_of
from schema.rows import Violation
from tracking.commands import Command
from tracking.faults import Fault
from tracking.records import JOB, Said, command_of, named_in, span_tells, tells, violation_of

SERVICE: Final = "service.name"
NOTHING: Final[list[Any]] = []
UPSERT: Final = "agent.upsert"
START: Final = "agent.job.start"
SESSION: Final = "agent.session.id"
PROMPT: Final = "agent.job.prompt"


@dataclass(frozen=True, slots=True)
class Heard:
    """Hold a command, or what is wrong with one; `key` is that of its row in `events`."""

    key: str
    at: int
    command: Command | None
    violation: Violation | None
    service: str


def heard_in(record: Record) -> list[Heard]:
    """Give the commands of a record: its own, and those of a span's events; nearly all records have none."""
    if not span_tells(record.name) and not (record.events and any(tells(event.name) for event in record.events)):
        return NOTHING
    return [_heard(record, said) for said in _said(record)]


def understood(record: Record, fact: Fact, heard: list[Heard]) -> None:
    """Let a fact say what its record's commands tell; one that is refused means nothing."""
    refused = {one.at for one in heard if one.violation is not None}
    if refused and fact.identity.signals:
        kept = tuple(signal for signal in fact.identity.signals if signal.time not in refused)
        fact.identity = replace(fact.identity, signals=kept)
    if any(one.key == record.key and one.violation is not None for one in heard):
        fact.kind = OTHER
    if any(one.command is not None for one in heard):
        _mean(record, fact, heard)


def _mean(record: Record, fact: Fact, heard: list[Heard]) -> None:
    body = record.body if isinstance(record.body, str) and record.body else None
    fact.sayings = tuple(
        Saying(one.key, one.command.event, one.at, one.command.values, body, record.severity or None)
        for one in heard
        if one.command is not None
    )
    if fact.is_span and record.events:
        _take_events(record, fact)
    for saying in fact.sayings:
        if saying.event == UPSERT:
            told = saying.values
            names = {"agent_id": "agent.id", "parent_agent_id": "agent.parent.id", "subagent_name": "agent.name"}
            fact.identity = replace(fact.identity, **{name: told[key] for name, key in names.items() if told.get(key)})
        elif saying.event == START and saying.key == fact.key and not fact.is_span:
            fact.kind, fact.prompt = "prompt", saying.values.get(PROMPT)
    if record.name == JOB and fact.is_span:
        _mean_job(record, fact)


def _take_events(record: Record, fact: Fact) -> None:
    """Let a span that names no session be of the one that its events name, and be for the work that they name."""
    fact.session_id = fact.session_id or next(
        (one.values[SESSION] for one in fact.sayings if one.values.get(SESSION)), None
    )
    fact.identity = replace(fact.identity, work=work_of(record))


def _mean_job(record: Record, fact: Fact) -> None:
    """Take a span that is a whole job: its attributes are those of its start as well as of its end."""
    fact.kind = "turn"
    said = Said(START, fact.key, record.start, record.attributes)
    with suppress(Fault):
        start = command_of(said)
        fact.sayings = (Saying(fact.key, START, record.start, start.values), *fact.sayings)
        fact.prompt = start.values.get(PROMPT)


def _said(record: Record) -> Iterator[Said]:
    if span_tells(record.name) if record.is_span else tells(record.name):
        yield _of_record(record)
    for number, event in enumerate(record.events):
        if tells(event.name):
            yield _of_event(record, number, event)


def _of_record(record: Record) -> Said:
    """Take a record as a command, and its name without what may stand before it from now on."""
    said = Said(
        record.name,
        record.key,
        max(record.start, record.end),
        record.attributes,
        record.resource,
        record.body,
        record.trace_id or None,
        record.span_id or None,
        record.status if record.is_span else None,
    )
    record.name = named_in(record.name)
    return said


def _of_event(record: Record, number: int, event: Event) -> Said:
    said = Said(
        event.name,
        f"{record.key}/{number}",
        event.time or record.end,
        event.attributes,
        record.resource,
        None,
        record.trace_id or None,
        record.span_id or None,
    )
    event.name = named_in(event.name)
    return said


def _heard(record: Record, said: Said) -> Heard:
    service = record.resource.get(SERVICE)
    named = service if isinstance(service, str) else ""
    try:
        return Heard(said.key, said.at, command_of(said), None, named)
    except Fault as fault:
        return Heard(said.key, said.at, None, violation_of(said, fault, named), named)
