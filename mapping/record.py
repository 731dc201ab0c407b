"""A raw record as the mapping sees it: a span or a log record, with what stands above it."""

from dataclasses import dataclass, field
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

    @property
    def is_span(self) -> bool:
        """Say whether it is a span."""
        return self.signal is Signal.TRACES


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
    held = dict(zip(SPAN_COLUMNS, row, strict=True))
    return Record(
        Signal.TRACES,
        f"{held['trace_id']}/{held['span_id']}",
        held["name"],
        held["start_time_unix_nano"] or 0,
        held["end_time_unix_nano"] or 0,
        held["trace_id"],
        held["span_id"],
        held["parent_span_id"] or "",
        failed=held["status_code"] == 2,
        message=held["status_message"],
        attributes=orjson.loads(held["attributes"]),
        events=_events(held["events"]),
        resource=above.resource,
        scope=above.scope,
        scope_version=above.scope_version,
        links=_links(held["links"]),
        entry=held["kind"] in ENTRIES,
        remote=bool((held["flags"] or 0) & REMOTE),
        status=held["status_code"],
    )


def log_record(row: Row, above: Above) -> Record:
    """Make a record of a stored log record; its name is the event's, wherever the sender put that."""
    held = dict(zip(LOG_COLUMNS, row, strict=True))
    attributes = orjson.loads(held["attributes"])
    body = orjson.loads(held["body"]) if held["body_is_json"] else held["body"]
    time = held["time_unix_nano"] or held["observed_time_unix_nano"] or held["received_at"]
    return Record(
        Signal.LOGS,
        f"log/{held['sort_time']}/{held['fingerprint']}",
        event_name(attributes, held["event_name"], body),
        time,
        time,
        held["trace_id"] or "",
        held["span_id"] or "",
        failed=held["severity_number"] >= 17,
        attributes=attributes,
        body=body,
        resource=above.resource,
        scope=above.scope,
        scope_version=above.scope_version,
        severity=held["severity_text"] or SEVERITIES[min(max(held["severity_number"] + 3, 0) // 4, 6)],
    )


def event_name(attributes: Attributes, name: str | None, body: Any) -> str:
    """Name an event: by its attribute first, since a Rust logger writes the source line into the field."""
    told = attributes.get("event.name")
    if isinstance(told, str) and told:
        return told
    return name or (body if isinstance(body, str) and "." in body and " " not in body else "")


def _events(text: str | None) -> tuple[Event, ...]:
    return tuple(Event(held["name"], held["timeUnixNano"], held["attributes"]) for held in orjson.loads(text or "[]"))


def _links(text: str | None) -> tuple[Link, ...]:
    told = orjson.loads(text) if text else ()
    return tuple(Link(held["traceId"], held["spanId"], held.get("attributes") or {}) for held in told)
