"""Values that are too many, too deep, not finite or out of range: rows 35, 36, 41 to 43 and 54."""

import math
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import Signal
from tests.support import build
from tests.support.build_json import attribute, log, metric, point, span
from tests.support.neighbours import (
    GOOD,
    PROTOBUF_WAYS,
    Way,
    among,
    exported,
    field,
    kept,
    mixed,
    repairs,
    send,
)
from tests.support.service import Running

ATTRIBUTES = {Signal.TRACES: 9, Signal.LOGS: 6}
TOO_DEEP = "[too deep]"
BEYOND = [1 << 63, (1 << 64) - 1]
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0.0": -0.0}


def arrays(depth: int) -> bytes:
    """Write an AnyValue of arrays in arrays."""
    value = field(1, b"core")
    for _ in range(depth):
        value = field(5, field(1, value))
    return value


def kvlists(depth: int) -> bytes:
    """Write an AnyValue of kvlists in kvlists."""
    value = field(1, b"core")
    for _ in range(depth):
        value = field(6, field(1, field(1, b"k") + field(2, value)))
    return value


def arrays_json(depth: int) -> Any:
    """Write the same arrays as JSON."""
    value: Any = {"stringValue": "core"}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    return value


def kvlists_json(depth: int) -> Any:
    """Write the same kvlists as JSON."""
    value: Any = {"stringValue": "core"}
    for _ in range(depth):
        value = {"kvlistValue": {"values": [attribute("k", value)]}}
    return value


NESTED: dict[str, tuple[Callable[[int], bytes], Callable[[int], Any], int, int]] = {
    "arrays": (arrays, arrays_json, 47, 49),
    "kvlists": (kvlists, kvlists_json, 31, 33),
}
"""How to write them, how many are kept everywhere, and how many at the top of an item."""
PLACES: dict[str, tuple[Signal, Callable[[bytes], bytes], Callable[[Any], str]]] = {
    "span": (Signal.TRACES, lambda pair: GOOD[Signal.TRACES]() + field(9, pair), lambda pair: span(attributes=[pair])),
    "event": (
        Signal.TRACES,
        lambda pair: GOOD[Signal.TRACES]() + field(11, field(3, pair)),
        lambda pair: span(events=[{"attributes": [pair]}]),
    ),
    "link": (
        Signal.TRACES,
        lambda pair: GOOD[Signal.TRACES]() + field(13, field(4, pair)),
        lambda pair: span(links=[{"attributes": [pair]}]),
    ),
    "log": (Signal.LOGS, lambda pair: GOOD[Signal.LOGS]() + field(6, pair), lambda pair: log(attributes=[pair])),
    "point": (
        Signal.METRICS,
        lambda pair: field(1, b"m") + field(5, field(1, build.point().SerializeToString() + field(7, pair))),
        lambda pair: metric("gauge", point(attributes=[pair])),
    ),
    "exemplar": (
        Signal.METRICS,
        lambda pair: field(1, b"m") + field(5, field(1, build.point().SerializeToString() + field(5, field(7, pair)))),
        lambda pair: metric("gauge", point(exemplars=[{"filteredAttributes": [pair]}])),
    ),
}
COLUMN = {"event": "events", "link": "links", "exemplar": "exemplars"}


@pytest.mark.parametrize("signal", ATTRIBUTES)
@pytest.mark.parametrize("way", Way)
def test_row_35_attributes_over_a_thousand_are_dropped_and_counted(
    shared_service: Running, way: Way, signal: Signal
) -> None:
    """The first thousand attributes are kept; how many were not is added to what the sender dropped itself."""
    pairs = {f"key.{number}": number for number in range(1024)}
    extra = b"".join(field(ATTRIBUTES[signal], pair.SerializeToString()) for pair in build.attributes(pairs))
    dropped = {Signal.TRACES: b"\x50\x05", Signal.LOGS: b"\x38\x05"}[signal]
    fields = {"attributes": [attribute(key, {"intValue": value}) for key, value in pairs.items()]}
    as_json = (span if signal is Signal.TRACES else log)(droppedAttributesCount=5, **fields)
    row = kept(send(shared_service, way, signal, mixed(signal, way, GOOD[signal]() + extra + dropped, as_json)))

    assert orjson.loads(row["attributes"]) == {f"key.{number}": number for number in range(1000)}
    assert row["dropped_attributes_count"] == 5 + 24
    assert repairs(row) == {"attributesOverLimit": 24}


