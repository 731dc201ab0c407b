"""OTLP/JSON alone: its dialects, its oddities and its bombs (otlp.md J01-J17)."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Undecodable
from schema.rows import Batch
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.otlp import in_both, item, items, read_json, twin

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
SNAKE_CASE = '"start_time_unix_nano" is ignored: OTLP/JSON calls it "startTimeUnixNano"'


def _span(**fields: Any) -> dict[str, Any]:
    return {"traceId": TRACE, "spanId": SPAN, "name": "n", "startTimeUnixNano": "1", "endTimeUnixNano": "2", **fields}


def _traces(*spans: Any) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def _logs(*records: Any) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def _gauge(*points: Any) -> dict[str, Any]:
    metric = {"name": "m", "gauge": {"dataPoints": list(points)}}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


def _read(*spans: Any) -> Batch:
    return read_json(Signal.TRACES, _traces(*spans))


def _one(**fields: Any) -> dict[str, Any]:
    return item(_read(_span(**fields)))


def _raw(text: str, **fields: str) -> Batch:
    """Decode one span with fields written by hand."""
    body = json.dumps(_traces(_span(**{key: f"@{key}" for key in fields})), ensure_ascii=False)
    for key, value in fields.items():
        body = body.replace(f'"@{key}"', value)
    return read_json(Signal.TRACES, (text + body).encode("utf-8", "surrogatepass"))


def _value(value: Any) -> tuple[Any, list[str]]:
    """Decode one attribute; give its stored value, and the kinds that did not fit."""
    found = _one(attributes=[{"key": "a", "value": value}])
    return orjson.loads(found["attributes"])["a"], orjson.loads(found["repaired"] or "{}").get("misfit", [])


def _raw_value(value: str) -> tuple[Any, list[str]]:
    """Decode one attribute whose value is written by hand."""
    batch = _raw("", attributes=f'[{{"key":"a","value":{value}}}]')
    found = item(batch)
    return orjson.loads(found["attributes"])["a"], orjson.loads(found["repaired"] or "{}").get("misfit", [])


# --- ids ---


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_J01_ids_are_hexadecimal_in_either_case(change: Any) -> None:
    """Upper, lower and mixed case are the same id, stored in lower case, wherever an id stands."""
    ids = {"traceId": change(TRACE), "spanId": change(SPAN)}
    span = _one(**ids, parentSpanId=change(SPAN), links=[ids])
    record = item(read_json(Signal.LOGS, _logs({"timeUnixNano": "1", **ids})))
    point = item(read_json(Signal.METRICS, _gauge({"timeUnixNano": "1", "asInt": "1", "exemplars": [ids]})))

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
    batch = _read(_span(), _span(**{field: value}))
    name = {"traceId": "trace_id", "spanId": "span_id"}[field]

    assert (1, f"invalid_{name}") == (len(batch.rows), batch.rejections[0].reason)
    assert f"resourceSpans[0].scopeSpans[0].spans[1]: {name} is not hexadecimal" == batch.message


def test_J02_a_record_keeps_no_base64_id() -> None:
    """A log record loses the id and keeps a note of it."""
    found = item(read_json(Signal.LOGS, _logs({"timeUnixNano": "1", "traceId": "W47/95gDgQPSabYzgT/GDA=="})))

    assert (None, '{"trace_id":"W47/95gDgQPSabYzgT/GDA=="}') == (found["trace_id"], found["repaired"])


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
    batch = _read(_span(traceId=value), _span())

    assert (1, ["invalid_trace_id"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])


def test_J03_an_id_of_another_length_says_its_length() -> None:
    """A span id in place of a trace id is told by its size."""
    assert "trace_id has 8 bytes, need 16" in _read(_span(traceId="fe" * 8)).message


def test_D04_a_link_with_any_id_is_kept() -> None:
    """A link whose ids are not even hexadecimal stays as it was sent, flagged."""
    found = _one(links=[{"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": SPAN.upper()}])

    assert [{"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": SPAN, "invalid": True}] == orjson.loads(found["links"])


# --- names ---


def test_J04_R09_snake_case_is_unknown_and_warned_of_once() -> None:
    """Keys in snake_case are ignored, and one warning names the first of them."""
    span = _span(start_time_unix_nano="7", end_time_unix_nano="8")
    del span["startTimeUnixNano"]
    batch = _read(span, span)

    assert [0, 0] == [found["start_time_unix_nano"] for found in items(batch)]
    assert [SNAKE_CASE] == batch.warnings


@pytest.mark.parametrize(
    "document",
    [
        _traces(_span(events=[{"time_unix_nano": 1}])),
        _traces(_span(links=[{"traceId": TRACE, "spanId": SPAN, "trace_state": "x"}])),
        _traces(_span(attributes=[{"key": "a", "value": {"string_value": "x"}}])),
        {"resourceSpans": [{"schema_url": "x", "scopeSpans": [{"spans": [_span()]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"schema_url": "x", "spans": [_span()]}]}]},
        {"resourceSpans": [{"resource": {"dropped_attributes_count": 1}, "scopeSpans": [{"spans": [_span()]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"scope": {"dropped_attributes_count": 1}, "spans": [_span()]}]}]},
        {"resource_spans": [], **_traces(_span())},
    ],
)
def test_J04_snake_case_is_seen_on_every_level(document: Any) -> None:
    """Wherever a key in snake_case stands, it is ignored and named."""
    batch = read_json(Signal.TRACES, document)

    assert 1 == len(batch.rows)
    assert [True] == ["is ignored: OTLP/JSON calls it" in warning for warning in batch.warnings]


def test_J04_camel_case_wins_over_snake_case() -> None:
    """When both spellings are there the right one counts."""
    assert 1 == _one(start_time_unix_nano="9")["start_time_unix_nano"]


def test_J04_a_request_all_in_snake_case_is_refused() -> None:
    """Nothing of it could be kept, and the answer says why."""
    with pytest.raises(Undecodable, match='it has no resourceSpans; "resource_spans" is not how OTLP/JSON spells it'):
        read_json(Signal.TRACES, {"resource_spans": []})


def _with_unknown(value: Any) -> Any:
    """Add a field of the future to every message."""
    if isinstance(value, list):
        return [_with_unknown(inner) for inner in value]
    if isinstance(value, dict):
        return {**{key: _with_unknown(inner) for key, inner in value.items()}, "x": {"y": [1, None]}}
    return value


def _everything() -> dict[Signal, Any]:
    pairs = build.attributes({"a": "b", "c": 1})
    span = build.span(
        attributes=pairs,
        events=[{"name": "e", "attributes": pairs}],
        links=[{"trace_id": b"x" * 16, "attributes": pairs}],
        status={"code": 2},
    )
    point = build.point(attributes=pairs, exemplars=[{"as_int": 1, "filtered_attributes": pairs}])
    return {
        Signal.TRACES: twin(build.traces(span)),
        Signal.LOGS: twin(build.logs(build.log(attributes=pairs))),
        Signal.METRICS: twin(build.metrics(build.gauge(point))),
    }


@pytest.mark.parametrize("signal", Signal)
def test_J05_unknown_fields_are_ignored_on_every_level(signal: Signal) -> None:
    """A field of the future in every message changes no row and is no cause for a warning."""
    document = _everything()[signal]
    plain, extended = read_json(signal, document), read_json(signal, _with_unknown(document))

    assert (plain.rows, plain.resources, plain.scopes) == (extended.rows, extended.resources, extended.scopes)
    assert [] == extended.warnings


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(2, 2), (99, 99), ("SPAN_KIND_SERVER", 2), ("2", 0), ("NONSENSE", 0), (2.0, 2), (True, 0), ({}, 0)],
)
def test_J06_row_57_enums_are_integers(sent: Any, kept: int) -> None:
    """Integers are kept, known or not; a known name is understood, anything else is 0; never refused."""
    batch = _read(_span(kind=sent))

    assert kept == item(batch)["kind"]
    assert (type(sent) is not int) == bool(batch.warnings)


def test_J06_names_are_understood_for_every_enum() -> None:
    """Status codes, severities and temporalities have names, too."""
    span = _one(status={"code": "STATUS_CODE_ERROR"})
    record = item(read_json(Signal.LOGS, _logs({"timeUnixNano": 1, "severityNumber": "SEVERITY_NUMBER_WARN"})))
    document = _gauge({"timeUnixNano": 1, "asInt": 1})
    metric = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    metric["sum"] = metric.pop("gauge") | {"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}
    point = item(read_json(Signal.METRICS, document))

    assert (2, 13, 1) == (span["status_code"], record["severity_number"], point["temporality"])


# --- numbers ---


@pytest.mark.parametrize(
    "value", ['"1544712660300000001"', "1544712660300000001", "9007199254740993", '"9007199254740993"']
)
def test_J07_integers_are_exact_as_text_and_as_numbers(value: str) -> None:
    """64-bit integers never pass through a double."""
    number = int(value.strip('"'))

    assert number == item(_raw("", startTimeUnixNano=value))["start_time_unix_nano"]
    assert (number, []) == _raw_value(f'{{"intValue":{value}}}')


@given(st.integers(-(2**63), 2**63 - 1))
def test_J07_every_integer_is_exact(number: int) -> None:
    """As a number and as text, every 64-bit integer comes back."""
    assert (number, []) == _value({"intValue": number}) == _value({"intValue": str(number)})


@pytest.mark.parametrize("value", ["1.5e18", '"1.5e18"', "1500000000000000000.0", '"1500000000000000000"'])
def test_J08_integral_numbers_in_any_form_are_accepted(value: str) -> None:
    """Exponents and a zero fraction are forms of integers."""
    assert 1_500_000_000_000_000_000 == item(_raw("", startTimeUnixNano=value))["start_time_unix_nano"]


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
    body = json.dumps(_traces(_span(), _span(startTimeUnixNano="@"), _span())).replace('"@"', value)
    batch = read_json(Signal.TRACES, body.encode())

    assert (2, [reason]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])
    assert "resourceSpans[0].scopeSpans[0].spans[1]: start_time_unix_nano is" in batch.message


def test_J09_large_integral_numbers_of_javascript_are_doubles() -> None:
    """1e+21 in place of an integer is kept as the double it is, with a note and a warning."""
    batch = _raw("", attributes='[{"key":"a","value":{"intValue":1e+21}}]')

    assert ('{"a":1e+21}', '{"misfit":["intValue"]}') == (items(batch)[0]["attributes"], items(batch)[0]["repaired"])
    assert ["1 of 1 items kept with repairs: misfit"] == batch.warnings


def test_J09_a_points_large_integral_number_is_a_double() -> None:
    """The same holds for the value of a point."""
    found = item(read_json(Signal.METRICS, _gauge({"timeUnixNano": 1, "asInt": 1e21})))

    assert (1e21, '{"misfit":["asInt"]}') == (found["value"], found["repaired"])


@pytest.mark.parametrize("kind", ["doubleValue", "intValue", "stringValue", "arrayValue", "kvlistValue", "bytesValue"])
def test_J10_null_in_a_value_is_the_empty_value(kind: str) -> None:
    """What JavaScript makes of NaN leaves the attribute there and empty, and the batch unharmed."""
    assert (None, []) == _value({kind: None})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"NaN"', {"doubleValue": "NaN"}),
        ('"Infinity"', {"doubleValue": "Infinity"}),
        ('"-Infinity"', {"doubleValue": "-Infinity"}),
        ('"1.5"', 1.5),
        ("1e3", 1000.0),
        ("1", 1.0),
        ("-0.0", -0.0),
        ('"1e3"', 1000.0),
    ],
)
def test_J11_doubles_in_every_form_are_accepted(sent: str, kept: Any) -> None:
    """Numbers, numbers as text, and the names of what is not finite."""
    found, misfits = _raw_value(f'{{"doubleValue":{sent}}}')

    assert (str(kept), []) == (str(found), misfits)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_J12_row_40_bare_names_of_doubles_are_accepted(token: str) -> None:
    """Python's json writes them, so they are read like the quoted form; no cause for a note."""
    assert ({"doubleValue": token}, []) == _raw_value(f'{{"doubleValue":{token}}}')


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("9223372036854775808", "9223372036854775808"),
        ('"9223372036854775808"', "9223372036854775808"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("18446744073709551616", "18446744073709551616"),
        ("1.5", "1.5"),
        ("true", "true"),
        ('" 5"', " 5"),
        ('"0x5"', "0x5"),
        ('""', ""),
        ("[1]", "[1]"),
        ("NaN", "NaN"),
        ("1" * 400, "1" * 400),
        ("1e999", "inf"),
    ],
)
def test_row_39_integers_that_do_not_fit_are_kept_as_text(sent: str, kept: str) -> None:
    """An attribute's value that is no 64-bit integer is a string, and the item says so."""
    assert (kept, ["intValue"]) == _raw_value(f'{{"intValue":{sent}}}')


