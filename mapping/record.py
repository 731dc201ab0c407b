"""A raw record as the mapping sees it: a span or a log record, with what stands above it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import orjson

from schema.rows import LOG_COLUMNS, SPAN_COLUMNS, Row
from schema.signals import Signal

Attributes = dict[str, Any]
ENTRIES: Final = frozenset((2, 4, 5))
"""OTLP's span kinds of servers, producers and consumers."""
REMOTE: Final = 0x200
"""OTLP's flag of a span whose parent is another process's."""
SEVERITIES: Final = ("", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""Names of OTLP's severity numbers, four to each."""
MAX_TEXT: Final = 4 << 20
"""Longer JSON text is not read."""


def columns(held: Sequence[str], wanted: str) -> "itemgetter[Any]":
    """Take some columns out of a row, in the order that they are wanted in."""
    return itemgetter(*map(held.index, wanted.split()))


def parsed(value: Any) -> Any:
    """Read JSON text; anything else stays what it is."""
    if isinstance(value, str) and value[:1] in '[{"' and value and len(value) <= MAX_TEXT:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


@dataclass(slots=True, unsafe_hash=True)
class Event:
    """Hold a span event; its time is Unix nanoseconds."""

    name: str
    time: int
    attributes: Attributes


@dataclass(slots=True, unsafe_hash=True)
class Link:
    """Hold a span's link to another one."""

    trace_id: str
    span_id: str
    attributes: Attributes


@dataclass(slots=True, unsafe_hash=True)
class Record:
    """Hold a span or a log record; times are Unix nanoseconds, ids lower-case hex, empty when absent.

    `key` names it for ever: trace and span id, or a log's sort time and fingerprint.
    A log record starts and ends at its time. `name` is the span's name or the event's.
    `entry` says that the span takes or hands over a request, `remote` that the span above is another process's.
    """

    signal: Signal
    key: str
    name: str
    start: int
    end: int
    trace_id: str
    span_id: str
    parent_span_id: str = ""
    failed: bool = False
    message: str = ""
    scope: str = ""
    scope_version: str = ""
    attributes: Attributes = field(default_factory=dict)
    resource: Attributes = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    body: Any = None
    texts: dict[str, Any] = field(default_factory=dict, compare=False)
    """What was already read of JSON texts."""

    def json(self, value: Any) -> Any:
        """Read a JSON text of this record once for all who ask; anything else stays what it is."""
        if not isinstance(value, str):
            return value
        if value not in self.texts:
            self.texts[value] = parsed(value)
        return self.texts[value]

    links: tuple[Link, ...] = ()
    entry: bool = False
    remote: bool = False
    status: int = 0
    """OTLP's code of a span's status."""
    severity: str = ""
    """How serious a log record is, by its sender's word or its number."""
    is_span: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Say once whether it is a span."""
        self.is_span = self.signal is Signal.TRACES


@dataclass(slots=True, unsafe_hash=True)
class Above:
    """Say what stands above many records: the attributes of their resource, and their scope."""

    resource: Attributes
    scope: str
    scope_version: str

    @classmethod
    def read(cls, attributes: str, scope: str, scope_version: str) -> "Above":
        """Read a stored resource's attributes."""
        return cls(orjson.loads(attributes), scope, scope_version)


def span_record(row: Row, above: Above) -> Record:
    """Make a record of a stored span."""
    trace_id, span_id, parent, name, kind, flags, start, end, status, message, attributes, events, links = SPAN(row)
    return Record(
        Signal.TRACES,
        f"{trace_id}/{span_id}",
        name,
        start or 0,
        end or 0,
        trace_id,
        span_id,
        parent or "",
        status == 2,
        message,
        above.scope,
        above.scope_version,
        orjson.loads(attributes),
        above.resource,
        _events(events) if events else (),
        links=_links(links) if links else (),
        entry=kind in ENTRIES,
        remote=bool((flags or 0) & REMOTE),
        status=status,
    )


def log_record(row: Row, above: Above) -> Record:
    """Make a record of a stored log record; its name is the event's, wherever the sender put that."""
    sort_time, fingerprint, *times, told, is_json, name, trace_id, span_id, severity, word, held = LOG(row)
    attributes = orjson.loads(held)
    body = orjson.loads(told) if is_json else told
    moment = next(filter(None, times), 0)
    return Record(
        Signal.LOGS,
        f"log/{sort_time}/{fingerprint}",
        event_name(attributes, name, body),
        moment,
        moment,
        trace_id or "",
        span_id or "",
        failed=severity >= 17,
        attributes=attributes,
        body=body,
        resource=above.resource,
        scope=above.scope,
        scope_version=above.scope_version,
        severity=word or SEVERITIES[min(max(severity + 3, 0) // 4, 6)],
    )


def event_name(attributes: Attributes, name: str | None, body: Any) -> str:
    """Name an event: by its attribute first, since a Rust logger writes the source line into the field."""
    told = attributes.get("event.name")
    if isinstance(told, str) and told:
        return told
    return name or (body if isinstance(body, str) and "." in body and " " not in body else "")


def _events(text: str) -> tuple[Event, ...]:
    return tuple(Event(held["name"], held["timeUnixNano"], held["attributes"]) for held in orjson.loads(text))


def _links(text: str) -> tuple[Link, ...]:
    return tuple(Link(held["traceId"], held["spanId"], held.get("attributes") or {}) for held in orjson.loads(text))


SPAN: Final = columns(
    SPAN_COLUMNS,
    "trace_id span_id parent_span_id name kind flags start_time_unix_nano end_time_unix_nano status_code"
    " status_message attributes events links",
)
LOG: Final = columns(
    LOG_COLUMNS,
    "sort_time fingerprint time_unix_nano observed_time_unix_nano received_at body body_is_json event_name trace_id"
    " span_id severity_number severity_text attributes",
)