@pytest.mark.parametrize("way", Way)
def test_row_35_events_and_links_are_all_kept(shared_service: Running, way: Way) -> None:
    """A span with a thousand events and a thousand links keeps every one of them, in order."""
    bad = build.span(
        events=[Span.Event(time_unix_nano=number, name=f"event {number}") for number in range(1, 1001)],
        links=[Span.Link(trace_id=bytes(15) + b"\x01", span_id=number.to_bytes(8, "big")) for number in range(1, 1001)],
    )
    events = [{"timeUnixNano": str(number), "name": f"event {number}"} for number in range(1, 1001)]
    links = [{"traceId": f"{1:032x}", "spanId": f"{number:016x}"} for number in range(1, 1001)]
    body = mixed(Signal.TRACES, way, bad.SerializeToString(), span(events=events, links=links))
    row = kept(send(shared_service, way, Signal.TRACES, body))

    assert [event["name"] for event in orjson.loads(row["events"])] == [f"event {number}" for number in range(1, 1001)]
    assert [int(link["spanId"], 16) for link in orjson.loads(row["links"])] == list(range(1, 1001))
    assert (row["dropped_events_count"], row["dropped_links_count"], row["repaired"]) == (0, 0, None)


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("way", Way)
def test_row_36_values_at_the_limit_of_depth_are_kept_as_they_are(shared_service: Running, way: Way, kind: str) -> None:
    """47 arrays or 31 kvlists inside each other are no reason to touch anything."""
    write, write_json, depth, _ = NESTED[kind]
    pair = field(1, b"k") + field(2, write(depth))
    bad = GOOD[Signal.TRACES]() + field(9, pair)
    body = mixed(Signal.TRACES, way, bad, span(attributes=[attribute("k", write_json(depth))]))
    row = kept(send(shared_service, way, Signal.TRACES, body))

    assert "core" in row["attributes"]
    assert row["repaired"] is None


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("way", Way)
def test_row_36_what_is_nested_too_deep_is_replaced(shared_service: Running, way: Way, kind: str, place: str) -> None:
    """Beyond the limit the rest of the value is replaced by a word, and everything around it is kept."""
    write, write_json, _, limit = NESTED[kind]
    signal, around, around_json = PLACES[place]
    for depth in (limit + 1, 200):
        pair = field(1, b"k") + field(2, write(depth))
        body = mixed(signal, way, around(pair), around_json(attribute("k", write_json(depth))))
        row = kept(send(shared_service, way, signal, body))

        assert TOO_DEEP in row[COLUMN.get(place, "attributes")]
        assert repairs(row) == {"mended": ["depth"]}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("way", Way)
def test_row_36_a_body_that_is_nested_too_deep_is_replaced(shared_service: Running, way: Way, kind: str) -> None:
    """The body of a log record is a value like any other."""
    write, write_json, *_ = NESTED[kind]
    body = mixed(Signal.LOGS, way, GOOD[Signal.LOGS]() + field(5, write(200)), log(body=write_json(200)))
    row = kept(send(shared_service, way, Signal.LOGS, body))

    assert TOO_DEEP in row["body"]
    assert repairs(row) == {"mended": ["depth"]}


@pytest.mark.parametrize("depth", [2_000, 10_000])
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_36_no_depth_breaks_the_mending(shared_service: Running, way: Way, depth: int) -> None:
    """However deep a value is nested, its item is kept without the rest of it."""
    pair = field(1, b"k") + field(2, arrays(depth))
    row = kept(send(shared_service, way, Signal.TRACES, among(Signal.TRACES, GOOD[Signal.TRACES]() + field(9, pair))))

    assert repairs(row) == {"mended": ["depth"]}


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("way", Way)
def test_row_41_doubles_that_are_not_finite_come_back(shared_service: Running, way: Way, name: str) -> None:
    """NaN, the infinities and minus zero are returned exactly, alone and inside an array."""
    value = SPECIAL[name]
    array = AnyValue()
    array.array_value.values.add(double_value=value)
    pairs = [KeyValue(key="alone", value=AnyValue(double_value=value)), KeyValue(key="inside", value=array)]
    said = "-0.0" if value == 0 else name
    alone = {"doubleValue": said}
    fields = [attribute("alone", alone), attribute("inside", {"arrayValue": {"values": [alone]}})]
    bad = build.span(attributes=pairs).SerializeToString()
    row = kept(send(shared_service, way, Signal.TRACES, mixed(Signal.TRACES, way, bad, span(attributes=fields))))
    told = {pair["key"]: pair["value"] for pair in exported(shared_service, Signal.TRACES, row["id"])["attributes"]}

    assert same(told["alone"]["doubleValue"], value)
    assert same(told["inside"]["arrayValue"]["values"][0]["doubleValue"], value)
    assert row["repaired"] is None


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("way", Way)
def test_row_41_points_that_are_not_finite_come_back(shared_service: Running, way: Way, name: str) -> None:
    """The same holds for what a metric measured, where SQLite itself has no NaN."""
    value = SPECIAL[name]
    bad = build.gauge(build.point(as_int=0, as_double=value)).SerializeToString()
    said = "-0.0" if value == 0 else name
    body = mixed(Signal.METRICS, way, bad, metric("gauge", point(asInt=None, asDouble=said)))
    row = kept(send(shared_service, way, Signal.METRICS, body))

    assert same(exported(shared_service, Signal.METRICS, row["id"])["asDouble"], value)
    assert row["repaired"] is None


