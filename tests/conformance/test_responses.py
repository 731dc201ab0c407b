"""Responses: rows R01 to R14 of the conformance table."""

import re
from collections.abc import Mapping

import grpc
import orjson
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import JSON, PROTOBUF, export, post
from tests.support.service import Running

BAD_LOGS = {
    "resourceLogs": [
        {"scopeLogs": [{"logRecords": [{"timeUnixNano": "1"}, {"timeUnixNano": 1.5}, {"timeUnixNano": "2"}]}]}
    ]
}


def test_R01_R02_full_success_is_an_empty_response(shared_service: Running) -> None:
    """Success is 200 with no bytes, `{}`, or an empty gRPC message: partial_success is not there."""
    protobuf = post(shared_service, "/v1/traces", build.body(Signal.TRACES))
    json = post(shared_service, "/v1/traces", b"{}", JSON)
    called = export(shared_service, Signal.TRACES, build.body(Signal.TRACES))

    assert (protobuf.status, protobuf.headers["content-length"], protobuf.body) == (200, "0", b"")
    assert (json.status, json.body) == (200, b"{}")
    assert (called.code, called.body) == (grpc.StatusCode.OK, b"")


@pytest.mark.parametrize("signal", Signal)
def test_R03_a_request_without_telemetry_succeeds(shared_service: Running, signal: Signal) -> None:
    """Nothing at all is a valid request in every form."""
    path = WIRE[signal].path
    none = orjson.dumps({WIRE[signal].envelope_key: []})

    assert post(shared_service, path, b"").status == 200
    assert post(shared_service, path, b"{}", JSON).status == 200
    assert post(shared_service, path, none, JSON).status == 200
    assert export(shared_service, signal, b"").code is grpc.StatusCode.OK


@pytest.mark.parametrize("signal", Signal)
def test_R04_empty_envelopes_store_nothing(shared_service: Running, signal: Signal) -> None:
    """A resource without scopes and a scope without items succeed."""
    before = shared_service.count(signal)

    for body in (b"\x0a\x00", b"\x0a\x02\x12\x00"):
        assert post(shared_service, WIRE[signal].path, body).status == 200
    assert shared_service.count(signal) == before


def test_R05_an_empty_json_body_is_not_json(shared_service: Running) -> None:
    """No bytes are valid protobuf, and not valid JSON."""
    assert post(shared_service, "/v1/traces", b"", JSON).status == 400
    assert post(shared_service, "/v1/traces", b"", PROTOBUF).status == 200


def test_R06_R10_bad_items_are_counted_and_the_rest_is_kept(shared_service: Running) -> None:
    """One bad item of three is counted; the other two are stored; JSON writes the count as text."""
    for signal, field in ((Signal.TRACES, "rejected_spans"), (Signal.METRICS, "rejected_data_points")):
        before = shared_service.count(signal)
        response = WIRE[signal].response
        over_http = response.FromString(
            post(shared_service, WIRE[signal].path, build.with_bad(signal, good=2, bad=1)).body
        )
        over_grpc = response.FromString(export(shared_service, signal, build.with_bad(signal, good=2, bad=1)).body)

        assert getattr(over_http.partial_success, field) == 1
        assert getattr(over_grpc.partial_success, field) == 1
        assert shared_service.count(signal) == before + 4

    before = shared_service.count(Signal.LOGS)
    reply = orjson.loads(post(shared_service, "/v1/logs", orjson.dumps(BAD_LOGS), JSON).body)

    assert reply["partialSuccess"]["rejectedLogRecords"] == "1"
    assert shared_service.count(Signal.LOGS) == before + 2


def test_R07_metrics_count_points(shared_service: Running) -> None:
    """Two bad points of one metric count as two."""
    body = build.with_bad(Signal.METRICS, good=3, bad=2)
    response = WIRE[Signal.METRICS].response.FromString(post(shared_service, "/v1/metrics", body).body)

    assert response.partial_success.rejected_data_points == 2