@pytest.mark.parametrize(("sent", "kept"), [("1e3", 1000), ("1.0", 1), ("-9223372036854775808", -(2**63)), ("007", 7)])
def test_row_39_other_forms_of_integers_are_integers(sent: str, kept: int) -> None:
    """Forms that JSON or a lenient reader knows are no misfits."""
    assert (kept, []) == _value({"intValue": sent})


@pytest.mark.parametrize(
    ("value", "kept", "misfit"),
    [
        ({"stringValue": 5}, "5", "stringValue"),
        ({"stringValue": {"a": [1]}}, '{"a":[1]}', "stringValue"),
        ({"boolValue": "true"}, "true", "boolValue"),
        ({"boolValue": 1}, "1", "boolValue"),
        ({"doubleValue": "abc"}, "abc", "doubleValue"),
        ({"doubleValue": True}, "true", "doubleValue"),
        ({"doubleValue": "1e999"}, "1e999", "doubleValue"),
        ({"arrayValue": [1]}, "[1]", "arrayValue"),
        ({"arrayValue": {"values": 5}}, '{"values":5}', "arrayValue"),
        ({"kvlistValue": {"values": [5]}}, '{"values":[5]}', "kvlistValue"),
        ({"bytesValue": 5}, "5", "bytesValue"),
    ],
)
def test_values_of_another_kind_are_kept_as_text(value: Any, kept: str, misfit: str) -> None:
    """Nothing that was sent is lost because it was labelled wrongly."""
    assert (kept, [misfit]) == _value(value)


