"""Envelopes, traces and names of unusual shape or number: rows 58, 61, 62, 64 and 65."""

import time
from collections.abc import Sequence
from typing import Any

import grpc
import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from derive.names import MOST_IN_HOUR
from schema.signals import WIRE, Signal
from tests.support import build, build_json
from tests.support.api import ask
from tests.support.clients import JSON, PROTOBUF, channel, post, request
from tests.support.neighbours import GOOD, Told, Way, exported, field, kept, mixed, send
from tests.support.otlp import twin
from tests.support.service import Running
from tests.support.wait import until

TRACE = b"t" * 16
LONG = 100_000
BODIES = {
    "missing": None,
    "empty": AnyValue(),
    "empty text": AnyValue(string_value=""),
    "bytes": AnyValue(bytes_value=b"\x00\xff\xfe"),
    "no bytes": AnyValue(bytes_value=b""),
    "kvlist": AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=AnyValue(int_value=1))])),
    "array": AnyValue(array_value=ArrayValue(values=[AnyValue(bool_value=True), AnyValue()])),
    "text that is JSON": AnyValue(string_value='{"k":1}'),
}


def numbered(number: int) -> bytes:
    """Make a span id of a number; 0 is the first of a trace."""
    return (number + 1).to_bytes(8, "big")


def trace(parents: Sequence[int | None], trace_id: bytes = TRACE) -> bytes:
    """Build a trace of spans that follow each other; each names the number of its parent, or None."""
    parts = [b"" if parent is None else numbered(parent) for parent in parents]
    spans = [build.span(trace_id=trace_id, span_id=numbered(n), parent_span_id=p) for n, p in enumerate(parts)]
    return bytes(build.traces(*spans).SerializeToString())


@pytest.mark.parametrize("signal", Signal)
def test_row_58_without_resource_and_scope_the_service_is_unknown(shared_service: Running, signal: Signal) -> None:
    """Items of nobody are kept under a name that says so, over each encoding."""
    outer, middle, inner = build_json.KEYS[signal]
    item = orjson.loads(build_json.ONE[signal]())
    as_json = orjson.dumps({outer: [{middle: [{inner: [item]}]}]})
    as_null = orjson.dumps({outer: [{"resource": None, middle: [{"scope": None, inner: [_like(signal)]}]}]})
    as_protobuf = field(1, field(2, field(2, GOOD[signal]())))

    for way, body in ((Way.JSON, as_json), (Way.JSON, as_null), (Way.HTTP, as_protobuf)):
        sent = send(shared_service, way, signal, body)

        assert sent.told == Told(grpc.StatusCode.OK)
        assert [(row["service_name"], row["scope_name"]) for row in sent.rows] == [("unknown_service", "")]


@pytest.mark.parametrize("value", [{}, {"stringValue": ""}, {"intValue": "7"}, {"boolValue": True}, {"arrayValue": {}}])
def test_row_58_a_service_name_that_is_no_text_is_unknown(shared_service: Running, value: dict[str, Any]) -> None:
    """A service has a name only if that is a text and not empty; the attribute itself stays."""
    body = orjson.loads(build_json.request(Signal.LOGS, build_json.log()))
    body["resourceLogs"][0]["resource"]["attributes"][0]["value"] = value
    sent = send(shared_service, Way.JSON, Signal.LOGS, orjson.dumps(body))

    assert [row["service_name"] for row in sent.rows] == ["unknown_service"]
    assert "service.name" in sent.rows[0]["resource"]


@pytest.mark.parametrize("signal", Signal)
def test_row_58_empty_envelopes_and_empty_names_do_no_harm(shared_service: Running, signal: Signal) -> None:
    """Envelopes around nothing are passed over, and an item may have an empty name."""
    outer, middle, inner = build_json.KEYS[signal]
    empties = [{}, {middle: []}, {middle: [{}]}, {middle: [{inner: []}]}, {"resource": {}}]
    item = _like(signal) | ({} if signal is Signal.LOGS else {"name": None})
    sent = send(
        shared_service, Way.JSON, signal, orjson.dumps({outer: [*empties, {middle: [{inner: [item]}]}, *empties]})
    )

    assert sent.told == Told(grpc.StatusCode.OK)
    assert len(sent.rows) == 1


@pytest.mark.parametrize(
    ("name", "parents"),
    [
        ("child first", [1, None]),
        ("lost parent", [77]),
        ("self", [0]),
        ("cycle", [1, 2, 0]),
        ("several roots", [None, None, None]),
    ],
)
@pytest.mark.parametrize("signal", [Signal.TRACES])
def test_row_61_a_trace_of_any_shape_is_kept(service: Running, signal: Signal, name: str, parents: list[Any]) -> None:
    """A parent may come later, never, from the span itself or from its own child."""
    sent = send(service, Way.HTTP, signal, trace(parents))

    assert sent.told == Told(grpc.StatusCode.OK)
    assert [row["parent_span_id"] for row in sent.rows] == [_hex(parent) for parent in parents], name


