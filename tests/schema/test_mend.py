"""Bodies that the protobuf parser refuses as a whole for one bad part (otlp.md P05, P06)."""

import re
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from core.errors import Undecodable
from schema.decode import decode
from schema.mend import TOO_DEEP, mend
from schema.rows import Batch
from schema.signals import WIRE, Signal
from schema.values import Notes
from tests.support import build
from tests.support.otlp import RECEIVED_AT, delimited, items, read, read_json, twin

INNERMOST: dict[str, tuple[bytes, str]] = {
    "word": (b"\x0a\x04core", '{"stringValue":"core"}'),
    "nothing": (b"", "{}"),
    "empty array": (delimited(5, b""), '{"arrayValue":{}}'),
    "empty kvlist": (delimited(6, b""), '{"kvlistValue":{}}'),
    "pair without a value": (delimited(6, delimited(1, b"\x0a\x01k")), '{"kvlistValue":{"values":[{"key":"k"}]}}'),
}
"""What may stand innermost, in both encodings."""


@dataclass(frozen=True)
class Place:
    """Say where a value may stand, and how many arrays or kvlists it may be there before it is cut."""

    signal: Signal
    path: str
    array: int
    kvlist: int


PLACES = {
    "resource": Place(Signal.TRACES, "resource_spans.resource.attributes.value", 48, 32),
    "scope": Place(Signal.TRACES, "resource_spans.scope_spans.scope.attributes.value", 48, 32),
    "span": Place(Signal.TRACES, "resource_spans.scope_spans.spans.attributes.value", 49, 32),
    "event": Place(Signal.TRACES, "resource_spans.scope_spans.spans.events.attributes.value", 48, 32),
    "link": Place(Signal.TRACES, "resource_spans.scope_spans.spans.links.attributes.value", 48, 32),
    "log": Place(Signal.LOGS, "resource_logs.scope_logs.log_records.attributes.value", 49, 32),
    "body": Place(Signal.LOGS, "resource_logs.scope_logs.log_records.body", 49, 33),
    "metadata": Place(Signal.METRICS, "resource_metrics.scope_metrics.metrics.metadata.value", 49, 32),
    "point": Place(Signal.METRICS, "resource_metrics.scope_metrics.metrics.gauge.data_points.attributes.value", 48, 32),
    "exemplar": Place(
        Signal.METRICS,
        "resource_metrics.scope_metrics.metrics.gauge.data_points.exemplars.filtered_attributes.value",
        47,
        31,
    ),
}


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
    """A bad string costs nothing in the other signals either; in a metric it marks all points, which are one piece."""
    if signal is Signal.LOGS:
        request: Any = build.logs(build.log(), build.log(severity_text="NAME"))
    else:
        bad = build.point(attributes=build.attributes({"a": "NAME"}))
        request = build.metrics(build.gauge(build.point(), bad))
    batch = _decode(signal, request.SerializeToString().replace(b"NAME", b"\xff\xff\xff\xff"))

    assert [None if signal is Signal.LOGS else '{"mended":["utf8"]}', '{"mended":["utf8"]}'] == _marks(batch)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["array", "kvlist"])
def test_P05_row_36_values_at_the_limit_are_kept_as_they_came(kind: str, place: str) -> None:
    """As deep as the parser goes, nothing is changed, in either encoding."""
    limit = getattr(PLACES[place], kind)
    batch, as_json = _both(place, [kind] * limit)

    assert (limit, True) == (_levels(batch, place, kind), "core" in _text(batch))
    assert set(_marks(batch)) <= {None}
    assert _whole(batch) == _whole(as_json)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["array", "kvlist"])
def test_P05_row_36_deeper_values_are_cut_at_the_limit(kind: str, place: str) -> None:
    """One level more, or many, and the rest is replaced by a word, at the same place in either encoding."""
    limit = getattr(PLACES[place], kind)
    for levels in (limit + 1, limit + 2, 64, 200):
        batch, as_json = _both(place, [kind] * levels)

        assert (limit, True) == (_levels(batch, place, kind), TOO_DEEP in _text(batch))
        assert set(_marks(batch)) <= {'{"mended":["depth"]}'}
        assert _whole(batch) == _whole(as_json)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["array", "kvlist"])
