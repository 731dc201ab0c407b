"""The rules for log records, in both encodings (otlp.md L01-L05)."""

from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from schema.signals import Signal
from schema.values import MAX_VALUE_BYTES
from tests.support import build
from tests.support.otlp import RECEIVED_AT, Read, array, in_both, item, kvlist

TRACE, SPAN = bytes(range(1, 17)), bytes(range(1, 9))


def _one(decoded: Read, **fields: Any) -> dict[str, Any]:
    return item(decoded(Signal.LOGS, build.logs(build.log(**fields))))


@in_both
@pytest.mark.parametrize(("trace_id", "span_id"), [(b"", b""), (bytes(16), bytes(8))])
def test_L01_a_record_without_ids_is_kept(decoded: Read, trace_id: bytes, span_id: bytes) -> None:
    """Missing and zero ids leave a record without association, and without a note."""
    found = _one(decoded, trace_id=trace_id, span_id=span_id)

    assert (None, None, None) == (found["trace_id"], found["span_id"], found["repaired"])


@in_both
def test_L01_row_55_a_record_with_wrong_ids_is_kept_and_they_are_noted(decoded: Read) -> None:
    """Ids of a wrong length are dropped; the notes keep what came."""
    found = _one(decoded, trace_id=b"\xff" * 8, span_id=b"\xee")

    assert (None, None) == (found["trace_id"], found["span_id"])
    assert {"trace_id": "ff" * 8, "span_id": "ee"} == orjson.loads(found["repaired"])


@in_both
@pytest.mark.parametrize(("time", "observed", "sort_time"), [(5, 0, 5), (0, 7, 7), (5, 7, 5)])
def test_L02_a_record_is_sorted_by_its_time_or_else_by_when_it_was_observed(
    decoded: Read, time: int, observed: int, sort_time: int
) -> None:
    """Either time orders a record; both are kept as they came."""
    found = _one(decoded, time_unix_nano=time, observed_time_unix_nano=observed)

    assert (sort_time, time, observed, None) == tuple(
        found[key] for key in ("sort_time", "time_unix_nano", "observed_time_unix_nano", "repaired")
    )


@in_both
def test_L02_a_record_without_any_time_is_observed_when_it_is_received(decoded: Read) -> None:
    """The time of receipt stands in, and the notes say so."""
    found = _one(decoded, time_unix_nano=0, observed_time_unix_nano=0)

    assert (RECEIVED_AT, 0, RECEIVED_AT) == (
        found["sort_time"],
        found["time_unix_nano"],
        found["observed_time_unix_nano"],
    )
    assert '{"observed_time_unix_nano":"0"}' == found["repaired"]


@in_both
@pytest.mark.parametrize(
    ("event_name", "attribute", "expected"), [("new", "old", "new"), ("", "old", "old"), ("new", "", "new")]
)
def test_L03_the_event_name_falls_back_to_the_older_attribute(
    decoded: Read, event_name: str, attribute: str, expected: str
) -> None:
    """The field comes first, then the attribute of older producers, which stays where it is."""
    attributes = build.attributes({"event.name": attribute} if attribute else {})
    found = _one(decoded, event_name=event_name, attributes=attributes)

    assert expected == found["event_name"]
    assert orjson.loads(found["attributes"]).get("event.name", "") == attribute


@in_both
def test_L03_an_event_name_that_is_no_string_is_not_taken(decoded: Read) -> None:
    """An attribute of another type names nothing."""
    assert _one(decoded, attributes=build.attributes({"event.name": 5}))["event_name"] == ""


BODIES: list[tuple[AnyValue | None, str | None, int]] = [
    (None, None, 0),
    (AnyValue(), "null", 1),
    (AnyValue(string_value="text"), "text", 0),
    (AnyValue(string_value='{"a":1}'), '{"a":1}', 0),
    (AnyValue(string_value=""), "", 0),
    (AnyValue(int_value=5), "5", 1),
    (array(AnyValue(int_value=1), AnyValue()), "[1,null]", 1),
    (kvlist(KeyValue(key="a", value=AnyValue(bool_value=True))), '{"a":true}', 1),
    (AnyValue(bytes_value=b"\xff"), '{"bytesValue":"/w=="}', 1),
]


@in_both
@pytest.mark.parametrize(("body", "expected", "is_json"), BODIES)
def test_L04_a_body_may_be_anything(decoded: Read, body: AnyValue | None, expected: str | None, is_json: int) -> None:
    """A string is kept as it is, anything else as JSON; no body and an empty one are two things."""
    found = _one(decoded, body=body)

    assert (expected, is_json) == (found["body"], found["body_is_json"])


@in_both
@pytest.mark.parametrize(("number", "text"), [(0, "custom"), (24, ""), (25, "FATAL5"), (-1, "")])
def test_L04_severity_number_and_text_are_independent(decoded: Read, number: int, text: str) -> None:
    """Any number is kept, and any text beside it."""
    found = _one(decoded, severity_number=number, severity_text=text)

    assert (number, text) == (found["severity_number"], found["severity_text"])


@in_both
def test_L05_a_span_id_without_a_trace_id_is_kept(decoded: Read) -> None:
    """A record may name a span and no trace."""
    found = _one(decoded, span_id=SPAN)

    assert (None, SPAN.hex(), None) == (found["trace_id"], found["span_id"], found["repaired"])


@in_both
def test_the_rest_of_a_record_is_kept(decoded: Read) -> None:
    """Ids, flags and counts come back as they were sent."""
    found = _one(decoded, trace_id=TRACE, span_id=SPAN, flags=2**32 - 1, dropped_attributes_count=3)

    assert (TRACE.hex(), SPAN.hex(), 2**32 - 1, 3) == tuple(
        found[key] for key in ("trace_id", "span_id", "flags", "dropped_attributes_count")
    )


@in_both
def test_row_53_a_body_over_16_mib_is_cut(decoded: Read) -> None:
    """The beginning of a huge body is kept, its length and hash are noted."""
    found = _one(decoded, body=AnyValue(string_value="x" * (MAX_VALUE_BYTES + 1)))

    assert MAX_VALUE_BYTES == len(found["body"])
    assert MAX_VALUE_BYTES + 1 == orjson.loads(found["repaired"])["cut"]["body"]["bytes"]


@in_both
def test_twins_of_one_request_are_told_apart_the_same_way_each_time(decoded: Read) -> None:
    """Records equal in everything are each kept, and a repeat of the request makes the same rows."""
    same, other = build.log(time_unix_nano=5), build.log(time_unix_nano=5)
    request = build.logs(same, same, other)
    first, second = (decoded(Signal.LOGS, request).rows for _ in range(2))
    elsewhere = decoded(Signal.LOGS, build.logs(same, service="other")).rows

    assert 4 == len({row[4] for row in (*first, *elsewhere)})
    assert first == second
