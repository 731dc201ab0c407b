"""JSON that is deep, long, exact, lenient or just odd: rows 37 to 40, 44, 50 and 57."""

import json
import time
from typing import Any

import grpc
import orjson
import pytest

from core.errors import Undecodable
from schema.json_parse import parse
from schema.signals import Signal
from tests.support import build_json
from tests.support.build_json import attribute, log, metric, point, span
from tests.support.neighbours import Sent, Way, among_json, kept, refused, refused_whole, repairs, send
from tests.support.service import Running

LONG = "1" * 5000
DEPTHS = {
    "arrays": "[" * 100_000,
    "closed arrays": "[" * 100_000 + "]" * 100_000,
    "objects": '{"a":' * 100_000,
    "in the request": '{"resourceSpans":' + "[" * 100_000,
    "in an unknown key": '{"resourceSpans":[],"x":' + "[" * 100_000 + "]" * 100_000 + "}",
}


def sent_json(service: Running, signal: Signal, bad: str) -> Sent:
    """Send a bad JSON item among good ones."""
    return send(service, Way.JSON, signal, among_json(signal, bad))


def with_value(value: Any) -> str:
    """Write a span with one attribute."""
    return span(attributes=[attribute("k", value)])


def stored(row: dict[str, Any]) -> Any:
    """Read the one attribute of a row."""
    return orjson.loads(row["attributes"])["k"]


@pytest.mark.parametrize("kind", DEPTHS)
@pytest.mark.parametrize("signal", Signal)
def test_row_37_a_depth_bomb_is_refused_as_a_whole(shared_service: Running, signal: Signal, kind: str) -> None:
    """JSON nested a hundred thousand deep is undecodable, and the service lives on."""
    assert refused_whole(send(shared_service, Way.JSON, signal, DEPTHS[kind].encode()))["reason"] == "undecodable"
    kept(sent_json(shared_service, signal, build_json.ONE[signal]()))


@pytest.mark.parametrize("kind", DEPTHS)
def test_row_37_a_depth_bomb_is_found_within_ten_milliseconds(kind: str) -> None:
    """Finding out takes next to no time; the best of five tries counts, for other programs run too."""
    times = []
    for _ in range(5):
        began = time.thread_time()
        with pytest.raises(Undecodable):
            parse(DEPTHS[kind].encode())
        times.append(time.thread_time() - began)

    assert min(times) < 0.01


@pytest.mark.parametrize(
    ("signal", "bad"),
    [
        (Signal.TRACES, with_value({"intValue": "LONG"})),
        (Signal.TRACES, with_value({"doubleValue": "LONG"})),
        (Signal.TRACES, with_value({"arrayValue": {"values": [{"intValue": "LONG"}]}})),
        (Signal.TRACES, with_value("LONG")),
        (Signal.TRACES, span(startTimeUnixNano="LONG")),
        (Signal.TRACES, span(flags="LONG")),
        (Signal.TRACES, span(events=[{"timeUnixNano": "LONG"}])),
        (Signal.LOGS, log(timeUnixNano="LONG")),
        (Signal.LOGS, log(body={"intValue": "LONG"})),
        (Signal.METRICS, metric("gauge", point(asInt="LONG"))),
        (Signal.METRICS, metric("gauge", point(asInt=None, asDouble="LONG"))),
        (Signal.METRICS, metric("sum", point(timeUnixNano="LONG"))),
    ],
)
def test_row_38_an_integer_of_5000_digits_costs_its_item(shared_service: Running, signal: Signal, bad: str) -> None:
    """An absurd number is refused with the item that holds it."""
    sent = sent_json(shared_service, signal, bad.replace('"LONG"', LONG))

    refused(sent, "invalid_double" if "asDouble" in bad else "invalid_integer")