# --- null, base64, top level, text ---


NULLS: list[Any] = [
    {"resourceSpans": None},
    {"resourceSpans": [{"scopeSpans": None, "resource": None, "schemaUrl": None}]},
    {"resourceSpans": [{"scopeSpans": [{"spans": None, "scope": None}]}]},
    {"resourceSpans": [{"resource": {"attributes": None}, "scopeSpans": []}]},
]


@pytest.mark.parametrize("document", NULLS)
def test_J13_R03_null_for_a_field_is_absent(document: Any) -> None:
    """Null lists and messages are empty ones, without a warning."""
    batch = read_json(Signal.TRACES, document)

    assert (0, []) == (batch.received, batch.warnings)


def test_J13_row_57_null_fields_of_an_item_are_absent() -> None:
    """Every field of a span may be null."""
    keys = ("parentSpanId", "traceState", "flags", "kind", "attributes", "events", "links", "status", "endTimeUnixNano")
    nulls = _one(**dict.fromkeys((*keys, "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount", "name")))
    absent = item(_read({"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": 1}))

    assert absent == nulls
    assert ["invalid_trace_id"] == [rejection.reason for rejection in _read(_span(traceId=None)).rejections]


@pytest.mark.parametrize(
    "document",
    [
        _traces(None, _span()),
        {"resourceSpans": [None, *_traces(_span())["resourceSpans"]]},
        {"resourceSpans": [{"scopeSpans": [None, {"spans": [_span()]}]}]},
        _traces(_span(events=[None])),
        _traces(_span(links=[None])),
        _traces(_span(attributes=[None])),
        _traces(_span(attributes=[{"key": "a", "value": {"arrayValue": {"values": [None]}}}])),
        _traces(_span(attributes=[{"key": "a", "value": {"kvlistValue": {"values": [None]}}}])),
    ],
)
def test_J13_null_in_a_list_of_messages_is_skipped_with_a_warning(document: Any) -> None:
    """A null element costs nothing but a warning."""
    batch = read_json(Signal.TRACES, document)

    assert (1, 0) == (len(batch.rows), batch.rejected)
    assert ["null elements are skipped"] == [warning.partition(",")[0] for warning in batch.warnings]


