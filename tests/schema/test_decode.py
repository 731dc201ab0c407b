"""Decoding as a whole: two encodings, one result; nothing escapes but what was agreed."""

import time
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, reject
from hypothesis import strategies as st

from core.errors import TooLarge, Undecodable
from schema.decode import MAX_MESSAGE_CHARS, decode, fingerprint, message
from schema.rows import Batch, Rejection
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.otlp import RECEIVED_AT, Read, delimited, in_both, read, read_json, read_twin, twin_bytes
from tests.support.strategies import requests

ENCODINGS = ("protobuf", "json")


def _body(encoding: str, request: Message) -> bytes:
    return bytes(request.SerializeToString()) if encoding == "protobuf" else twin_bytes(request)


def _whole(batch: Batch) -> tuple[Any, ...]:
    told = [(rejection.position, rejection.reason, rejection.message) for rejection in batch.rejections]
    return batch.rows, batch.resources, batch.scopes, told, batch.warnings


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_C01_the_same_data_in_both_encodings_gives_identical_rows(signal: Signal, data: st.DataObject) -> None:
    """A request and its JSON twin decode into the same rows, resources, scopes, rejections and warnings."""
    request = data.draw(requests[signal])
    try:
        expected = read(signal, request)
    except Undecodable:  # protobuf alone can be taken for another signal's
        reject()

    assert _whole(expected) == _whole(read_twin(signal, request))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_damaged_bytes_decode_or_are_refused(signal: Signal, encoding: str, data: st.DataObject) -> None:
    """Whatever bytes are flipped or missing, a body is decoded or refused as Undecodable or TooLarge."""
    body = bytearray(_BODIES[encoding, signal])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for damaged in (bytes(body), bytes(body[:cut]), bytes(body[cut:])):
        with suppress(Undecodable, TooLarge):
            batch = decode(signal, encoding, damaged, transport="http", received_at=RECEIVED_AT)

            assert batch.received == len(batch.rows) + batch.rejected


def _sample(signal: Signal) -> Message:
    """Make a request that has a field of nearly every kind."""
    return {
        Signal.TRACES: build.traces(
            build.span(
                attributes=build.attributes({"text": "ü\0", "int": -5, "double": 0.1, "bool": True, "bytes": b"\xff"}),
                events=[{"name": "e", "time_unix_nano": 2**64 - 1, "attributes": build.attributes({"a": "b"})}],
                links=[{"trace_id": b"x" * 16, "span_id": b"y" * 8, "flags": 0x301}],
                status={"code": 2, "message": "boom"},
            ),
            build.span(trace_id=b"short"),
        ),
        Signal.LOGS: build.logs(build.log(attributes=build.attributes({"event.name": "e"})), build.log(span_id=b"1")),
        Signal.METRICS: build.metrics(
            build.gauge(build.point(), build.point(as_double=float("nan")), build.point(time_unix_nano=0))
        ),
    }[signal]


_BODIES = {(encoding, signal): _body(encoding, _sample(signal)) for encoding in ENCODINGS for signal in Signal}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", Signal)
@given(body=st.binary(max_size=200))
def test_R11_random_bytes_decode_or_are_refused(signal: Signal, encoding: str, body: bytes) -> None:
    """No bytes make the decoder fail in a way that was not agreed."""
    with suppress(Undecodable, TooLarge):
        decode(signal, encoding, body, transport="http", received_at=RECEIVED_AT)


@in_both
@given(bad=st.lists(st.booleans(), min_size=1, max_size=12))
def test_R06_a_bad_item_never_costs_its_neighbours(decoded: Read, bad: list[bool]) -> None:
    """Of good and bad spans in any order, exactly the good ones become rows."""
    made = [build.span(trace_id=b"x" * 15) if odd else build.span() for odd in bad]
    batch = decoded(Signal.TRACES, build.traces(*made))
    kept = [span.span_id.hex() for span, odd in zip(made, bad, strict=True) if not odd]

    assert kept == [row[4] for row in batch.rows]
    assert sum(bad) == batch.rejected