def test_P05_row_36_no_depth_is_too_much(kind: str, place: str) -> None:
    """Two thousand levels are cut like two hundred."""
    batch = _decode(PLACES[place].signal, _in_protobuf(place, [kind] * 2000, "word"))

    assert getattr(PLACES[place], kind) == _levels(batch, place, kind)
    assert TOO_DEEP in _text(batch)


@given(
    st.sampled_from(sorted(PLACES)),
    st.lists(st.sampled_from(("array", "kvlist")), min_size=25, max_size=60),
    st.sampled_from(sorted(INNERMOST)),
)
def test_P05_both_encodings_cut_at_the_same_place(place: str, kinds: list[str], innermost: str) -> None:
    """Whatever stands in each other, and whatever is innermost, protobuf and JSON give the same rows."""
    batch, as_json = _both(place, kinds, innermost)

    assert _whole(batch) == _whole(as_json)


def test_P05_row_36_what_stands_beside_a_value_that_is_too_deep_is_kept() -> None:
    """The item's other attributes, its neighbours and the neighbours inside the value are as they came."""
    value = delimited(5, delimited(1, b"\x0a\x01n") + delimited(1, _nested(["array"] * 60, "word")[0]))
    pairs = delimited(9, b"\x0a\x01a" + delimited(2, value)) + delimited(9, b"\x0a\x01b\x12\x02\x18\x01")
    spans = [build.span().SerializeToString(), build.span().SerializeToString() + pairs]
    batch = _decode(Signal.TRACES, delimited(1, delimited(2, b"".join(delimited(2, span) for span in spans))))
    found = orjson.loads(items(batch)[1]["attributes"])

    assert [None, '{"mended":["depth"]}'] == _marks(batch)
    assert ("n", 1) == (found["a"][0], found["b"])


def test_a_bad_string_beside_a_deep_value_does_not_cut_it() -> None:
    """Mending cuts nothing that the parser would have taken."""
    body = _in_protobuf("span", ["array"] * 49, "word").replace(b"core", b"co\xffe")
    batch = _decode(Signal.TRACES, body)

    assert ['{"mended":["utf8"]}'] == _marks(batch)
    assert "co\ufffde" in _text(batch)


@pytest.mark.parametrize(
    "body",
    [b"\x0a\x05\x12", b"\x0a\x02\xff", b"\x0b", b"\x0c", b"\x0b\x14", b"\x00\x01", b"\x0e", b"\x09\x01", b"\xff" * 11],
)
def test_broken_framing_is_undecodable(body: bytes) -> None:
    """Lengths past the end, open groups, field 0 and unknown wire types cannot be mended, wherever they stand."""
    for broken in (
        body,
        delimited(1, body),
        delimited(1, delimited(2, body)),
        delimited(1, delimited(2, delimited(2, body))),
    ):
        with pytest.raises(Undecodable, match="is not a protobuf traces request"):
            _decode(Signal.TRACES, broken)


def test_row_8_a_trailing_zero_byte_is_undecodable() -> None:
    """Field number 0 is no field."""
    with pytest.raises(Undecodable):
        _decode(Signal.TRACES, build.body(Signal.TRACES) + b"\x00")


def test_a_message_without_fault_is_rewritten_as_it_is() -> None:
    """Unknown fields and groups are kept, and nothing is noted."""
    body = build.gauge(build.point()).SerializeToString()
    body += b"\xc3\x3e\x08\x01\x12\x01x\x0b\x0c\x15aaaa\x11bbbbbbbb\xc4\x3e"
    notes: Notes = {}

    assert (body, {}) == (mend(Metric.DESCRIPTOR, body, notes), notes)


