"""Content type: rows C01 to C05 of the conformance table."""

import gzip
from collections.abc import Mapping

import pytest

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import JSON, PROTOBUF, post
from tests.support.otlp import twin_bytes
from tests.support.service import Running


def test_C01_both_encodings_give_the_same_rows(service: Running) -> None:
    """The same span sent as protobuf and as JSON is the same span."""
    request = build.traces(build.span(attributes=build.attributes({"a": 1, "b": 1.0, "c": True, "d": "x"})))

    assert post(service, "/v1/traces", request.SerializeToString()).status == 200
    assert post(service, "/v1/traces", twin_bytes(request), JSON).status == 200
    assert service.count("traces") == 1
    assert service.ledger()[0].duplicate == 1
    assert service.ledger()[0].conflicts == 0


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("APPLICATION/JSON", b"{}"),
        ("application/json; charset=utf-8", b"{}"),
        ("application/x-protobuf; v=1", b""),
        ("Application/X-Protobuf", b""),
    ],
)
def test_C02_media_types_ignore_case_and_parameters(shared_service: Running, media: str, body: bytes) -> None:
    """A media type in another case, or with parameters, is the same media type."""
    assert post(shared_service, "/v1/traces", body, {"Content-Type": media}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/protobuf"},
        {"Content-Type": "application/grpc-web+proto"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)
def test_C03_other_media_types_are_refused_and_never_guessed(
    shared_service: Running, headers: Mapping[str, str]
) -> None:
    """A missing or foreign content type gets 415 in JSON, naming the two that work."""
    reply = post(shared_service, "/v1/traces", b"{}", headers)

    assert reply.status == 415
    assert reply.headers["content-type"] == "application/json"
    assert reply.error.code == 3
    assert "application/x-protobuf" in reply.error.message
    assert "application/json" in reply.error.message


@pytest.mark.parametrize(("headers", "good", "bad"), [(PROTOBUF, b"", b"\xff"), (JSON, b"{}", b"{")])
def test_C04_answers_come_in_the_requests_encoding_without_charset(
    shared_service: Running, headers: Mapping[str, str], good: bytes, bad: bytes
) -> None:
    """Success and errors carry exactly the media type that was sent."""
    wanted = headers["Content-Type"]

    assert post(shared_service, "/v1/logs", good, headers).headers["content-type"] == wanted
    assert post(shared_service, "/v1/logs", bad, headers).headers["content-type"] == wanted
    assert (
        post(shared_service, "/v1/logs", good, {**headers, "Content-Encoding": "br"}).headers["content-type"] == wanted
    )


@pytest.mark.parametrize("accepted", ["gzip", ""])
def test_C05_responses_are_compressed_only_for_those_who_ask(shared_service: Running, accepted: str) -> None:
    """A body is readable in the coding it is marked with; nobody who did not ask gets a coded one."""
    for signal in Signal:
        reply = post(shared_service, WIRE[signal].path, b"{}", {**JSON, "Accept-Encoding": accepted})
        coded = reply.headers.get("content-encoding") == "gzip"

        assert (gzip.decompress(reply.body) if coded else reply.body) == b"{}"
        assert accepted or not coded
