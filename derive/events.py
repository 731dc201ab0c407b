"""Make `events` of records: what happened at one time, with all that was said about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from derive.calls import Places, Rows, jobless
from derive.hearing import Heard
from derive.text import iso
from mapping.emitters import GENERIC
from mapping.facts import Fact
from mapping.record import Attributes, Record
from schema.derived import Row
from schema.rows import Violation

MODIFIED: Final = "file.modified"
MAX_TEXT: Final = 500
MAX_DATA: Final = 4096
"""Characters of one value, and bytes of all of an event's data."""


@dataclass(slots=True)
class Told:
    """Hold one event; `key` names it for ever. `data` is JSON text; None once it is written."""

    key: str
    time: int
    type: str
    source: str
    """The key of the record that it was told in."""
    tool: str | None
    file: str | None
    data: str | None
    trace_id: str
    span_id: str


def events_of(record: Record, fact: Fact, heard: Sequence[Heard] = ()) -> list[Told]:
    """Give a log record as an event, and the events of a span, which is one itself when it is a command."""
    wrong = {one.key: _wrong(one.violation) for one in heard if one.violation is not None}
    told = [
        _told(record, fact, key, event.time, event.name, _data({**wrong.get(key, {}), **event.attributes}))
        for number, event in enumerate(record.events)
        if (key := f"{record.key}/{number}")
    ]
    if record.is_span and all(one.key != record.key for one in heard):
        return told
    body = {} if record.body in (None, "") else {"body": record.body}
    said = _data({**wrong.get(record.key, {}), **record.attributes, **body})
    return [*told, _told(record, fact, record.key, record.end, _type(record.name, fact.emitter), said)]


def _wrong(violation: Violation) -> Attributes:
    """Say what is wrong with a command, before what it said (mapping.md F.5)."""
    return {"tracking_error": {"code": violation.code, "message": violation.message}}


def event_rows(events: Iterable[Told], facts: Mapping[str, Fact], places: Places) -> Rows:
    """Write events; `facts` are those of the records that tell of them, by key, with their sessions."""
    return {(event.key,): _row(event, facts[event.source], places) for event in events}


def _row(event: Told, fact: Fact, places: Places) -> Row:
    return (
        event.key,
        iso(event.time),
        places.jobs.get(fact.key) or jobless(places.session(fact)),
        event.type,
        event.tool,
        event.file,
        event.data,
        places.session(fact),
        event.trace_id or None,
        event.span_id or None,
        fact.emitter,
    )


def _told(record: Record, fact: Fact, key: str, time: int, kind: str, data: str) -> Told:  # noqa: PLR0913, PLR0917  one for each column
    tool, file = (fact.tool.name, next(iter(fact.tool.writes), None)) if fact.tool else (None, None)
    for saying in fact.sayings:
        if saying.key == key and saying.event == MODIFIED:
            tool, file = saying.values.get("tool.name"), next(iter(saying.values["file.path"]), None)
    return Told(key, time, kind or "log", record.key, tool, file, data, record.trace_id, record.span_id)


def _type(name: str, emitter: str) -> str:
    """Name an event with its program's name before a bare one (mapping.md A.15)."""
    return f"{emitter}.{name}" if name and "." not in name and emitter != GENERIC else name


def _data(attributes: Attributes) -> str:
    """Write attributes as JSON text with long values cut; too many of them are left out from the end."""
    kept = {key: _short(value) for key, value in attributes.items()}
    text = orjson.dumps(kept)
    while len(text) > MAX_DATA:
        kept = dict(list(kept.items())[: len(kept) * MAX_DATA // len(text)])
        text = orjson.dumps({**kept, "cut": True})
    return text.decode()


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
    if isinstance(value, list | dict):
        text = orjson.dumps(value).decode()
        return value if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return value