def test_row_61_a_trace_of_100000_spans_is_kept_and_read_quickly(service: Running) -> None:
    """One huge trace, ten thousand of it one below the other, is kept whole; asking for one of its spans is quick."""
    chain = [None, *range(9_999), *[0] * (LONG - 10_000)]
    body = trace(chain)
    reply = post(service, "/v1/traces", body)
    began = time.perf_counter()
    found = service.rows("select count(*) as n from spans where trace_id = ?", TRACE.hex())
    one = service.rows("select name from spans where trace_id = ? and span_id = ?", TRACE.hex(), numbered(9_999).hex())

    assert reply.status == 200
    assert found == [{"n": LONG}]
    assert len(one) == 1
    assert time.perf_counter() - began < 5


def test_row_62_twenty_thousand_names_and_services_are_all_kept(service: Running) -> None:
    """However many names, services and keys there are, all rows are stored; the catalog of names has a bound."""
    count = 20_000
    made = WIRE[Signal.TRACES].request()
    for number in range(count):
        envelope = made.resource_spans.add()
        envelope.resource.attributes.extend(build.attributes({"service.name": f"service {number}"}))
        pair = build.attributes({f"key {number}": number})
        envelope.scope_spans.add(spans=[build.span(name=f"name {number}", attributes=pair)])
    reply = post(service, "/v1/traces", made.SerializeToString())
    sql = "select count(distinct name) as names, count(distinct service_name) as services, count(*) as n from spans"

    assert reply.status == 200
    assert service.rows(sql) == [{"names": count, "services": count, "n": count}]
    counted = "select sum(records) as n from names where kind = 'span'"
    until(lambda: service.rows(counted) == [{"n": count}], within_s=60)
    for kind in ("span", "service"):
        found = ask(service, f"/names?kind={kind}&limit=1000")["items"]
        assert found[0]["name"] == "__other__"
        assert len(found) == MOST_IN_HOUR + 1
        assert sum(one["records"] for one in found) == count
    assert len(ask(service, "/spans?name=name%2019999")["items"]) == 1


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("way", Way)
def test_row_64_a_body_of_any_kind_is_kept(shared_service: Running, way: Way, kind: str) -> None:
    """A log record's body may be anything, or nothing, and comes back as the kind it was."""
    item = build.log(body=BODIES[kind]) if kind != "missing" else build.log()
    if kind == "missing":
        item.ClearField("body")
    as_json = orjson.dumps(twin(item)).decode()
    row = kept(send(shared_service, way, Signal.LOGS, mixed(Signal.LOGS, way, item.SerializeToString(), as_json)))

    assert exported(shared_service, Signal.LOGS, row["id"]) == twin(item)
    assert row["repaired"] is None


@pytest.mark.parametrize("severity", [0, 24, 25, 255, (1 << 31) - 1, -1])
@pytest.mark.parametrize("way", Way)
def test_row_64_a_severity_of_any_number_is_kept(shared_service: Running, way: Way, severity: int) -> None:
    """A severity that the specification does not know is kept as it came."""
    item = build.log(severity_number=severity, severity_text="odd")
    as_json = orjson.dumps(twin(item)).decode()
    row = kept(send(shared_service, way, Signal.LOGS, mixed(Signal.LOGS, way, item.SerializeToString(), as_json)))

    assert (row["severity_number"], row["severity_text"], row["repaired"]) == (severity, "odd", None)


@pytest.mark.parametrize(
    "path",
    [
        "/v1development/profiles",
        "/v1/profiles",
        "/v1/events",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ],
)
@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
def test_row_65_unknown_endpoints_are_answered_with_a_status(
    shared_service: Running, path: str, headers: dict[str, str]
) -> None:
    """Profiles and whatever else we do not take get 404, and a Status in the request's encoding."""
    reply = request(shared_service, "POST", path, b"{}", headers)

    assert (reply.status, reply.error.code) == (404, 12)
    assert reply.headers["content-type"] == headers["Content-Type"]


@pytest.mark.parametrize(
    "method",
    [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        f"/{WIRE[Signal.TRACES].service}/Import",
        f"/{WIRE[Signal.TRACES].service}/",
        "/Export",
        "/a/b",
    ],
)
def test_row_65_unknown_calls_are_unimplemented(shared_service: Running, method: str) -> None:
    """A call to a service or method that we do not have costs nothing but itself."""
    with channel(shared_service) as opened:
        call: Any = opened.unary_unary(method)
        with pytest.raises(grpc.RpcError) as told:
            call(b"", timeout=10)

    assert told.value.code() is grpc.StatusCode.UNIMPLEMENTED


def _like(signal: Signal) -> dict[str, Any]:
    item: dict[str, Any] = orjson.loads(build_json.ONE[signal]())
    return item


def _hex(parent: int | None) -> str | None:
    return None if parent is None else numbered(parent).hex()