@pytest.mark.parametrize("sent", ["+/+/", "-_-_", "+/+/AA==", "-_-_AA"])
def test_J14_base64_standard_or_url_safe_padded_or_not(sent: str) -> None:
    """All spellings of the same bytes are the same bytes."""
    expected = "+/+/AA==" if "AA" in sent else "+/+/"

    assert ({"bytesValue": expected}, []) == _value({"bytesValue": sent})


@pytest.mark.parametrize("sent", ["!!!!", "A", "AA AA", "é"])
def test_J14_what_is_no_base64_is_the_empty_value_with_a_note(sent: str) -> None:
    """Bytes that cannot be read are not silently none."""
    assert (None, ["bytesValue"]) == _value({"bytesValue": sent})


@pytest.mark.parametrize("body", [b"[]", b"null", b"1234", b'"x"', b"true"])
def test_J15_the_top_level_must_be_an_object(body: bytes) -> None:
    """JSON that is no object is no request."""
    with pytest.raises(Undecodable, match="body is JSON but not an object"):
        read_json(Signal.TRACES, body)


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"hello", b'{"a":1}x', b"\x00", b'{"resourceSpans":[{]}'])
def test_J15_R05_R11_what_is_no_json_is_undecodable(body: bytes) -> None:
    """Nothing, a part, or something else is refused as a whole."""
    with pytest.raises(Undecodable, match=f"body of {len(body)} bytes is not JSON at character"):
        read_json(Signal.TRACES, body)


