"""Read spans from OTLP/JSON."""

from typing import Final

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from schema.items import Head
from schema.json_fields import (
    Findings,
    Kept,
    enum,
    hexadecimal,
    kept_hex,
    message,
    messages,
    optional_hex,
    required_hex,
    string,
    unsigned32,
    unsigned64,
)
from schema.json_parse import Parsed
from schema.json_values import EVENT, attributes
from schema.rows import Row
from schema.spans import event, link, span_row
from schema.values import Plain

KINDS: Final = dict(Span.SpanKind.items())
CODES: Final = dict(Status.StatusCode.items())
SPAN_KEYS = frozenset(field.json_name for field in Span.DESCRIPTOR.fields)
EVENT_KEYS = frozenset(field.json_name for field in Span.Event.DESCRIPTOR.fields)
LINK_KEYS = frozenset(field.json_name for field in Span.Link.DESCRIPTOR.fields)
STATUS_KEYS = frozenset(("code", "message"))


def read_span(span: Kept, head: Head, findings: Findings) -> Row:
    """Make the row of a JSON Span, or raise ItemRefusedError."""
    get = span.get
    if not SPAN_KEYS.issuperset(span):
        findings.unknown(span, SPAN_KEYS)
    pairs, events, links, parent = get("attributes"), get("events"), get("links"), get("parentSpanId")
    dropped, state, flags = get("droppedAttributesCount"), get("traceState"), get("flags")
    status_code, status_message = _status(get("status"), findings)
    return span_row(
        head,
        required_hex(get("traceId"), "trace_id"),
        required_hex(get("spanId"), "span_id"),
        optional_hex(parent, "parent_span_id", findings) if parent else b"",
        string(state, "traceState", findings) if state else "",
        unsigned32(flags, "flags", findings) if flags else 0,
        string(get("name", ""), "name", findings),
        enum(get("kind", 0), KINDS, "kind", findings),
        unsigned64(get("startTimeUnixNano", 0), "start_time_unix_nano", findings),
        unsigned64(get("endTimeUnixNano", 0), "end_time_unix_nano", findings),
        status_code,
        status_message,
        attributes(pairs, findings) if pairs else {},
        unsigned32(dropped, "dropped_attributes_count", findings) if dropped else 0,
        [_event(item, findings) for item in messages(events, "events", findings)] if events else [],
        unsigned32(get("droppedEventsCount", 0), "dropped_events_count", findings),
        [_link(item, findings) for item in messages(links, "links", findings)] if links else [],
        unsigned32(get("droppedLinksCount", 0), "dropped_links_count", findings),
        findings.notes,
    )


def _status(value: Parsed, findings: Findings) -> tuple[int, str]:
    if not value:
        return 0, ""
    status = message(value, "status", findings)
    if not STATUS_KEYS.issuperset(status):
        findings.unknown(status, STATUS_KEYS)
    code = enum(status.get("code", 0), CODES, "status.code", findings)
    return code, string(status.get("message"), "status.message", findings)


def _event(item: Kept, findings: Findings) -> Plain:
    if not EVENT_KEYS.issuperset(item):
        findings.unknown(item, EVENT_KEYS)
    return event(
        unsigned64(item.get("timeUnixNano", 0), "event time_unix_nano", findings),
        string(item.get("name", ""), "event.name", findings),
        attributes(item.get("attributes") or (), findings, EVENT),
        unsigned32(item.get("droppedAttributesCount", 0), "event dropped_attributes_count", findings),
    )


def _link(item: Kept, findings: Findings) -> Plain:
    """Hold a link; an id that is not even hexadecimal is kept as it was sent (otlp.md D04)."""
    if not LINK_KEYS.issuperset(item):
        findings.unknown(item, LINK_KEYS)
    trace_id, span_id = item.get("traceId"), item.get("spanId")
    held = link(
        hexadecimal(trace_id) or b"",
        hexadecimal(span_id) or b"",
        string(item.get("traceState", ""), "link.traceState", findings),
        attributes(item.get("attributes") or (), findings, EVENT),
        unsigned32(item.get("droppedAttributesCount", 0), "link dropped_attributes_count", findings),
        unsigned32(item.get("flags", 0), "link flags", findings),
    )
    return held | {"traceId": kept_hex(trace_id), "spanId": kept_hex(span_id)}
