"""The rules for spans, in both encodings (otlp.md D01-D11)."""

from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import WIRE, Signal
from schema.spans import event, link
from tests.support import build
from tests.support.otlp import Read, in_both, item, items

TRACE, SPAN = bytes.fromhex("5b8efff798038103d269b633813fc60c"), bytes.fromhex("eee19b7ec3c1b174")


def _one(decoded: Read, **fields: Any) -> dict[str, Any]:
    return item(decoded(Signal.TRACES, build.traces(build.span(**fields))))


@in_both
@pytest.mark.parametrize("size", [0, 1, 8, 15, 17, 33])
def test_D01_a_trace_id_of_another_length_refuses_the_span_alone(decoded: Read, size: int) -> None:
    """A trace id must have 16 bytes; the neighbours are kept."""
    batch = decoded(Signal.TRACES, build.traces(build.span(), build.span(trace_id=b"\xfe" * size), build.span()))

    assert (2, 1) == (len(batch.rows), batch.rejected)
    assert [("invalid_trace_id", f"resourceSpans[0].scopeSpans[0].spans[1]: trace_id has {size} bytes, need 16")] == [
        (rejection.reason, rejection.message) for rejection in batch.rejections
    ]


@in_both
@pytest.mark.parametrize("size", [0, 1, 15, 17, 32])
def test_D01_a_span_id_of_another_length_refuses_the_span_alone(decoded: Read, size: int) -> None:
    """A span id must have 8 bytes; the neighbours are kept."""
    batch = decoded(Signal.TRACES, build.traces(build.span(), build.span(span_id=b"\xfe" * size)))

    assert (1, ["invalid_span_id"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])


@in_both
@pytest.mark.parametrize("field", ["trace_id", "span_id"])
def test_D01_row_55_zeros_refuse_the_span_alone(decoded: Read, field: str) -> None:
    """An id of zeros is none."""
    zeros = bytes(16 if field == "trace_id" else 8)
    batch = decoded(Signal.TRACES, build.traces(build.span(), build.span(**{field: zeros})))

    assert (1, f"{field} is all zero") == (len(batch.rows), batch.message.partition(": ")[2])


@in_both
def test_D02_hexadecimal_text_in_a_binary_id_is_decoded_and_warned_of(decoded: Read) -> None:
    """Ids that some senders write as text are understood; the row and the answer say so."""
    found = _one(decoded, trace_id=TRACE.hex().encode(), span_id=SPAN.hex().upper().encode())

    assert (TRACE.hex(), SPAN.hex()) == (found["trace_id"], found["span_id"])
    assert {"trace_id", "span_id"} == set(orjson.loads(found["repaired"]))

    batch = decoded(Signal.TRACES, build.traces(build.span(trace_id=TRACE.hex().encode())))

    assert ["1 of 1 items kept with repairs: trace_id"] == batch.warnings


@in_both
@pytest.mark.parametrize("parent", [b"", bytes(8), bytes(3)])
def test_D03_no_parent_or_zeros_make_a_root(decoded: Read, parent: bytes) -> None:
    """A span whose parent is missing or all zero is a root, without a note."""
    found = _one(decoded, parent_span_id=parent)

    assert (None, None) == (found["parent_span_id"], found["repaired"])


@in_both
def test_D03_a_parent_of_another_length_is_dropped_with_a_warning(decoded: Read) -> None:
    """The span is kept, its parent unknown; the row's notes keep what came."""
    batch = decoded(Signal.TRACES, build.traces(build.span(parent_span_id=b"\xff\xfe\xfd")))

    assert (None, '{"parent_span_id":"fffefd"}') == (items(batch)[0]["parent_span_id"], items(batch)[0]["repaired"])
    assert ["1 of 1 items kept with repairs: parent_span_id"] == batch.warnings


