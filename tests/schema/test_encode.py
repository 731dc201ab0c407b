"""Rows as OTLP/JSON: what is written decodes into the same rows."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.encode import requests as encoded
from schema.rows import Batch, Row
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.otlp import items, read, read_json, read_twin, twin
from tests.support.strategies import requests

TRACE, SPAN = bytes(range(16)), bytes(range(8))


def _unmarked(batch: Batch) -> list[Row]:
    """Give the rows without the marks of what was mended: they are not sent."""
    return [row[:-1] for row in batch.rows]


def _again(batch: Batch, max_items: int = 512) -> list[Batch]:
    return [read_json(batch.signal, request) for request in encoded(batch.signal, items(batch), max_items=max_items)]


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_decoding_what_was_encoded_gives_the_same_rows(signal: Signal, data: st.DataObject) -> None:
    """Rows of every kind, written and read again, are the same, with the same resources and scopes."""
    batch = read_twin(signal, data.draw(requests[signal]))
    twins = signal is Signal.LOGS and len({row[5:-1] for row in batch.rows}) < len(batch.rows)
    again = _again(batch, 512 if twins else data.draw(st.integers(1, 4)))  # twins are told apart within a request

    assert _unmarked(batch) == [row for one in again for row in _unmarked(one)]
    assert [] == [rejection for one in again for rejection in one.rejections]
    for one in again:
        assert one.resources.items() <= batch.resources.items()
        assert one.scopes.items() <= batch.scopes.items()


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_encoding_is_stable(signal: Signal, data: st.DataObject) -> None:
    """What was written, read and written again is the same text."""
    batch = read_twin(signal, data.draw(requests[signal]))
    once = list(encoded(signal, items(batch)))
    twice = [request for one in _again(batch) for request in encoded(signal, items(one))]

    assert [orjson.dumps(request) for request in once] == [orjson.dumps(request) for request in twice]


def _one(signal: Signal, request: Any) -> Any:
    """Encode a request's rows; give the only resource's envelope."""
    (document,) = encoded(signal, items(read(signal, request)))
    (envelope,) = document[WIRE[signal].envelope_key]
    return envelope


def test_a_span_is_written_in_the_form_of_the_file_exporter() -> None:
    """Integers of 64 bits are strings, ids hexadecimal, enums integers, defaults left out."""
    link = Span.Link(trace_id=TRACE, span_id=b"\x01", flags=0x301)
    span = build.span(
        trace_id=TRACE,
        span_id=SPAN,
        name="chat",
        kind=3,
        start_time_unix_nano=1,
        end_time_unix_nano=2**64 - 1,
        attributes=build.attributes({"i": 5, "d": float("nan"), "b": b"\xff", "s": "x", "t": True}),
        events=[Span.Event(time_unix_nano=7, name="e")],
        links=[link],
        status={"code": 2},
    )

    assert {
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "tests"}}]},
        "scopeSpans": [
            {
                "spans": [
                    {
                        "traceId": TRACE.hex(),
                        "spanId": SPAN.hex(),
                        "name": "chat",
                        "kind": 3,
                        "startTimeUnixNano": "1",
                        "endTimeUnixNano": "18446744073709551615",
                        "attributes": [
                            {"key": "i", "value": {"intValue": "5"}},
                            {"key": "d", "value": {"doubleValue": "NaN"}},
                            {"key": "b", "value": {"bytesValue": "/w=="}},
                            {"key": "s", "value": {"stringValue": "x"}},
                            {"key": "t", "value": {"boolValue": True}},
                        ],
                        "events": [{"timeUnixNano": "7", "name": "e"}],
                        "links": [{"traceId": TRACE.hex(), "spanId": "01", "flags": 0x301}],
                        "status": {"code": 2},
                    }
                ],
            }
        ],
    } == _one(Signal.TRACES, build.traces(span))


@pytest.mark.parametrize("signal", Signal)
def test_what_a_client_sent_is_what_is_written(signal: Signal) -> None:
    """For ordinary telemetry, the request that is written is the twin of the one that came."""
    pairs = build.attributes({"a": "b"})
    sent: dict[Signal, Any] = {
        Signal.TRACES: build.traces(build.span(attributes=pairs), build.span()),
        Signal.LOGS: build.logs(build.log(attributes=pairs), build.log()),
        Signal.METRICS: build.metrics(build.gauge(build.point(attributes=pairs), build.point(as_double=0.5))),
    }

    assert [twin(sent[signal])] == list(encoded(signal, items(read(signal, sent[signal]))))


def test_neighbours_share_their_envelopes() -> None:
    """Items of one resource, scope and metric in a row stand together; the order of items is kept."""
    first, second = build.gauge(build.point(), build.point()), build.gauge(build.point(), name="other")
    batch = read(Signal.METRICS, build.metrics(first, second, service="a"))
    other = read(Signal.METRICS, build.metrics(first, service="b"))
    (request,) = encoded(Signal.METRICS, [*items(batch), *items(other), *items(batch)[:1]])
    shape = [
        [len(metric["gauge"]["dataPoints"]) for metric in envelope["scopeMetrics"][0]["metrics"]]
        for envelope in request["resourceMetrics"]
    ]

    assert [[2, 1], [2], [1]] == shape


def test_requests_hold_no_more_than_they_may() -> None:
    """Seven items at three a request make three requests, each with its envelopes."""
    batch = read(Signal.TRACES, build.traces(*(build.span() for _ in range(7))))

    assert [3, 3, 1] == [len(one.rows) for one in _again(batch, 3)]
    assert _unmarked(batch) == [row for one in _again(batch, 3) for row in _unmarked(one)]


@pytest.mark.parametrize("signal", Signal)
def test_nothing_makes_no_request(signal: Signal) -> None:
    """Without items there is nothing to send."""
    assert [] == list(encoded(signal, []))


def test_512_items_make_one_request_unless_told_otherwise() -> None:
    """The default size of a request is 512 items."""
    batch = read(Signal.TRACES, build.traces(*(build.span() for _ in range(513))))

    assert [512, 1] == [len(one.rows) for one in _again(batch)]


@pytest.mark.parametrize("column", ["time_unix_nano", "observed_time_unix_nano"])
def test_Q01_times_beyond_sqlite_are_restored(column: str) -> None:
    """A time that had to be kept in the notes is written as it came."""
    batch = read(Signal.LOGS, build.logs(build.log(**{"time_unix_nano": 1, column: 2**64 - 1})))

    assert batch.rows == _again(batch)[0].rows


def test_a_time_of_receipt_is_written_as_the_observed_time() -> None:
    """A record that came without a time goes out with the time that it was given."""
    batch = read(Signal.LOGS, build.logs(build.log(time_unix_nano=0)))

    assert _unmarked(batch) == _unmarked(_again(batch)[0])


def test_counts_of_64_bits_are_restored() -> None:
    """A histogram's counts beyond SQLite's integers are written from its data."""
    point = m.HistogramDataPoint(
        time_unix_nano=1, count=2**64 - 1, bucket_counts=[2**64 - 1, 0], explicit_bounds=[0.0], sum=-0.0
    )
    batch = read(Signal.METRICS, build.metrics(m.Metric(histogram=m.Histogram(data_points=[point]))))
    (request,) = encoded(Signal.METRICS, items(batch))
    (metric,) = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]

    assert {"count": "18446744073709551615", "bucketCounts": ["18446744073709551615", "0"]}.items() <= (
        metric["histogram"]["dataPoints"][0].items()
    )
    assert batch.rows == _again(batch)[0].rows
