"""Protobuf alone: fields of the future, indexes and requests of another signal (otlp.md P01-P04, D12)."""

from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, EntityRef, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from core.errors import Undecodable
from schema.decode import decode
from schema.rows import Batch
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.otlp import RECEIVED_AT, Read, delimited, in_both, item, read

UNKNOWN = b"\x9a\x06\x02hi" + b"\x98\x06\x01" + b"\xc3\x3e\x08\x01\xc4\x3e" + b"\xc2\x3e\x00"
"""Field 99 as bytes and as a varint, field 1000 as a group and as bytes."""


def _decode(signal: Signal, body: bytes) -> Batch:
    return decode(signal, "protobuf", body, transport="grpc", received_at=RECEIVED_AT)


def _message(field: int, *parts: bytes) -> bytes:
    return delimited(field, b"".join(parts))


def test_P01_row_6_unknown_fields_are_ignored_in_every_message() -> None:
    """Fields we do not know, groups among them, change nothing on any level."""
    span = build.span(attributes=build.attributes({"a": 1}))
    pair = _message(9, UNKNOWN, b"\x0a\x01b", _message(2, UNKNOWN, b"\x0a\x01c"))
    event = _message(11, UNKNOWN, Span.Event(name="e").SerializeToString())
    link = _message(13, UNKNOWN, Span.Link(trace_id=b"x" * 16).SerializeToString())
    status = _message(15, UNKNOWN, b"\x18\x02")
    spans = _message(2, UNKNOWN, span.SerializeToString(), pair, event, link, status)
    scope = _message(1, UNKNOWN, b"\x0a\x01s")
    resource = _message(1, UNKNOWN)
    batch = _decode(Signal.TRACES, _message(1, UNKNOWN, resource, _message(2, UNKNOWN, scope, spans)) + UNKNOWN)
    found = item(batch)

    assert ('{"a":1,"b":"c"}', 2, "s", None) == tuple(
        found[key] for key in ("attributes", "status_code", "scope_name", "repaired")
    )
    assert ("e", "78" * 16) == (orjson.loads(found["events"])[0]["name"], orjson.loads(found["links"])[0]["traceId"])


@in_both
def test_P02_indexes_into_tables_of_profiles_are_empty(decoded: Read) -> None:
    """A value by index is empty; an attribute whose key is an index is dropped and counted, with a warning."""
    pairs = [
        KeyValue(key="a", value=AnyValue(string_value_strindex=7)),
        KeyValue(key_strindex=3, value=AnyValue(string_value="lost")),
    ]
    batch = decoded(Signal.TRACES, build.traces(build.span(attributes=pairs)))
    found = item(batch)

    assert ('{"a":null}', '{"keysByIndex":1}') == (found["attributes"], found["repaired"])
    assert ["1 of 1 items kept with repairs: keysByIndex"] == batch.warnings


@in_both
def test_P03_entity_references_are_kept_as_json(decoded: Read) -> None:
    """References to entities are stored with the resource, also when their keys are not among its attributes."""
    request = build.traces(build.span())
    request.resource_spans[0].resource.entity_refs.append(
        EntityRef(schema_url="u", type="service", id_keys=["service.name", "nowhere"], description_keys=["d"])
    )
    found = item(decoded(Signal.TRACES, request))

    assert [
        {"schemaUrl": "u", "type": "service", "idKeys": ["service.name", "nowhere"], "descriptionKeys": ["d"]}
    ] == orjson.loads(found["entity_refs"])


def _shapes() -> list[KeyValue]:
    kvlist = KeyValueList(values=[KeyValue(key="k", value=AnyValue(bytes_value=b"\x00"))])
    mixed = ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="a"), AnyValue(kvlist_value=kvlist)])
    return [
        KeyValue(key="empty", value=AnyValue()),
        KeyValue(key="missing"),
        KeyValue(key="bytes", value=AnyValue(bytes_value=b"\xff\xfe")),
        KeyValue(key="mixed", value=AnyValue(array_value=mixed)),
        KeyValue(key="kvlist", value=AnyValue(kvlist_value=kvlist)),
    ]


SHAPES = {
    "empty": None,
    "missing": None,
    "bytes": {"bytesValue": "//4="},
    "mixed": [1, "a", {"k": {"bytesValue": "AA=="}}],
    "kvlist": {"k": {"bytesValue": "AA=="}},
}