def test_row_38_so_do_the_same_digits_in_quotes(shared_service: Running) -> None:
    """Quotes are how OTLP/JSON writes integers, so they make no difference; a double is kept as the text it was."""
    refused(sent_json(shared_service, Signal.TRACES, with_value({"intValue": LONG})), "invalid_integer")
    row = kept(sent_json(shared_service, Signal.TRACES, with_value({"doubleValue": LONG})))

    assert (stored(row), repairs(row)) == (LONG, {"misfit": ["doubleValue"]})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (1 << 63, "9223372036854775808"),
        (str(1 << 63), "9223372036854775808"),
        (-(1 << 63) - 1, "-9223372036854775809"),
        (1 << 64, "18446744073709551616"),
        (10**30, str(10**30)),
        (1.5, "1.5"),
        ("1.5", "1.5"),
        (True, "true"),
        (" 5", " 5"),
        ("0x10", "0x10"),
        ("", ""),
        ("five", "five"),
        ([5], "[5]"),
        ({"a": 5}, '{"a":5}'),
    ],
)
@pytest.mark.parametrize("signal", [Signal.TRACES, Signal.LOGS])
def test_row_39_what_is_no_integer_is_kept_as_text(
    shared_service: Running, signal: Signal, given: Any, wanted: str
) -> None:
    """An `intValue` that is none keeps its digits as text, and the item is marked."""
    bad = build_json.ONE[signal]()[:-1] + ', "attributes": ' + json.dumps([attribute("k", {"intValue": given})]) + "}"
    row = kept(sent_json(shared_service, signal, bad))

    assert stored(row) == wanted
    assert repairs(row) == {"misfit": ["intValue"]}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("1e3", 1000),
        (1e3, 1000),
        ("1.0", 1),
        ("-0", 0),
        (str((1 << 63) - 1), (1 << 63) - 1),
        ((1 << 63) - 1, (1 << 63) - 1),
        (-(1 << 63), -(1 << 63)),
        ("9007199254740993", 9007199254740993),
    ],
)
def test_row_39_odd_spellings_of_integers_are_integers(shared_service: Running, given: Any, wanted: int) -> None:
    """An exponent, a fraction of nothing and the ends of the range are exact integers, without a mark."""
    row = kept(sent_json(shared_service, Signal.TRACES, with_value({"intValue": given})))

    assert (stored(row), type(stored(row)), row["repaired"]) == (wanted, int, None)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("quoted", [True, False])
def test_row_40_numbers_without_a_word_in_json_are_accepted(shared_service: Running, token: str, quoted: bool) -> None:
    """Quoted as the mapping says, or bare as Python writes them, they are the numbers they name (otlp.md J12)."""
    given = token if quoted else float(token)
    row = kept(sent_json(shared_service, Signal.TRACES, with_value({"doubleValue": given})))
    gauge = kept(sent_json(shared_service, Signal.METRICS, metric("gauge", point(asInt=None, asDouble=given))))

    assert (stored(row), row["repaired"]) == ({"doubleValue": token}, None)
    assert gauge["data"] == '{"asDouble":"NaN"}' if token == "NaN" else gauge["value"] == float(token)


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        (span(name="cut \ud800 here"), "name"),
        (span(status={"message": "cut \ud83d here"}), "status_message"),
        (with_value({"stringValue": "cut \udc00 here"}), "attributes"),
        (with_value({"arrayValue": {"values": [{"stringValue": "cut \ud800 here"}]}}), "attributes"),
        (span(attributes=[attribute("cut \ud800 here", {"stringValue": "v"})]), "attributes"),
        (span(events=[{"timeUnixNano": "1", "name": "cut \ud800 here"}]), "events"),
        (span(traceState="cut \ud800 here"), "trace_state"),
    ],
)
def test_row_44_a_lone_surrogate_becomes_a_replacement_character(
    shared_service: Running, bad: str, column: str
) -> None:
    """Half of a pair, from a text that was cut, is replaced and the item marked; nothing later stumbles over it."""
    row = kept(sent_json(shared_service, Signal.TRACES, bad))

    assert "cut � here" in row[column]
    assert repairs(row) == {"mended": ["surrogate"]}