@pytest.mark.parametrize("time", BEYOND)
@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_42_times_beyond_sqlites_integers_are_kept_and_marked(
    shared_service: Running, way: Way, signal: Signal, time: int
) -> None:
    """A legal time that the database cannot hold is empty there, written out beside it, and exported as it came."""
    bad, as_json = {
        Signal.TRACES: (build.span(end_time_unix_nano=time), span(endTimeUnixNano=str(time))),
        Signal.LOGS: (build.log(time_unix_nano=time), log(timeUnixNano=str(time))),
        Signal.METRICS: (
            build.gauge(build.point(time_unix_nano=time), name=f"late.{way}"),
            metric("gauge", point(timeUnixNano=str(time)), name=f"late.{way}"),
        ),
    }[signal]
    row = kept(send(shared_service, way, signal, mixed(signal, way, bad.SerializeToString(), as_json)))
    column = "end_time_unix_nano" if signal is Signal.TRACES else "time_unix_nano"
    told = exported(shared_service, signal, row["id"])

    assert row[column] is None
    assert repairs(row) == {column: str(time)}
    assert told["endTimeUnixNano" if signal is Signal.TRACES else "timeUnixNano"] == str(time)


@pytest.mark.parametrize("signal", [Signal.LOGS, Signal.METRICS])
def test_row_42_a_time_that_cannot_be_sorts_by_the_time_of_receipt(shared_service: Running, signal: Signal) -> None:
    """A record from the year 2554 does not stand above all others for ever."""
    late = {
        Signal.LOGS: build.log(time_unix_nano=BEYOND[1]),
        Signal.METRICS: build.gauge(build.point(time_unix_nano=BEYOND[1]), name="late"),
    }[signal]
    row = kept(send(shared_service, Way.HTTP, signal, among(signal, late.SerializeToString())))

    assert row["sort_time"] == row["received_at"]


@pytest.mark.parametrize(
    ("start", "end", "duration"),
    [
        (0, 0, None),
        (0, build.NOW, build.NOW),
        (build.NOW, 0, None),
        (build.NOW, build.NOW, 0),
        (build.NOW, build.NOW - 1, -1),
        (1, 2, 1),
        ((1 << 63) - 2, (1 << 63) - 1, 1),
        ((1 << 63) - 1, 1, 2 - (1 << 63)),
        (1 << 63, 5, None),
        (5, 1 << 63, None),
    ],
)
@pytest.mark.parametrize("way", Way)
def test_row_43_impossible_times_are_kept_as_they_came(
    shared_service: Running, way: Way, start: int, end: int, duration: int | None
) -> None:
    """No time is corrected; a duration is shown only where there is one, and a negative one as negative."""
    bad = build.span(start_time_unix_nano=start, end_time_unix_nano=end).SerializeToString()
    as_json = span(startTimeUnixNano=str(start), endTimeUnixNano=end if end < 1 << 53 else str(end))
    row = kept(send(shared_service, way, Signal.TRACES, mixed(Signal.TRACES, way, bad, as_json)))
    told = exported(shared_service, Signal.TRACES, row["id"])

    assert (int(told.get("startTimeUnixNano", 0)), int(told.get("endTimeUnixNano", 0))) == (start, end)
    assert row["duration_nano"] == duration
    assert abs(row["received_at"] - _now(shared_service)) < 3_600 * 10**9


def same(told: Any, value: float) -> bool:
    """Say whether a number as JSON is the double, NaN and the sign of zero included."""
    found = float(told)
    return (
        math.isnan(found) if math.isnan(value) else (found, math.copysign(1, found)) == (value, math.copysign(1, value))
    )


def _now(service: Running) -> int:
    return service.service.ingest.clock()
