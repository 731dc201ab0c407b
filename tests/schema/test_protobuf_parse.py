"""Parsing one protobuf message, and measuring a large one before."""

import time

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from core.errors import Undecodable
from schema.envelopes import KINDS
from schema.protobuf_parse import MAX_NODES, MEASURED_FROM, check_flood, count_nodes, parse
from schema.signals import WIRE, Signal
from schema.values import Notes
from tests.support import build
from tests.support.otlp import delimited

ROOT = ExportTraceServiceRequest.DESCRIPTOR.full_name


def test_a_good_message_is_parsed_as_it_is() -> None:
    """Nothing is noted where nothing was mended."""
    notes: Notes = {}
    span = build.span()

    assert (span, {}) == (parse(Span, span.SerializeToString(), notes), notes)


def test_a_message_that_cannot_be_parsed_is_mended() -> None:
    """What had to be mended is noted, beside what was before."""
    notes: Notes = {"mended": ["depth"]}
    span = parse(Span, delimited(5, b"a\xff"), notes)

    assert ("a\ufffd", {"mended": ["depth", "utf8"]}) == (span.name, notes)


def test_a_message_that_cannot_be_mended_is_a_decode_error() -> None:
    """Broken framing is what no mending helps."""
    with pytest.raises(DecodeError):
        parse(Span, b"\x2a\x05x", {})


@pytest.mark.parametrize("extra", [b"\x4a\x00", b"\x5a\x00", b"\x6a\x00"])
def test_row_34_a_flood_of_empty_messages_in_one_is_refused_in_time(extra: bytes) -> None:
    """Megabytes of empty attributes, events or links are refused before they are parsed."""
    started = time.process_time()
    with pytest.raises(Undecodable, match="Span of 4000000 bytes holds more than"):
        parse(Span, extra * 2_000_000, {})

    assert time.process_time() - started < 10


def test_row_34_a_flood_of_packed_numbers_is_refused() -> None:
    """Numbers count less than messages, and count."""
    point = delimited(8, delimited(2, bytes(9 * MAX_NODES)))
    with pytest.raises(Undecodable, match="holds more than 1000000 messages or numbers"):
        parse(Metric, delimited(10, delimited(1, point)), {})


@pytest.mark.parametrize("signal", Signal)
def test_real_messages_are_no_flood(signal: Signal) -> None:
    """A large message of small but real parts passes."""
    body = build.body(signal, 60_000)

    assert len(body) > MEASURED_FROM
    check_flood(WIRE[signal].request.DESCRIPTOR, body)


def test_small_messages_are_not_measured() -> None:
    """Below a megabyte nothing can do harm."""
    assert 500_000 == len(parse(Span, b"\x5a\x00" * 500_000, {}).events)


def test_nodes_are_counted_down_to_the_attributes() -> None:
    """Envelopes, attributes, their values and whatever else is a message each count."""
    body = build.traces(build.span(attributes=build.attributes({"a": 1}), status={"code": 1})).SerializeToString()

    assert 9 == count_nodes(body, ROOT, 100)


@pytest.mark.parametrize("signal", Signal)
def test_every_item_can_be_counted(signal: Signal) -> None:
    """The shapes of all three signals are known."""
    assert 0 == count_nodes(b"", KINDS[signal].item.DESCRIPTOR.full_name, 100)


def test_counting_stops_past_the_budget() -> None:
    """No more is looked at than is needed to refuse."""
    assert 4 == count_nodes(b"\x0a\x00" * 1000, ROOT, 3)


@pytest.mark.parametrize("body", [b"\x0a\x80", b"\x0b\x0c", b"\x0a", b"\xff" * 20, b"\x09\x0d"])
def test_a_malformed_part_is_left_to_the_parser(body: bytes) -> None:
    """Counting never fails."""
    assert count_nodes(body, ROOT, 100) >= 0