def test_J15_a_byte_order_mark_is_tolerated() -> None:
    """UTF-8 with a mark in front is UTF-8."""
    assert "n" == item(_raw("\ufeff"))["name"]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_J15_other_charsets_are_undecodable(charset: str) -> None:
    """JSON is UTF-8; UTF-16 is named when it is recognised."""
    body = json.dumps(_traces(_span(name="é")), ensure_ascii=False).encode(charset)
    with pytest.raises(Undecodable, match="UTF-16" if charset == "utf-16" else "is not"):
        read_json(Signal.TRACES, body)


def test_J15_row_50_of_duplicate_keys_the_last_wins() -> None:
    """Equal keys in an object are not fatal, in the fast parser or the exact one."""
    for bare in ("", '"x":NaN,'):
        body = json.dumps(_traces(_span())).replace('"name": "n"', f'{bare}"name":"first","name":"last"')

        assert "last" == item(read_json(Signal.TRACES, body.encode()))["name"]


def test_J15_row_44_a_lone_surrogate_is_replaced_and_noted_on_its_item_alone() -> None:
    """Half a character becomes U+FFFD; whole pairs and escaped backslashes beside it are left alone."""
    body = json.dumps(_traces(_span(name="@"), _span())).replace("@", r"a\ud800b\ud83d\ude80\\ud800")
    batch = read_json(Signal.TRACES, body.encode())

    assert ["a\ufffdb\U0001f680\\ud800", "n"] == [found["name"] for found in items(batch)]
    assert ['{"mended":["surrogate"]}', None] == [found["repaired"] for found in items(batch)]