@in_both
def test_R07_metrics_count_points(decoded: Read) -> None:
    """Of five points two are refused, and two is what is counted."""
    points = [build.point(time_unix_nano=0 if number in (1, 3) else 5) for number in range(5)]
    batch = decoded(Signal.METRICS, build.metrics(build.gauge(*points)))

    assert (3, 2) == (len(batch.rows), batch.rejected)


@in_both
def test_R08_a_refusal_says_where_and_why(decoded: Read) -> None:
    """The message names the item's place in the request and what is wrong with it."""
    batch = decoded(Signal.TRACES, build.traces(build.span(), build.span(trace_id=bytes(range(8)))))

    assert batch.message == "resourceSpans[0].scopeSpans[0].spans[1]: trace_id has 8 bytes, need 16"


@in_both
@pytest.mark.parametrize("signal", Signal)
def test_R03_a_request_without_telemetry_succeeds(signal: Signal, decoded: Read) -> None:
    """An empty request decodes into nothing, without a complaint."""
    batch = decoded(signal, WIRE[signal].request())

    assert (0, [], "") == (batch.received, batch.warnings, batch.message)


@in_both
def test_R04_empty_envelopes_hold_no_items(decoded: Read) -> None:
    """A resource without scopes and a scope without spans succeed."""
    request = WIRE[Signal.TRACES].request()
    request.resource_spans.add()
    request.resource_spans.add().scope_spans.add()

    assert (0, "") == (decoded(Signal.TRACES, request).received, decoded(Signal.TRACES, request).message)


@in_both
def test_the_fingerprint_is_of_signal_and_body(decoded: Read) -> None:
    """Equal bytes have one fingerprint, another signal another."""
    request = build.traces(build.span())

    assert decoded(Signal.TRACES, request).fingerprint == decoded(Signal.TRACES, request).fingerprint
    assert fingerprint(Signal.TRACES, b"") != fingerprint(Signal.LOGS, b"")


@in_both
def test_I04_records_without_any_time_have_no_fingerprint(decoded: Read) -> None:
    """Equal bytes may be two different records when they carry no time, so they are not taken for a repeat."""
    with_time, without = build.log(), build.log(time_unix_nano=0)

    assert decoded(Signal.LOGS, build.logs(with_time)).fingerprint is not None
    assert decoded(Signal.LOGS, build.logs(with_time, without)).fingerprint is None


def test_Z11_a_message_is_short() -> None:
    """However much is refused, the message has at most a thousand characters and says how many more there are."""
    batch = Batch(Signal.TRACES, "json", "http", 1, 1)
    batch.rejections = [Rejection("here", "odd", "here: odd")] * 500

    assert message(batch).endswith("and 490 more")

    batch.rejections = [Rejection("here", "odd", "x" * 5000)]

    assert len(message(batch)) == MAX_MESSAGE_CHARS


@in_both
def test_what_was_mended_is_told_as_a_warning(decoded: Read) -> None:
    """Items kept with repairs are counted and named in one sentence."""
    odd = build.span(parent_span_id=b"odd")
    batch = decoded(Signal.TRACES, build.traces(build.span(), odd))

    assert ["1 of 2 items kept with repairs: parent_span_id"] == batch.warnings


@in_both
def test_a_log_without_a_time_is_no_cause_for_a_warning(decoded: Read) -> None:
    """Senders that leave the time to the collector are not told off."""
    batch = decoded(Signal.LOGS, build.logs(build.log(time_unix_nano=0)))

    assert [] == batch.warnings


def test_row_35_more_than_200_000_items_are_too_large() -> None:
    """A request over the item cap is refused as too large, whatever its encoding."""
    spans = delimited(2, b"\x2a\x10a name with words") * 200_001
    started = time.process_time()
    with pytest.raises(TooLarge, match="more than 200000 items"):
        decode(Signal.TRACES, "protobuf", delimited(1, delimited(2, spans)), transport="http", received_at=1)
    with pytest.raises(TooLarge, match="200001 items"):
        read_json(Signal.TRACES, {"resourceSpans": [{"scopeSpans": [{"spans": [{}] * 200_001}]}]})

    assert time.process_time() - started < 5