def test_R08_the_message_says_what_and_where(shared_service: Running) -> None:
    """The message names the place and the fault."""
    request = build.traces(build.span(), build.span(), build.span(trace_id=b"12345678"))
    body = post(shared_service, "/v1/traces", request.SerializeToString()).body
    response = WIRE[Signal.TRACES].response.FromString(body)

    told = response.partial_success.error_message
    assert told == "resourceSpans[0].scopeSpans[0].spans[2]: trace_id has 8 bytes, need 16"


def test_R09_a_warning_has_a_message_and_no_count_once_a_minute(service: Running) -> None:
    """A key in snake_case is warned of the first time, and not again for a minute."""
    body = orjson.dumps({"resourceSpans": [], "resource_spans": []})

    first = orjson.loads(post(service, "/v1/traces", body, JSON).body)
    second = post(service, "/v1/traces", body, JSON).body

    assert "resource_spans" in first["partialSuccess"]["errorMessage"]
    assert "rejectedSpans" not in first["partialSuccess"]
    assert second == b"{}"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"\xff", PROTOBUF),
        (b"hello", PROTOBUF),
        (b'{"resourceSpans":[]}', PROTOBUF),
        (b"1234", JSON),
        (b"{", JSON),
        (b"garbage", JSON),
    ],
)
def test_R11_undecodable_bodies_are_400_with_details(
    shared_service: Running, body: bytes, headers: Mapping[str, str]
) -> None:
    """Garbage gets 400, a Status, and a BadRequest detail."""
    reply = post(shared_service, "/v1/traces", body, headers)

    assert reply.status == 400
    assert reply.error.code == 3
    assert reply.error.message
    if headers is PROTOBUF:
        detail = BadRequest()
        assert reply.error.details[0].Unpack(detail)
        assert detail.field_violations[0].description == reply.error.message
    else:
        assert orjson.loads(reply.body)["details"][0]["@type"].endswith("google.rpc.BadRequest")


def test_R12_a_request_of_which_nothing_is_kept_is_refused(shared_service: Running) -> None:
    """When every item is bad the client hears of it, for it may not look at partial_success."""
    body = build.with_bad(Signal.TRACES, good=0, bad=2)

    reply = post(shared_service, "/v1/traces", body)
    called = export(shared_service, Signal.TRACES, build.with_bad(Signal.TRACES, good=0, bad=2))

    assert (reply.status, reply.error.code) == (400, 3)
    assert "spans[1]" in reply.error.message
    assert called.code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
def test_R13_every_error_is_a_status_in_the_requests_encoding(
    shared_service: Running, headers: Mapping[str, str]
) -> None:
    """Each error that a request can meet decodes as google.rpc.Status with the code of its kind."""
    wanted = {
        400: (3, post(shared_service, "/v1/traces", b"\xff{", headers)),
        403: (7, post(shared_service, "/v1/traces", b"", {**headers, "Host": "evil.example"})),
        404: (12, post(shared_service, "/nowhere", b"", headers)),
        415: (3, post(shared_service, "/v1/traces", b"", {**headers, "Content-Encoding": "br"})),
    }

    for status, (code, reply) in wanted.items():
        assert reply.status == status
        assert reply.error.code == code
        assert reply.headers["content-type"] == headers["Content-Type"]
        assert re.match(r"\S", reply.error.message)


def test_R14_data_errors_are_never_5xx(shared_service: Running) -> None:
    """A server error would be sent again and again; bad data never gets one."""
    bodies = [
        b"\xff" * 100,
        b"{" * 100,
        b"\x0a",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x00",
        build.with_bad(Signal.TRACES, good=0, bad=1),
    ]
    for body in bodies:
        for headers in (PROTOBUF, JSON):
            for signal in Signal:
                assert 200 <= post(shared_service, WIRE[signal].path, body, headers).status < 500


def test_R11_grpc_errors_carry_details(shared_service: Running) -> None:
    """The details of a gRPC error say what is wrong with the request."""
    reply = export(shared_service, Signal.TRACES, b"\xff\xff")

    assert reply.code is grpc.StatusCode.INVALID_ARGUMENT
    details = reply.trailers["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    assert Status.FromString(details).details[0].Is(BadRequest.DESCRIPTOR)