@pytest.mark.parametrize("place", ["resource", "scope", "schemaUrl", "key", "nested", "payload"])
def test_row_44_lone_surrogates_do_no_harm_anywhere(place: str) -> None:
    """Wherever one stands, the item is stored or refused with a payload that can be sent again."""
    pair = {"key": "k", "value": {"stringValue": "@"}}
    span = _span()
    envelope: dict[str, Any] = {"scopeSpans": [{"spans": [span]}]}
    if place == "resource":
        envelope["resource"] = {"attributes": [pair]}
    elif place == "scope":
        envelope["scopeSpans"][0]["scope"] = {"name": "@"}
    elif place == "schemaUrl":
        envelope["schemaUrl"] = "@"
    elif place == "key":
        span["attributes"] = {"@": 1}
    elif place == "nested":
        span["events"] = [{"attributes": [{"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "@"}]}}}]}]
    else:
        span |= {"traceId": "", "name": "@"}
    body = json.dumps({"resourceSpans": [envelope]}).replace("@", r"\udc00")
    batch = read_json(Signal.TRACES, body.encode())

    assert 1 == batch.received
    if place == "payload":
        assert b"\xef\xbf\xbd" in (batch.rejections[0].payload or b"")
    else:
        assert [["surrogate"]] == [orjson.loads(found["repaired"])["mended"] for found in items(batch)]


@pytest.mark.parametrize("bomb", ["[" * 100_000, '{"a":' * 100_000, '{"resourceSpans":' + "[" * 2000])
def test_J16_row_37_a_depth_bomb_is_undecodable_at_once(bomb: str) -> None:
    """Nesting without end costs milliseconds; the best of three runs counts, for the machine may be busy."""
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(Undecodable, match=r"nested too deep|is not JSON"):
            read_json(Signal.TRACES, bomb.encode())
        seconds.append(time.monotonic() - started)

    assert min(seconds) < 0.1


def test_J16_deep_values_are_cut_as_in_protobuf() -> None:
    """A value of any depth that still parses is stored, cut at the same place."""
    value: Any = {"stringValue": "x"}
    for _ in range(300):
        value = {"arrayValue": {"values": [value]}}
    body = json.dumps(_traces(_span(attributes=[{"key": "a", "value": value}]), _span())).encode()
    batch = read_json(Signal.TRACES, body)

    assert ['{"mended":["depth"]}', None] == [found["repaired"] for found in items(batch)]


def test_a_deep_value_without_kinds_is_cut_as_well() -> None:
    """Attributes written by hand have the same limit."""
    value: Any = "x"
    for _ in range(300):
        value = [value]
    batch = read_json(Signal.TRACES, json.dumps(_traces(_span(attributes={"a": value}))).encode())

    assert ["depth"] == orjson.loads(items(batch)[0]["repaired"])["mended"]


@pytest.mark.parametrize("field", ["startTimeUnixNano", "flags", "attributes", "name"])
@pytest.mark.parametrize("quoted", [False, True])
def test_J16_row_38_an_integer_of_5000_digits_refuses_that_item(field: str, *, quoted: bool) -> None:
    """An absurd number costs the item that it stands in and nothing else."""
    digits = f'"{"9" * 5000}"' if quoted else "9" * 5000
    sent = f'[{{"key":"a","value":{{"intValue":{digits}}}}}]' if field == "attributes" else digits
    body = json.dumps(_traces(_span(), _span(**{field: "@"}))).replace('"@"', sent)
    batch = read_json(Signal.TRACES, body.encode())
    refused = 0 if (field, quoted) == ("name", True) else 1

    assert (2 - refused, refused) == (len(batch.rows), batch.rejected)


def test_J16_an_absurd_number_in_an_unknown_field_is_ignored() -> None:
    """What is not read cannot hurt."""
    body = json.dumps(_traces(_span()))[:-1] + ',"x":' + "9" * 5000 + "}"

    assert 1 == len(read_json(Signal.TRACES, body.encode()).rows)


def test_J17_a_schema_url_inside_the_resource_is_ignored() -> None:
    """What JavaScript's serialiser sends there is unknown; the outer one counts."""
    envelope = {"resource": {"schemaUrl": "inner"}, "schemaUrl": "outer", "scopeSpans": [{"spans": [_span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert ("outer", []) == (item(batch)["resource_schema_url"], batch.warnings)


# --- exporters written by hand ---


def test_attributes_as_an_object_are_accepted_with_a_note() -> None:
    """Names and plain values are attributes, and OTLP's own values among them are understood."""
    sent = {
        "text": "x",
        "number": 5,
        "double": 1.5,
        "yes": True,
        "none": None,
        "list": [1, "a"],
        "object": {"k": {"l": 1}},
        "otlp": {"intValue": "7"},
        "large": 2**64 - 1,
    }
    batch = _read(_span(attributes=sent))
    found = item(batch)

    assert sent | {"otlp": 7, "large": str(2**64 - 1)} == orjson.loads(found["attributes"])
    assert {"attributesByHand": 9, "misfit": ["number"]} == orjson.loads(found["repaired"])
    assert "attributes are an object; OTLP/JSON has a list of key and value" in batch.warnings


def test_attributes_as_an_object_are_accepted_on_a_resource() -> None:
    """A resource written by hand keeps its service; the warning stands for the note."""
    envelope = {"resource": {"attributes": {"service.name": "hand"}}, "scopeSpans": [{"spans": [_span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert ["hand"] == [row[1] for row in batch.resources.values()]
    assert "a resource was kept with repairs: attributesByHand" in batch.warnings


def test_values_without_a_kind_are_accepted_with_a_warning() -> None:
    """A bare value is taken for what JSON says it is."""
    pairs = [{"key": "a", "value": "x"}, {"key": "b", "value": 5}, {"key": "c", "value": [1]}, {"key": "d"}]
    batch = _read(_span(attributes=pairs))

    assert {"a": "x", "b": 5, "c": [1], "d": None} == orjson.loads(item(batch)["attributes"])
    assert ['a value does not say its kind, as in {"stringValue": …}'] == batch.warnings


@pytest.mark.parametrize("attributes", ["x", 5, ["x"], [5]])
def test_row_32_attributes_that_are_none_refuse_the_item(attributes: Any) -> None:
    """What is neither a list nor an object costs the item that it stands in."""
    batch = _read(_span(), _span(attributes=attributes))

    assert (1, 1) == (len(batch.rows), batch.rejected)


def test_empty_messages_as_php_writes_them_are_accepted() -> None:
    """An empty list in place of an object is an empty object."""
    envelope = {"resource": [], "scopeSpans": [{"scope": [], "spans": [_span(status=[], attributes={}, events={})]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert (1, []) == (len(batch.rows), batch.warnings)


def test_texts_of_another_kind_are_kept_as_text() -> None:
    """A number for a name is its digits, with a note."""
    found = _one(name=5, traceState=True, status={"message": ["a"]})

    assert ("5", "true", '["a"]') == (found["name"], found["trace_state"], found["status_message"])
    assert {"misfit": ["status.message", "traceState", "name"]} == orjson.loads(found["repaired"])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"resourceSpans": 5}, "resourceSpans is not a list"),
        ({"resourceSpans": ["x"]}, r"resourceSpans\[0\] is not an object"),
        ({"resourceSpans": [{"scopeSpans": "x"}]}, "scopeSpans is not a list"),
        ({"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]}, "spans is not a list"),
        ({"resourceSpans": [{"resource": {"attributes": 5}}]}, "attributes is not a list"),
    ],
)
def test_what_is_no_envelope_is_undecodable(document: Any, message: str) -> None:
    """Above the items nothing can be refused alone."""
    with pytest.raises(Undecodable, match=f"body is not a traces request: {message}"):
        read_json(Signal.TRACES, document)


def test_a_bad_count_above_the_items_costs_nothing() -> None:
    """A resource's dropped_attributes_count is not worth refusing what stands below it."""
    envelope = {"resource": {"droppedAttributesCount": 1.5}, "scopeSpans": [{"spans": [_span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert 0 == item(batch)["resource_dropped_attributes_count"]
    assert ["resource: droppedAttributesCount is not an integer"] == batch.warnings


@pytest.mark.parametrize("odd", ["x", 5, [1], True])
def test_R06_an_item_that_is_no_object_is_refused_alone(odd: Any) -> None:
    """Whatever stands in the list of items costs itself only."""
    batch = _read(_span(), odd, _span())

    assert (2, ["not_an_object"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])


# --- metrics ---


@pytest.mark.parametrize("metric", ["x", {"name": "m", "gauge": {"dataPoints": "x"}}])
def test_a_metric_that_cannot_be_read_is_refused_as_one_item(metric: Any) -> None:
    """When its points cannot be counted, a metric counts as one, and the others are kept."""
    good = _gauge({"timeUnixNano": 1, "asInt": 1})["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]
    batch = read_json(Signal.METRICS, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [good, metric]}]}]})

    assert (1, 1) == (len(batch.rows), batch.rejected)
    assert "resourceMetrics[0].scopeMetrics[0].metrics[1]" == batch.rejections[0].position


def test_R08_a_points_place_is_told() -> None:
    """A refused point is found by envelope, scope, metric and index."""
    batch = read_json(Signal.METRICS, _gauge({"timeUnixNano": 1, "asInt": 1}, {"asInt": 1}))

    assert "resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[1]: time_unix_nano is 0" == batch.message


@pytest.mark.parametrize("key", ["gauge", "sum", "histogram", "exponentialHistogram", "summary"])
def test_M01_data_that_is_empty_or_null_has_no_points(key: str) -> None:
    """Null is absent, an empty object has no points."""
    for data in (None, {}, {"dataPoints": None}):
        metric = {"name": "m", key: data}

        assert 0 == read_json(Signal.METRICS, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).received


def test_M05_null_is_absent_for_optional_fields() -> None:
    """A sum of null is no sum."""
    document = _gauge()
    point = {"timeUnixNano": 1, "count": 1, "sum": None, "min": "NaN", "max": 5}
    document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"] = [{"name": "h", "histogram": {"dataPoints": [point]}}]
    found = item(read_json(Signal.METRICS, document))

    assert {"count": 1, "min": {"doubleValue": "NaN"}, "max": 5.0} == orjson.loads(found["data"])


# --- wrong signal, floods, payloads ---


@pytest.mark.parametrize(("sent", "to"), [(a, b) for a in Signal for b in Signal if a is not b])
def test_D12_row_5_another_signals_request_is_refused_with_the_right_path(sent: Signal, to: Signal) -> None:
    """A request posted to the wrong path is refused, and the answer names the right one."""
    with pytest.raises(Undecodable, match=f"looks like {sent}; send it to {WIRE[sent].path}"):
        read_json(to, {WIRE[sent].envelope_key: []})


def test_a_body_of_unknown_keys_alone_is_undecodable() -> None:
    """When nothing of a body is known to us, silence would hide the loss."""
    with pytest.raises(Undecodable, match="it has no resourceSpans"):
        read_json(Signal.TRACES, {"spans": [_span()]})


@pytest.mark.parametrize("signal", Signal)
def test_row_4_protobuf_sent_as_json_is_named(signal: Signal) -> None:
    """The message names the content type that would fit."""
    with pytest.raises(Undecodable, match="it looks like protobuf: send it with Content-Type: application/x-protobuf"):
        read_json(signal, build.body(signal))


@pytest.mark.parametrize("flood", [b"{}", b"[]", b'{"a":1}', b"[0]"])
def test_row_34_a_flood_of_tiny_objects_is_refused_in_time(flood: bytes) -> None:
    """Sixteen megabytes of nothing are refused before they are parsed."""
    body = b'{"resourceSpans":[' + (flood + b",") * (16_000_000 // (len(flood) + 1)) + b"{}]}"
    started = time.monotonic()
    with pytest.raises(Undecodable, match="too many tiny objects"):
        read_json(Signal.TRACES, body)

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("signal", Signal)
def test_real_requests_are_no_flood(signal: Signal) -> None:
    """Three megabytes of small but real items pass."""
    document = _everything()[signal]
    text = orjson.dumps(document)
    envelopes = WIRE[signal].envelope_key
    copies = 3_000_000 // len(text)
    batch = read_json(signal, {envelopes: document[envelopes] * copies})

    assert copies == len(batch.rows)


def test_braces_inside_text_are_no_flood() -> None:
    """A prompt may consist of braces."""
    batch = _read(_span(name="{[," * 1_000_000))

    assert 3_000_000 == len(item(batch)["name"])


def test_the_payload_of_a_refused_item_holds_it_alone() -> None:
    """A rejection keeps resource, scope and the one item as they came, ready to be sent again."""
    envelope = {
        "resource": {"attributes": [{"key": "a", "value": {"stringValue": "b"}}]},
        "schemaUrl": "u",
        "scopeSpans": [{"scope": {"name": "s"}, "schemaUrl": "v", "spans": [_span(), _span(traceId="x", more=[1])]}],
    }
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})
    envelope["scopeSpans"][0]["spans"].pop(0)  # type: ignore[index]  # it is a list of objects

    assert {"resourceSpans": [envelope]} == orjson.loads(batch.rejections[0].payload or b"")


def test_the_payload_of_a_refused_point_holds_it_alone() -> None:
    """The metric around a refused point keeps everything but the other points."""
    batch = read_json(Signal.METRICS, _gauge({"timeUnixNano": 1, "asInt": 1}, {"asInt": 77}))

    assert _gauge({"asInt": 77}) == orjson.loads(batch.rejections[0].payload or b"")


def test_an_item_too_deep_to_be_written_again_has_no_payload() -> None:
    """Keeping a refused item must not fail."""
    value: Any = []
    for _ in range(400):
        value = [value]
    body = json.dumps(_traces(_span(traceId="x", deep=value))).encode()

    assert [None] == [rejection.payload for rejection in read_json(Signal.TRACES, body).rejections]


@in_both
def test_C01_an_integer_that_needs_exact_parsing_changes_nothing_else(decoded: Any) -> None:
    """Reading a body a second time leaves nothing of the first reading behind."""
    request = build.traces(build.span(), build.span(trace_id=b"x"))
    expected = decoded(Signal.TRACES, request)
    document = twin(request)
    document["resourceSpans"][0]["scopeSpans"][0]["spans"].append(_span(flags=1e19))
    found = read_json(Signal.TRACES, document)

    assert expected.rows == found.rows
    assert ["invalid_trace_id", "out_of_range"] == [rejection.reason for rejection in found.rejections]