def test_bytes_are_not_taken_for_text() -> None:
    """Ids and byte values are no strings: they are left alone while a name beside them is mended."""
    span = build.span(trace_id=b"\xff" * 16, name="NAME", attributes=build.attributes({"b": b"\xfe"}))
    body = build.traces(span).SerializeToString().replace(b"NAME", b"\xff\xff\xff\xff")
    found = items(_decode(Signal.TRACES, body))[0]

    assert ("ff" * 16, '{"b":{"bytesValue":"/g=="}}') == (found["trace_id"], found["attributes"])


def test_what_can_be_parsed_is_not_mended() -> None:
    """A body that parses is never rewritten."""
    assert [None] == _marks(read(Signal.TRACES, build.traces(build.span(name="\ufffd"))))


def _both(place: str, kinds: list[str], innermost: str = "word") -> tuple[Batch, Batch]:
    """Decode a request with a nested value in some place, in both encodings."""
    body, signal = _in_protobuf(place, kinds, innermost), PLACES[place].signal
    return _decode(signal, body), read_json(signal, _in_json(place, kinds, innermost))


def _in_protobuf(place: str, kinds: list[str], innermost: str) -> bytes:
    body = _nested(kinds, innermost)[0]
    for field in reversed(_fields(place)):
        body = _good(field).SerializeToString() + delimited(field.number, body)
    return body


def _in_json(place: str, kinds: list[str], innermost: str) -> bytes:
    """Write the value into the rest, since no library writes objects that deep."""
    value: Any = "@"
    for field in reversed(_fields(place)):
        value = {**twin(_good(field)), field.json_name: [value] if field.is_repeated else value}
    return orjson.dumps(value).replace(b'"@"', _nested(kinds, innermost)[1].encode())


def _fields(place: str) -> list[FieldDescriptor]:
    """Follow a place's path down from the request."""
    kind: Descriptor = WIRE[PLACES[place].signal].request.DESCRIPTOR
    found: list[FieldDescriptor] = []
    for name in PLACES[place].path.split("."):
        found.append(field := kind.fields_by_name[name])
        kind = field.message_type or kind
    return found


def _good(field: FieldDescriptor) -> Message:
    """Give what the message that has this field needs besides it."""
    return GOOD.get(field.name) or GOOD.get(field.full_name.split(".")[-2], AnyValue())


GOOD: dict[str, Message] = {
    "Span": build.span(),
    "LogRecord": LogRecord(time_unix_nano=build.NOW),
    "NumberDataPoint": build.point(),
    "Metric": Metric(name="m"),
    "metadata": build.gauge(build.point()),
    "KeyValue": KeyValue(key="k"),
}


def _nested(kinds: list[str], innermost: str) -> tuple[bytes, str]:
    """Put values into each other, the first outermost, in both encodings."""
    body, text = INNERMOST[innermost]
    for kind in reversed(kinds):
        if kind == "array":
            body, text = delimited(5, delimited(1, body)), f'{{"arrayValue":{{"values":[{text}]}}}}'
        else:
            body = delimited(6, delimited(1, b"\x0a\x01k" + delimited(2, body)))
            text = f'{{"kvlistValue":{{"values":[{{"key":"k","value":{text}}}]}}}}'
    return body, text


def _whole(batch: Batch) -> tuple[Any, ...]:
    """Give all that is kept but the marks: what is mended above items is a mark in protobuf, a warning in JSON."""
    return [row[:-1] for row in batch.rows], batch.resources, batch.scopes


def _text(batch: Batch) -> str:
    return repr(_whole(batch))


def _levels(batch: Batch, place: str, kind: str) -> int:
    """Count how many arrays or kvlists stand right in each other; attributes look like one kvlist more."""
    text = _text(batch)
    if kind == "array":
        return max(len(run) for run in re.findall(r"\[+", text))
    return max(len(run) // len('{"k":') for run in re.findall(r'(?:{"k":)+', text)) - (place != "body")