@in_both
def test_D04_a_link_with_a_wide_id_is_kept_and_flagged(decoded: Read) -> None:
    """Links never refuse a span: a 20-byte id stays as it is, marked invalid."""
    found = _one(decoded, links=[Span.Link(trace_id=b"\x01" * 20, span_id=SPAN)])

    assert [{"traceId": "01" * 20, "spanId": SPAN.hex(), "invalid": True}] == orjson.loads(found["links"])


@in_both
@pytest.mark.parametrize(("start", "end"), [(5, 3), (5, 5), (5, 0), (0, 5), (0, 0)])
def test_D05_times_in_any_order_are_kept(decoded: Read, start: int, end: int) -> None:
    """Start and end are stored untouched, whichever is larger or missing."""
    found = _one(decoded, start_time_unix_nano=start, end_time_unix_nano=end)

    assert (start, end, None) == (
        found["start_time_unix_nano"],
        found["end_time_unix_nano"],
        found["repaired"],
    )


@in_both
def test_D06_nanoseconds_are_exact(decoded: Read) -> None:
    """No time passes through a float."""
    span = {"start_time_unix_nano": 1795219725620893420, "end_time_unix_nano": 1795219725620893421}
    found = _one(decoded, events=[Span.Event(time_unix_nano=9007199254740993)], **span)

    assert span == {key: found[key] for key in span}
    assert 9007199254740993 == orjson.loads(found["events"])[0]["timeUnixNano"]


@in_both
@pytest.mark.parametrize("flags", [0xFFFFFFFF, 0x301, 0x101, 0])
def test_D07_all_32_bits_of_flags_are_kept(decoded: Read, flags: int) -> None:
    """Flags are stored whole, in spans and in links."""
    found = _one(decoded, flags=flags, links=[Span.Link(trace_id=TRACE, span_id=SPAN, flags=flags)])

    assert (flags, flags) == (found["flags"], orjson.loads(found["links"])[0].get("flags", 0))


@in_both
def test_D08_state_kind_and_status_are_kept(decoded: Read) -> None:
    """Trace state, kind and status come back as they were sent, unknown enum values too."""
    found = _one(decoded, trace_state="a=1,b=2", kind=99, status={"code": 77, "message": "m"})

    assert ("a=1,b=2", 99, 77, "m") == tuple(
        found[key] for key in ("trace_state", "kind", "status_code", "status_message")
    )

    plain = _one(decoded, kind=0)

    assert (0, 0, "") == tuple(plain[key] for key in ("kind", "status_code", "status_message"))


