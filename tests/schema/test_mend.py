"""Bodies that the protobuf parser refuses as a whole for one bad part (otlp.md P05, P06)."""

import json
from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from core.errors import Undecodable
from schema.decode import decode
from schema.mend import TOO_DEEP, mend
from schema.rows import Batch
from schema.signals import Signal
from tests.support import build
from tests.support.otlp import RECEIVED_AT, Read, delimited, in_both, items, nested, read, read_json, twin


def _decode(signal: Signal, body: bytes) -> Batch:
    return decode(signal, "protobuf", body, transport="grpc", received_at=RECEIVED_AT)


def _marks(batch: Batch) -> list[str | None]:
    return [row[-1] for row in batch.rows]


def test_P06_row_45_one_bad_string_among_512_spans_costs_nothing() -> None:
    """512 spans with one name that is not UTF-8 become 512 rows; exactly that one is noted."""
    spans = [build.span(name="NAME" if number == 300 else "x") for number in range(512)]
    body = build.traces(*spans).SerializeToString().replace(b"NAME", b"a\xff\xc3b")
    batch = _decode(Signal.TRACES, body)

    assert [None] * 300 + ['{"mended":["utf8"]}'] + [None] * 211 == _marks(batch)
    assert "a\ufffd\ufffdb" == items(batch)[300]["name"]
    assert ["1 of 512 items kept with repairs: mended"] == batch.warnings


@pytest.mark.parametrize("bad", [b"\xff\xff\xff", b"\xed\xa0\x80", b"\xc0\x80x", b"ab\xe2"])
def test_row_45_every_kind_of_bad_utf8_is_repaired(bad: bytes) -> None:
    """Stray bytes, surrogates, overlong forms and cut characters are replaced."""
    span = build.span(attributes=build.attributes({"key": "#" * len(bad)}))
    batch = _decode(Signal.TRACES, build.traces(span).SerializeToString().replace(b"#" * len(bad), bad))

    assert "\ufffd" in orjson.loads(items(batch)[0]["attributes"])["key"]
    assert ['{"mended":["utf8"]}'] == _marks(batch)


def test_P06_a_bad_string_in_the_resource_marks_all_below_it() -> None:
    """What stands above items is mended for all of them, and not for those of another resource."""
    request = build.traces(build.span(), build.span(), service="NAME")
    request.resource_spans.extend(build.traces(build.span()).resource_spans)
    batch = _decode(Signal.TRACES, request.SerializeToString().replace(b"NAME", b"\xff\xff\xff\xff"))

    assert ['{"mended":["utf8"]}', '{"mended":["utf8"]}', None] == _marks(batch)


@pytest.mark.parametrize("signal", [Signal.LOGS, Signal.METRICS])
def test_P06_logs_and_metrics_are_mended_as_well(signal: Signal) -> None:
    """A bad string costs nothing in the other signals either."""
    if signal is Signal.LOGS:
        request: Any = build.logs(build.log(), build.log(severity_text="NAME"))
    else:
        bad = build.point(attributes=build.attributes({"a": "NAME"}))
        request = build.metrics(build.gauge(build.point(), bad))
    batch = _decode(signal, request.SerializeToString().replace(b"NAME", b"\xff\xff\xff\xff"))

    assert [None, '{"mended":["utf8"]}'] == _marks(batch)


@in_both
def test_P05_47_levels_are_kept_as_they_came(decoded: Read) -> None:
    """As deep as the parser goes, nothing is changed."""
    batch = decoded(Signal.TRACES, build.traces(build.span(attributes=[_deep(47)])))

    assert [None] == _marks(batch)
    assert TOO_DEEP not in items(batch)[0]["attributes"]


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
@pytest.mark.parametrize("levels", [48, 200])
def test_P05_row_36_deeper_values_are_cut_and_the_item_is_kept(encoding: str, levels: int) -> None:
    """What is nested too deep is replaced by a word; the item and its neighbours are stored."""
    batch = _too_deep(levels) if encoding == "protobuf" else _too_deep_json(levels)
    found = items(batch)[1]

    assert [None, '{"mended":["depth"]}'] == _marks(batch)
    assert TOO_DEEP in found["attributes"]
    assert 1 == orjson.loads(found["attributes"])["b"]


@pytest.mark.parametrize(
    "body",
    [b"\x0a\x05\x12", b"\x0a\x02\xff", b"\x0b", b"\x0c", b"\x0b\x14", b"\x00\x01", b"\x0e", b"\x09\x01", b"\xff" * 11],
)
def test_broken_framing_is_undecodable(body: bytes) -> None:
    """Lengths past the end, open groups, field 0 and unknown wire types cannot be mended."""
    with pytest.raises(Undecodable, match="is not a protobuf traces request"):
        mend(Signal.TRACES, body)


def test_row_8_a_trailing_zero_byte_is_undecodable() -> None:
    """Field number 0 is no field."""
    with pytest.raises(Undecodable):
        _decode(Signal.TRACES, build.body(Signal.TRACES) + b"\x00")


def test_a_body_without_fault_is_rewritten_as_it_is() -> None:
    """Unknown fields and groups are kept, and nothing is noted."""
    body = build.body(Signal.METRICS) + b"\xc3\x3e\x08\x01\x12\x01x\x0b\x0c\x15aaaa\x11bbbbbbbb\xc4\x3e"
    mended = mend(Signal.METRICS, body)

    assert (body, {}) == (mended.body, mended.places)


def test_bytes_are_not_taken_for_text() -> None:
    """Ids and byte values are no strings: they are left alone while a name beside them is mended."""
    span = build.span(trace_id=b"\xff" * 16, name="NAME", attributes=build.attributes({"b": b"\xfe"}))
    body = build.traces(span).SerializeToString().replace(b"NAME", b"\xff\xff\xff\xff")
    found = items(_decode(Signal.TRACES, body))[0]

    assert ("ff" * 16, '{"b":{"bytesValue":"/g=="}}') == (found["trace_id"], found["attributes"])


def test_what_can_be_parsed_is_not_mended() -> None:
    """A body that parses is never rewritten."""
    assert [None] == _marks(read(Signal.TRACES, build.traces(build.span(name="\ufffd"))))


def _too_deep(levels: int) -> Batch:
    value = b"\x0a\x01x"
    for _ in range(levels):
        value = delimited(5, delimited(1, value))
    attributes = delimited(9, b"\x0a\x01a" + delimited(2, value)) + delimited(9, b"\x0a\x01b\x12\x02\x18\x01")
    spans = [build.span().SerializeToString(), build.span().SerializeToString() + attributes]
    return _decode(Signal.TRACES, delimited(1, delimited(2, b"".join(delimited(2, span) for span in spans))))


def _too_deep_json(levels: int) -> Batch:
    value: Any = {"stringValue": "x"}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    document = twin(build.traces(build.span(), build.span()))
    attributes = [{"key": "a", "value": value}, {"key": "b", "value": {"intValue": 1}}]
    document["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["attributes"] = attributes
    body = json.dumps(document).encode()
    return read_json(Signal.TRACES, body)


def _deep(levels: int) -> KeyValue:
    return KeyValue(key="a", value=nested(levels, AnyValue(string_value="x")))
