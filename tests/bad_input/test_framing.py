"""Bytes that are not the message they claim to be: rows 1 to 9."""

import random
from itertools import permutations
from typing import Any

import grpc
import orjson
import pytest

from schema.signals import WIRE, Signal
from tests.support import build, build_json
from tests.support.clients import JSON, post
from tests.support.neighbours import (
    GOOD,
    ITEMS,
    PROTOBUF_WAYS,
    Told,
    Way,
    among,
    field,
    kept,
    refused_whole,
    send,
    varint,
)
from tests.support.service import Running

EMPTY = {Way.GRPC: b"", Way.HTTP: b"", Way.JSON: b"{}"}
PAIRS = list(permutations(Signal, 2))
JUNK = {
    "random": random.Random(3).randbytes(300),
    "ones": b"\xff" * 50,
    "html": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "text": b"hello, is this the collector?",
    "image": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}
UNKNOWN = {
    "bytes": field(99, b"from the future"),
    "number": varint(99 << 3) + b"\x05",
    "fixed": varint(99 << 3 | 1) + bytes(8),
    "group": varint(99 << 3 | 3) + b"\x08\x01" + varint(99 << 3 | 4),
}
WRONG_TYPES = {
    Signal.TRACES: varint(5 << 3) + b"\x07" + varint(6 << 3 | 2) + b"\x01x",
    Signal.LOGS: varint(5 << 3) + b"\x07" + varint(2 << 3 | 1) + bytes(8),
    Signal.METRICS: varint(3 << 3) + b"\x07" + varint(2 << 3 | 5) + bytes(4),
}
"""Fields that exist, with wire types that they do not have."""
BROKEN_TAILS = {
    "zero byte": b"\x00",
    "field 0": b"\x02\x00",
    "open group": b"\x0b",
    "stray end of group": b"\x0c",
    "huge length": b"\x0a\xff\xff\xff\xff\x0f",
    "endless number": b"\x08" + b"\xff" * 11,
}


def everywhere(extra: bytes) -> bytes:
    """Build a traces request with one good span and the same extra field in each of its messages."""
    value = field(2, field(1, b"v") + extra)
    attribute = field(1, b"k") + value + extra
    item = GOOD[Signal.TRACES]() + field(9, attribute) + extra
    scoped = field(1, field(1, b"scope") + extra) + field(2, item) + extra
    return field(1, field(1, field(1, attribute) + extra) + field(2, scoped) + extra) + extra


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_01_an_empty_request_succeeds_and_stores_nothing(shared_service: Running, way: Way, signal: Signal) -> None:
    """A request without telemetry is a full success of nothing."""
    sent = send(shared_service, way, signal, EMPTY[way])

    assert sent.told == Told(grpc.StatusCode.OK)
    assert sent.rows == sent.refused == []


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_02_a_cut_body_is_refused_wherever_it_is_cut(shared_service: Running, way: Way, signal: Signal) -> None:
    """No part of a request that was cut off is taken for the whole, and what came is kept."""
    whole = build_json.request(signal, build_json.ONE[signal]()) if way is Way.JSON else build.body(signal, 3)

    for end in range(len(whole) - 1, 60, -17):
        found = refused_whole(send(shared_service, way, signal, whole[:end]))

        assert (found["reason"], found["payload"]) == ("undecodable", whole[:end])


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_03_what_is_no_message_at_all_is_refused(
    shared_service: Running, way: Way, signal: Signal, junk: str
) -> None:
    """Noise, a web page and plain text are refused; a web page is recognised."""
    sent = send(shared_service, way, signal, JUNK[junk] + way.encode())

    assert refused_whole(sent)["reason"] == "undecodable"
    assert ("HTML" in sent.told.message) is (junk == "html")


@pytest.mark.parametrize("signal", Signal)
def test_row_04_a_body_of_the_other_encoding_is_named(shared_service: Running, signal: Signal) -> None:
    """JSON that claims to be protobuf, and the reverse, are told apart in words."""
    for way in Way:
        as_json = build_json.request(signal, build_json.ONE[signal]())
        sent = send(shared_service, way, signal, build.body(signal) if way is Way.JSON else as_json)
        hint = "application/x-protobuf" if way is Way.JSON else "application/json"
        refused_whole(sent)

        assert hint in sent.told.message


@pytest.mark.parametrize(("meant", "posted"), PAIRS)
@pytest.mark.parametrize("way", Way)
def test_row_05_another_signals_request_is_refused_with_the_right_path(
    shared_service: Running, way: Way, meant: Signal, posted: Signal
) -> None:
    """A request of one signal at another's endpoint is refused, and the answer says where it belongs."""
    items = [build_json.ONE[meant]() for _ in range(3)]
    body = build_json.request(meant, *items) if way is Way.JSON else build.body(meant, 3)
    sent = send(shared_service, way, posted, body)
    refused_whole(sent)

    assert WIRE[meant].path in sent.told.message