def test_row_44_a_lone_surrogate_above_the_items_marks_all_of_them(service: Running) -> None:
    """In what items share it is replaced too, and their neighbours in other envelopes are untouched."""
    body = orjson.loads(among_json(Signal.LOGS, log()))
    body["resourceLogs"].append(orjson.loads(orjson.dumps(body["resourceLogs"][0])))
    text = orjson.dumps(body).decode().replace('"stringValue":"tests"', '"stringValue":"\\ud800"', 1)
    sent = send(service, Way.JSON, Signal.LOGS, text.encode())

    assert (sent.told.code, sent.told.rejected) == (grpc.StatusCode.OK, 0)
    assert {row["service_name"] for row in sent.rows} == {"�", "tests"}


def test_row_44_a_whole_pair_is_one_character(shared_service: Running) -> None:
    """Two halves that belong together are left as they are."""
    row = kept(sent_json(shared_service, Signal.TRACES, span(name="party \U0001f389")))

    assert (row["name"], row["repaired"]) == ("party \U0001f389", None)


def test_row_50_of_equal_json_keys_the_last_counts(shared_service: Running) -> None:
    """In objects that repeat a key the last one wins, whatever parser is needed for the rest."""
    plain, exact = span(name="first"), span(name="first", attributes=[attribute("k", {"doubleValue": float("nan")})])

    for bad in (plain, exact):
        twice = bad.replace('"name": "first"', '"name": "first", "name": "last"')

        assert kept(sent_json(shared_service, Signal.TRACES, twice))["name"] == "last"


@pytest.mark.parametrize(("given", "wanted"), [("SPAN_KIND_SERVER", 2), ("2", 0), ("nonsense", 0), (99, 99), (-1, -1)])
def test_row_57_enums_are_never_a_reason_to_refuse(service: Running, given: Any, wanted: int) -> None:
    """A name is understood, an unknown number kept, anything else 0; names and nonsense are warned of."""
    sent = sent_json(service, Signal.TRACES, span(kind=given))

    assert kept(sent)["kind"] == wanted
    assert ("kind" in sent.told.message) is isinstance(given, str)


def test_row_57_keys_in_snake_case_are_ignored_with_a_warning(service: Running) -> None:
    """OTLP/JSON knows lowerCamelCase only; the warning names both spellings, and the right one wins."""
    sent = sent_json(service, Signal.TRACES, span(trace_state="no", traceState="yes", dropped_links_count=7))
    row = kept(sent)

    assert (row["trace_state"], row["dropped_links_count"]) == ("yes", 0)
    assert "trace_state" in sent.told.message
    assert "traceState" in sent.told.message


@pytest.mark.parametrize("signal", Signal)
def test_row_57_null_is_absent(shared_service: Running, signal: Signal) -> None:
    """Each field that may be missing may be null, and null elements of lists are passed over."""
    fields = {
        Signal.TRACES: [
            "parentSpanId",
            "traceState",
            "flags",
            "attributes",
            "events",
            "links",
            "status",
            "name",
            "kind",
        ],
        Signal.LOGS: ["observedTimeUnixNano", "attributes", "traceId", "spanId", "flags", "body", "eventName"],
        Signal.METRICS: ["description", "unit", "metadata"],
    }[signal]
    item = orjson.loads(build_json.ONE[signal]()) | dict.fromkeys(fields)
    row = kept(sent_json(shared_service, signal, orjson.dumps(item).decode()))

    assert row["repaired"] is None


@pytest.mark.parametrize("signal", Signal)
def test_row_57_null_elements_are_passed_over(service: Running, signal: Signal) -> None:
    """A null in a list of items is no item, and is warned of."""
    sent = send(service, Way.JSON, signal, build_json.request(signal, build_json.ONE[signal](), "null"))

    assert (sent.told.code, sent.told.rejected, len(sent.rows)) == (grpc.StatusCode.OK, 0, 1)
    assert "null" in sent.told.message
