"""The fields of OTLP/JSON messages: ids, names, enums, integers, texts (otlp.md J01-J08)."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.signals import Signal
from tests.support.by_hand import (
    SPAN,
    TRACE,
    gauge,
    logs,
    read_one,
    read_raw,
    read_raw_value,
    read_spans,
    read_value,
    span,
    traces,
)
from tests.support.otlp import item, items, read_json

SNAKE_CASE = '"start_time_unix_nano" is ignored: OTLP/JSON calls it "startTimeUnixNano"'


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_J01_ids_are_hexadecimal_in_either_case(change: Any) -> None:
    """Upper, lower and mixed case are the same id, stored in lower case, wherever an id stands."""
    ids = {"traceId": change(TRACE), "spanId": change(SPAN)}
    span = read_one(**ids, parentSpanId=change(SPAN), links=[ids])
    record = item(read_json(Signal.LOGS, logs({"timeUnixNano": "1", **ids})))
    point = item(read_json(Signal.METRICS, gauge({"timeUnixNano": "1", "asInt": "1", "exemplars": [ids]})))

    assert (TRACE, SPAN, SPAN) == (span["trace_id"], span["span_id"], span["parent_span_id"])
    assert [{"traceId": TRACE, "spanId": SPAN}] == orjson.loads(span["links"])
    assert (TRACE, SPAN) == (record["trace_id"], record["span_id"])
    assert [{"timeUnixNano": 0, "spanId": SPAN, "traceId": TRACE}] == orjson.loads(point["exemplars"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("traceId", "W47/95gDgQPSabYzgT/GDA=="),
        ("spanId", "7uGbfsPBsXQ="),
        ("traceId", 12345678901234567890),
        ("spanId", {"a": 1}),
        ("traceId", True),
    ],
)
def test_J02_row_56_ids_in_base64_are_invalid(field: str, value: Any) -> None:
    """A base64 id, or one that is no text, refuses the span with the reason, and its neighbours are kept."""
    batch = read_spans(span(), span(**{field: value}))
    name = {"traceId": "trace_id", "spanId": "span_id"}[field]

    assert (1, f"invalid_{name}") == (len(batch.rows), batch.rejections[0].reason)
    assert f"resourceSpans[0].scopeSpans[0].spans[1]: {name} is not hexadecimal" == batch.message


@pytest.mark.parametrize(
    "value",
    [
        "5b 8e ff f7 98 03 81 03 d2 69 b6 33 81 3f c6 0c",
        " " + TRACE[1:],
        "0x" + TRACE[2:],
        "5b8efff7-9803-8103-d269-b633813fc60c",
        TRACE[1:],
        TRACE[:-1] + "g",
        TRACE[:-1] + "\uff15",
    ],
)
def test_J03_hexadecimal_is_strict(value: str) -> None:
    """Spaces, prefixes, dashes, odd lengths and other digits make no id."""
    batch = read_spans(span(traceId=value), span())

    assert (1, ["invalid_trace_id"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])


def test_J03_an_id_of_another_length_says_its_length() -> None:
    """A span id in place of a trace id is told by its size."""
    assert "trace_id has 8 bytes, need 16" in read_spans(span(traceId="fe" * 8)).message


def test_J04_R09_snake_case_is_unknown_and_warned_of_once() -> None:
    """Keys in snake_case are ignored, and one warning names the first of them."""
    odd = span(start_time_unix_nano="7", end_time_unix_nano="8")
    del odd["startTimeUnixNano"]
    batch = read_spans(odd, odd)

    assert [0, 0] == [found["start_time_unix_nano"] for found in items(batch)]
    assert [SNAKE_CASE] == batch.warnings


@pytest.mark.parametrize(
    "document",
    [
        traces(span(events=[{"time_unix_nano": 1}])),
        traces(span(links=[{"traceId": TRACE, "spanId": SPAN, "trace_state": "x"}])),
        traces(span(attributes=[{"key": "a", "value": {"string_value": "x"}}])),
        {"resourceSpans": [{"schema_url": "x", "scopeSpans": [{"spans": [span()]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"schema_url": "x", "spans": [span()]}]}]},
        {"resourceSpans": [{"resource": {"dropped_attributes_count": 1}, "scopeSpans": [{"spans": [span()]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"scope": {"dropped_attributes_count": 1}, "spans": [span()]}]}]},
        {"resource_spans": [], **traces(span())},
    ],
)
def test_J04_snake_case_is_seen_on_every_level(document: Any) -> None:
    """Wherever a key in snake_case stands, it is ignored and named."""
    batch = read_json(Signal.TRACES, document)

    assert 1 == len(batch.rows)
    assert [True] == ["is ignored: OTLP/JSON calls it" in warning for warning in batch.warnings]


def test_J04_camel_case_wins_over_snake_case() -> None:
    """When both spellings are there the right one counts."""
    assert 1 == read_one(start_time_unix_nano="9")["start_time_unix_nano"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(2, 2), (99, 99), ("SPAN_KIND_SERVER", 2), ("2", 0), ("NONSENSE", 0), (2.0, 2), (True, 0), ({}, 0)],
)
def test_J06_row_57_enums_are_integers(sent: Any, kept: int) -> None:
    """Integers are kept, known or not; a known name is understood, anything else is 0; never refused."""
    batch = read_spans(span(kind=sent))

    assert kept == item(batch)["kind"]
    assert (type(sent) is not int) == bool(batch.warnings)


def test_J06_names_are_understood_for_every_enum() -> None:
    """Status codes, severities and temporalities have names, too."""
    span = read_one(status={"code": "STATUS_CODE_ERROR"})
    record = item(read_json(Signal.LOGS, logs({"timeUnixNano": 1, "severityNumber": "SEVERITY_NUMBER_WARN"})))
    document = gauge({"timeUnixNano": 1, "asInt": 1})
    metric = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    metric["sum"] = metric.pop("gauge") | {"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}
    point = item(read_json(Signal.METRICS, document))

    assert (2, 13, 1) == (span["status_code"], record["severity_number"], point["temporality"])


@pytest.mark.parametrize(
    "value", ['"1544712660300000001"', "1544712660300000001", "9007199254740993", '"9007199254740993"']
)
def test_J07_integers_are_exact_as_text_and_as_numbers(value: str) -> None:
    """64-bit integers never pass through a double."""
    number = int(value.strip('"'))

    assert number == item(read_raw("", startTimeUnixNano=value))["start_time_unix_nano"]
    assert (number, []) == read_raw_value(f'{{"intValue":{value}}}')


@given(st.integers(-(2**63), 2**63 - 1))
def test_J07_every_integer_is_exact(number: int) -> None:
    """As a number and as text, every 64-bit integer comes back."""
    assert (number, []) == read_value({"intValue": number}) == read_value({"intValue": str(number)})


@pytest.mark.parametrize("value", ["1.5e18", '"1.5e18"', "1500000000000000000.0", '"1500000000000000000"'])
def test_J08_integral_numbers_in_any_form_are_accepted(value: str) -> None:
    """Exponents and a zero fraction are forms of integers."""
    assert 1_500_000_000_000_000_000 == item(read_raw("", startTimeUnixNano=value))["start_time_unix_nano"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.5", "invalid_integer"),
        ('"1.5"', "invalid_integer"),
        ("true", "invalid_integer"),
        ('" 5"', "invalid_integer"),
        ('"x"', "invalid_integer"),
        ("[1]", "invalid_integer"),
        ("-1", "out_of_range"),
        ("18446744073709551616", "out_of_range"),
        ("1e30", "out_of_range"),
        ('"1e9999"', "invalid_integer"),
    ],
)
def test_J08_what_is_no_integer_refuses_that_item_alone(value: str, reason: str) -> None:
    """The neighbours of a span with an impossible time are kept."""
    body = json.dumps(traces(span(), span(startTimeUnixNano="@"), span())).replace('"@"', value)
    batch = read_json(Signal.TRACES, body.encode())

    assert (2, [reason]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])
    assert "resourceSpans[0].scopeSpans[0].spans[1]: start_time_unix_nano is" in batch.message


def test_J13_row_57_null_fields_of_an_item_are_absent() -> None:
    """Every field of a span may be null."""
    keys = ("parentSpanId", "traceState", "flags", "kind", "attributes", "events", "links", "status", "endTimeUnixNano")
    nulls = read_one(
        **dict.fromkeys((*keys, "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount", "name"))
    )
    absent = item(read_spans({"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": 1}))

    assert absent == nulls
    assert ["invalid_trace_id"] == [rejection.reason for rejection in read_spans(span(traceId=None)).rejections]


def test_texts_of_another_kind_are_kept_as_text() -> None:
    """A number for a name is its digits, with a note."""
    found = read_one(name=5, traceState=True, status={"message": ["a"]})

    assert ("5", "true", '["a"]') == (found["name"], found["trace_state"], found["status_message"])
    assert {"misfit": ["status.message", "traceState", "name"]} == orjson.loads(found["repaired"])
