"""Write a request in OTLP's two encodings, saying exactly the same."""

from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from benchmarks.traffic import STATUS_ERROR, Attributes, Event, Request, Span, Value

FLAGS = 0x101
SCOPE_VERSION = "1.4.0"
SCHEMA_URL = "https://opentelemetry.io/schemas/1.38.0"


def protobuf(request: Request) -> bytes:
    """Write a request as protobuf."""
    message = ExportTraceServiceRequest()
    envelope = message.resource_spans.add(schema_url=SCHEMA_URL)
    envelope.resource.attributes.extend(_pairs(request.resource))
    for name, spans in request.scopes.items():
        scoped = envelope.scope_spans.add(schema_url=SCHEMA_URL)
        scoped.scope.name, scoped.scope.version = name, SCOPE_VERSION
        for span in spans:
            _add(scoped.spans, span)
    return bytes(message.SerializeToString())


def json(request: Request) -> bytes:
    """Write a request as JSON: ids in hex, 64-bit numbers as text."""
    scopes = [
        {
            "scope": {"name": name, "version": SCOPE_VERSION},
            "spans": [_span(span) for span in spans],
            "schemaUrl": SCHEMA_URL,
        }
        for name, spans in request.scopes.items()
    ]
    resource = {"attributes": _named(request.resource)}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes, "schemaUrl": SCHEMA_URL}]})


def _add(spans: Any, span: Span) -> None:
    made = spans.add(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=span.kind,
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        flags=FLAGS,
        attributes=_pairs(span.attributes),
    )
    for event in span.events:
        made.events.add(time_unix_nano=event.time, name=event.name, attributes=_pairs(event.attributes))
    if span.error:
        made.status.code, made.status.message = STATUS_ERROR, span.error


def _pairs(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in attributes.items()]


def _value(value: Value) -> AnyValue:
    made = AnyValue()
    if isinstance(value, str):
        made.string_value = value
    elif isinstance(value, int):
        made.int_value = value
    elif isinstance(value, float):
        made.double_value = value
    else:
        made.array_value.values.extend(_value(item) for item in value)
    return made


def _span(span: Span) -> dict[str, Any]:
    made = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "flags": FLAGS,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _named(span.attributes),
        "events": [_event(event) for event in span.events],
        "status": {"code": STATUS_ERROR, "message": span.error} if span.error else {},
    }
    return {key: value for key, value in made.items() if value}


def _event(event: Event) -> dict[str, Any]:
    return {"timeUnixNano": str(event.time), "name": event.name, "attributes": _named(event.attributes)}


def _named(attributes: Attributes) -> list[dict[str, Any]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"arrayValue": {"values": [_json_value(item) for item in value]}}