def test_row_05_a_body_with_two_signals_keeps_one_and_warns(service: Running) -> None:
    """Spans are kept from a body that also holds log records, which are not lost without a word."""
    body = orjson.loads(build_json.request(Signal.TRACES, build_json.span()))
    body |= orjson.loads(build_json.request(Signal.LOGS, build_json.log()))
    sent = send(service, Way.JSON, Signal.TRACES, orjson.dumps(body))

    assert (sent.told.code, sent.told.rejected, len(sent.rows)) == (grpc.StatusCode.OK, 0, 1)
    assert "resourceLogs" in sent.told.message


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_06_unknown_fields_are_ignored(shared_service: Running, way: Way, signal: Signal, unknown: str) -> None:
    """A field from a later version of OTLP, of any wire type, does no harm."""
    kept(send(shared_service, way, signal, among(signal, GOOD[signal]() + UNKNOWN[unknown])))


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_row_06_unknown_fields_are_ignored_in_every_message(shared_service: Running, unknown: str) -> None:
    """From the request down to the value of an attribute, each message may have a field that nobody knows."""
    sent = send(shared_service, Way.HTTP, Signal.TRACES, everywhere(UNKNOWN[unknown]))

    assert sent.told == Told(grpc.StatusCode.OK)
    assert (len(sent.rows), sent.rows[0]["attributes"], sent.rows[0]["repaired"]) == (1, '{"k":"v"}', None)


@pytest.mark.parametrize("signal", Signal)
def test_row_06_unknown_keys_are_ignored_in_json(shared_service: Running, signal: Signal) -> None:
    """A key that nobody knows does no harm, whatever stands under it, at any level."""
    item = orjson.loads(build_json.ONE[signal]())
    body = orjson.loads(build_json.request(signal, orjson.dumps(_with_unknown(item)).decode()))
    sent = send(shared_service, Way.JSON, signal, orjson.dumps(_with_unknown(body)))

    assert sent.told == Told(grpc.StatusCode.OK)
    assert (len(sent.rows), sent.rows[0]["repaired"]) == (1, None)


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_07_a_field_of_a_wrong_wire_type_counts_as_unknown(
    shared_service: Running, way: Way, signal: Signal
) -> None:
    """A known field in a wire type that it does not have is passed over, and the item kept."""
    kept(send(shared_service, way, signal, among(signal, GOOD[signal]() + WRONG_TYPES[signal])))


@pytest.mark.xfail(reason="the protobuf library passes over such fields without saying so", strict=True)
def test_row_07_a_field_of_a_wrong_wire_type_is_counted(service: Running) -> None:
    """A sender whose fields had to be passed over is seen in the counters."""
    body = among(Signal.TRACES, GOOD[Signal.TRACES]() + WRONG_TYPES[Signal.TRACES])
    assert send(service, Way.HTTP, Signal.TRACES, body).told.code is grpc.StatusCode.OK
    counted = service.service.counters.registry.get_sample_value(
        "spanledger_requests_warned_total", {"signal": "traces", "transport": "http"}
    )

    assert counted == 1


@pytest.mark.parametrize("tail", BROKEN_TAILS)
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_08_broken_framing_is_refused(shared_service: Running, way: Way, signal: Signal, tail: str) -> None:
    """A body whose end is no field at all is refused, however good its beginning."""
    refused_whole(send(shared_service, way, signal, build.body(signal, ITEMS) + BROKEN_TAILS[tail]))


@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_09_of_a_value_given_twice_the_last_counts(shared_service: Running, way: Way) -> None:
    """An attribute that is first text and then a number is the number."""
    twice = field(9, field(1, b"k") + field(2, field(1, b"text") + varint(3 << 3) + b"\x05"))
    row = kept(send(shared_service, way, Signal.TRACES, among(Signal.TRACES, GOOD[Signal.TRACES]() + twice)))

    assert row["attributes"] == '{"k":5}'


def test_row_01_no_bytes_are_not_json(shared_service: Running) -> None:
    """An empty body is valid protobuf and not valid JSON (otlp.md R05)."""
    assert post(shared_service, "/v1/traces", b"", JSON).status == 400


def _with_unknown(node: Any) -> Any:
    """Add a key that nobody knows to every object of a JSON text."""
    if isinstance(node, list):
        return [_with_unknown(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {key: _with_unknown(inner) for key, inner in node.items()} | {"x": {"y": [1, None, {"z": "…"}]}}