@in_both
def test_P04_every_attribute_may_hold_every_shape(decoded: Read) -> None:
    """Empty values, bytes, mixed arrays and kvlists are kept on resource, scope, span, event and link."""
    event, link = Span.Event(attributes=_shapes()), Span.Link(attributes=_shapes())
    request = build.traces(build.span(attributes=_shapes(), events=[event], links=[link]))
    request.resource_spans[0].resource.attributes.extend(_shapes())
    request.resource_spans[0].scope_spans[0].scope.attributes.extend(_shapes())
    found = item(decoded(Signal.TRACES, request))

    assert {"service.name": "tests", **SHAPES} == orjson.loads(found["resource"])
    assert SHAPES == orjson.loads(found["scope_attributes"]) == orjson.loads(found["attributes"])
    assert SHAPES == orjson.loads(found["events"])[0]["attributes"] == orjson.loads(found["links"])[0]["attributes"]


@in_both
def test_P04_points_and_exemplars_may_hold_every_shape(decoded: Read) -> None:
    """The same holds for the attributes of points, exemplars and metrics."""
    metric = build.gauge(build.point(attributes=_shapes(), exemplars=[{"filtered_attributes": _shapes()}]))
    metric.metadata.extend(_shapes())
    found = item(decoded(Signal.METRICS, build.metrics(metric)))

    assert SHAPES == orjson.loads(found["attributes"]) == orjson.loads(found["metadata"])
    assert SHAPES == orjson.loads(found["exemplars"])[0]["filteredAttributes"]


def _crossed() -> list[tuple[Signal, Signal, Any]]:
    metric = build.gauge(build.point(), name="sixteen.letters.")
    metric.description = "8letters"
    requests = {
        Signal.TRACES: build.traces(build.span()),
        Signal.LOGS: build.logs(build.log()),
        Signal.METRICS: build.metrics(metric),
    }
    return [(sent, to, requests[sent]) for sent in Signal for to in Signal if sent is not to]


@pytest.mark.parametrize(("sent", "to", "request_"), _crossed())
def test_D12_row_5_another_signals_request_is_refused_with_the_right_path(
    sent: Signal, to: Signal, request_: Any
) -> None:
    """A request posted to the wrong path is refused, and the answer names the right one."""
    with pytest.raises(Undecodable, match=f"looks like {sent}; send it to {WIRE[sent].path}"):
        read(to, request_)


@pytest.mark.parametrize("body", [b"\xff", b"hello", b'{"resourceSpans":[]}', b"<html>", b"\x0a\xff\xff\xff\xff\x0f"])
def test_R11_row_3_what_is_no_protobuf_is_undecodable(body: bytes) -> None:
    """Garbage, text and JSON are refused as a whole."""
    with pytest.raises(Undecodable, match=f"body of {len(body)} bytes is not a protobuf traces request"):
        _decode(Signal.TRACES, body)


def test_row_4_json_sent_as_protobuf_is_named() -> None:
    """The message names the content type that would fit."""
    with pytest.raises(Undecodable, match="it looks like JSON: send it with Content-Type: application/json"):
        _decode(Signal.TRACES, b'{"resourceSpans":[]}')


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_row_2_a_truncated_body_is_undecodable(cut: int) -> None:
    """A body that lost its end is refused as a whole."""
    with pytest.raises(Undecodable):
        _decode(Signal.TRACES, build.body(Signal.TRACES)[:-cut])


def test_a_body_of_unknown_fields_alone_is_undecodable() -> None:
    """When nothing of a body is known to us, silence would hide the loss."""
    with pytest.raises(Undecodable, match="not a protobuf traces request"):
        _decode(Signal.TRACES, b"\x98\x06\x01")


def test_the_payload_of_a_refused_point_holds_it_alone() -> None:
    """A rejection keeps resource, scope, metric and the one point, ready to be sent again."""
    request = build.metrics(build.gauge(build.point(), build.point(time_unix_nano=0, as_int=77)))
    payload = read(Signal.METRICS, request).rejections[0].payload
    assert payload is not None
    alone = WIRE[Signal.METRICS].request.FromString(payload)
    metric = alone.resource_metrics[0].scope_metrics[0].metrics[0]

    assert ("queue.length", [77]) == (metric.name, [point.as_int for point in metric.gauge.data_points])
    assert request.resource_metrics[0].resource == alone.resource_metrics[0].resource