@in_both
def test_D09_events_and_links_are_kept_in_order(decoded: Read) -> None:
    """A thousand events, two of them equal, and links with all their fields come back in order."""
    events = [
        Span.Event(time_unix_nano=n // 2, name=f"e{n // 2}", dropped_attributes_count=n // 2) for n in range(1000)
    ]
    links = [
        Span.Link(
            trace_id=TRACE,
            span_id=SPAN,
            trace_state="s",
            attributes=build.attributes({"a": 1}),
            dropped_attributes_count=3,
            flags=1,
        )
    ]
    counts = {"dropped_attributes_count": 1, "dropped_events_count": 2, "dropped_links_count": 3}
    found = _one(decoded, events=events, links=links, **counts)
    expected_link = {
        "traceId": TRACE.hex(),
        "spanId": SPAN.hex(),
        "traceState": "s",
        "attributes": {"a": 1},
        "droppedAttributesCount": 3,
        "flags": 1,
    }

    assert [n // 2 for n in range(1000)] == [held["timeUnixNano"] for held in orjson.loads(found["events"])]
    assert {"timeUnixNano": 499, "name": "e499", "attributes": {}, "droppedAttributesCount": 499} == orjson.loads(
        found["events"]
    )[-1]
    assert [expected_link] == orjson.loads(found["links"])
    assert counts == {key: found[key] for key in counts}


@in_both
def test_D10_resource_scope_and_both_schema_urls_are_kept(decoded: Read) -> None:
    """Everything above a span is stored, and equal resources in two envelopes are one."""
    request = build.traces(build.span())
    envelope = request.resource_spans[0]
    envelope.schema_url, envelope.resource.dropped_attributes_count = "outer", 4
    scoped = envelope.scope_spans[0]
    scoped.schema_url, scoped.scope.name, scoped.scope.version = "inner", "lib", "1.2"
    scoped.scope.dropped_attributes_count = 5
    scoped.scope.attributes.extend(build.attributes({"s": True}))
    again = request.resource_spans.add()
    again.CopyFrom(envelope)
    again.scope_spans[0].spans[0].CopyFrom(build.span())
    batch = decoded(Signal.TRACES, request)
    found = items(batch)[0]

    assert ("outer", 4, '{"service.name":"tests"}') == (
        found["resource_schema_url"],
        found["resource_dropped_attributes_count"],
        found["resource"],
    )
    assert ("inner", "lib", "1.2", 5, '{"s":true}') == tuple(
        found[f"scope_{name}"] for name in ("schema_url", "name", "version", "dropped_attributes_count", "attributes")
    )
    assert (2, 1, 1) == (len(batch.rows), len(batch.resources), len(batch.scopes))


@in_both
def test_D11_row_50_of_equal_keys_the_last_wins(decoded: Read) -> None:
    """Duplicate keys are no error: the last value stays, the others are counted in the notes."""
    pairs = [KeyValue(key="a", value=AnyValue(int_value=number)) for number in (1, 2, 3)]
    found = _one(decoded, attributes=pairs, events=[Span.Event(attributes=pairs)])

    assert ('{"a":3}', '{"duplicateKeys":4}') == (found["attributes"], found["repaired"])


@in_both
def test_D11_empty_keys_and_names_are_kept(decoded: Read) -> None:
    """An attribute may have an empty key and a span an empty name."""
    found = _one(decoded, name="", attributes=build.attributes({"": "x"}))

    assert ("", '{"":"x"}') == (found["name"], found["attributes"])


@in_both
def test_D12_a_span_without_name_and_times_is_refused(decoded: Read) -> None:
    """What has ids but neither name nor time is another signal's data that happens to decode."""
    batch = decoded(Signal.TRACES, build.traces(build.span(name="", start_time_unix_nano=0, end_time_unix_nano=0)))

    assert ["empty_span"] == [rejection.reason for rejection in batch.rejections]


@in_both
def test_I03_one_span_id_in_two_traces_is_two_spans(decoded: Read) -> None:
    """A span is known by trace and span id together."""
    made = [build.span(span_id=SPAN), build.span(span_id=SPAN)]
    batch = decoded(Signal.TRACES, build.traces(*made))

    assert [(span.trace_id.hex(), SPAN.hex()) for span in made] == [(row[3], row[4]) for row in batch.rows]


@in_both
def test_a_refused_span_can_be_sent_again(decoded: Read) -> None:
    """The payload of a rejection is a request of its own, refused for the same reason when nothing was mended."""
    batch = decoded(Signal.TRACES, build.traces(build.span(), build.span(trace_id=b"\xfe" * 3, name="bad")))
    payload = batch.rejections[0].payload
    assert payload is not None
    if batch.encoding == "protobuf":
        request = WIRE[Signal.TRACES].request.FromString(payload)
        sent = request.resource_spans[0].scope_spans[0].spans[0].name
    else:
        sent = orjson.loads(payload)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]

    assert "bad" == sent


def test_events_and_links_leave_out_what_is_not_there() -> None:
    """Fields at their default take no room."""
    assert {"timeUnixNano": 1, "name": "n", "attributes": {}} == event(1, "n", {}, 0)
    assert {"traceId": TRACE.hex(), "spanId": SPAN.hex()} == link(TRACE, SPAN, "", {}, 0, 0)
    assert {"traceId": "", "spanId": "00" * 8, "invalid": True} == link(b"", bytes(8), "", {}, 0, 0)
