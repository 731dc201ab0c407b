"""Make a row of a span (opentelemetry-proto, trace/v1/trace.proto)."""

from typing import Any

from schema.items import Head, ItemRefusedError, nanos, optional_id, repaired, required_id
from schema.rows import SPAN_COLUMNS, Row
from schema.values import MAX_ATTRIBUTES, SIGNED_63, UNSIGNED_32, Notes, Plain, attributes_text, bounded_text, limited

NO_TRACE = bytes(16)
NO_SPAN = bytes(8)
START, END = map(SPAN_COLUMNS.index, ("start_time_unix_nano", "end_time_unix_nano"))


def span_row(
    head: Head,
    trace_id: bytes,
    span_id: bytes,
    parent_span_id: bytes,
    trace_state: str,
    flags: int,
    name: str,
    kind: int,
    start: int,
    end: int,
    status_code: int,
    status_message: str,
    attributes: dict[str, Plain],
    dropped_attributes: int,
    events: list[Plain],
    dropped_events: int,
    links: list[Plain],
    dropped_links: int,
    notes: Notes,
) -> Row:
    """Make the row of a span, or raise ItemRefusedError.

    A span needs a trace id and a span id, and a name or a time (otlp.md D01, D12).
    Times are kept as they came, in whatever order (D05).
    """
    if not (name or start or end):
        raise ItemRefusedError("empty_span", "span has no name, no start and no end; is this another signal's request?")
    trace = (
        trace_id.hex() if len(trace_id) == 16 and trace_id != NO_TRACE else required_id(trace_id, 16, "trace_id", notes)
    )
    span = span_id.hex() if len(span_id) == 8 and span_id != NO_SPAN else required_id(span_id, 8, "span_id", notes)
    parent = parent_span_id.hex() if len(parent_span_id) == 8 and parent_span_id != NO_SPAN else None
    if parent is None and parent_span_id:
        parent = optional_id(parent_span_id, 8, "parent_span_id", notes)
    if len(attributes) > MAX_ATTRIBUTES:
        dropped_attributes = min(dropped_attributes + limited(attributes, notes), UNSIGNED_32)
    return (
        *head,
        trace,
        span,
        parent,
        trace_state,
        flags,
        name,
        kind,
        start if start <= SIGNED_63 else nanos(start, "start_time_unix_nano", notes),
        end if end <= SIGNED_63 else nanos(end, "end_time_unix_nano", notes),
        status_code,
        status_message,
        attributes_text(attributes, notes),
        dropped_attributes,
        bounded_text(events, "events", notes) if events else None,
        dropped_events,
        bounded_text(links, "links", notes) if links else None,
        dropped_links,
        repaired(notes),
    )


def timeless(row: Row) -> bool:
    """Tell whether a span came without a start and an end."""
    return bool(row[START] == 0 and row[END] == 0)


def event(time: int, name: str, attributes: dict[str, Plain], dropped_attributes: int) -> dict[str, Any]:
    """Hold a span event under OTLP/JSON's names; `droppedAttributesCount` only when there is one."""
    held = {"timeUnixNano": time, "name": name, "attributes": attributes}
    if dropped_attributes:
        held["droppedAttributesCount"] = dropped_attributes
    return held


def link(
    trace_id: bytes,
    span_id: bytes,
    trace_state: str,
    attributes: dict[str, Plain],
    dropped_attributes: int,
    flags: int,
) -> dict[str, Any]:
    """Hold a link under OTLP/JSON's names; ids of a wrong length are kept and marked, never refused (otlp.md D04)."""
    held: dict[str, Any] = {"traceId": trace_id.hex(), "spanId": span_id.hex()}
    if len(trace_id) != 16 or len(span_id) != 8 or trace_id == NO_TRACE or span_id == NO_SPAN:
        held["invalid"] = True
    optional = {
        "traceState": trace_state,
        "attributes": attributes,
        "droppedAttributesCount": dropped_attributes,
        "flags": flags,
    }
    held.update((key, value) for key, value in optional.items() if value)
    return held
