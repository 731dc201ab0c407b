"""The values of OTLP/JSON attributes, those of exporters written by hand too (otlp.md J09-J12, J14)."""

import json
from typing import Any

import orjson
import pytest

from schema.signals import Signal
from tests.support.by_hand import read_raw, read_raw_value, read_spans, read_value, span, traces
from tests.support.otlp import item, items, read_json


def test_J09_large_integral_numbers_of_javascript_are_doubles() -> None:
    """1e+21 in place of an integer is kept as the double it is, with a note and a warning."""
    batch = read_raw("", attributes='[{"key":"a","value":{"intValue":1e+21}}]')

    assert ('{"a":1e+21}', '{"misfit":["intValue"]}') == (items(batch)[0]["attributes"], items(batch)[0]["repaired"])
    assert ["1 of 1 items kept with repairs: misfit"] == batch.warnings


@pytest.mark.parametrize("kind", ["doubleValue", "intValue", "stringValue", "arrayValue", "kvlistValue", "bytesValue"])
def test_J10_null_in_a_value_is_the_empty_value(kind: str) -> None:
    """What JavaScript makes of NaN leaves the attribute there and empty, and the batch unharmed."""
    assert (None, []) == read_value({kind: None})


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
    found, misfits = read_raw_value(f'{{"doubleValue":{sent}}}')

    assert (str(kept), []) == (str(found), misfits)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_J12_row_40_bare_names_of_doubles_are_accepted(token: str) -> None:
    """Python's json writes them, so they are read like the quoted form; no cause for a note."""
    assert ({"doubleValue": token}, []) == read_raw_value(f'{{"doubleValue":{token}}}')


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
    assert (kept, ["intValue"]) == read_raw_value(f'{{"intValue":{sent}}}')


@pytest.mark.parametrize(("sent", "kept"), [("1e3", 1000), ("1.0", 1), ("-9223372036854775808", -(2**63)), ("007", 7)])
def test_row_39_other_forms_of_integers_are_integers(sent: str, kept: int) -> None:
    """Forms that JSON or a lenient reader knows are no misfits."""
    assert (kept, []) == read_value({"intValue": sent})


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
    assert (kept, [misfit]) == read_value(value)


@pytest.mark.parametrize("sent", ["+/+/", "-_-_", "+/+/AA==", "-_-_AA"])
def test_J14_base64_standard_or_url_safe_padded_or_not(sent: str) -> None:
    """All spellings of the same bytes are the same bytes."""
    expected = "+/+/AA==" if "AA" in sent else "+/+/"

    assert ({"bytesValue": expected}, []) == read_value({"bytesValue": sent})


@pytest.mark.parametrize("sent", ["!!!!", "A", "AA AA", "é"])
def test_J14_what_is_no_base64_is_the_empty_value_with_a_note(sent: str) -> None:
    """Bytes that cannot be read are not silently none."""
    assert (None, ["bytesValue"]) == read_value({"bytesValue": sent})


def test_J16_deep_values_are_cut_as_in_protobuf() -> None:
    """A value of any depth that still parses is stored, cut at the same place."""
    value: Any = {"stringValue": "x"}
    for _ in range(300):
        value = {"arrayValue": {"values": [value]}}
    body = json.dumps(traces(span(attributes=[{"key": "a", "value": value}]), span())).encode()
    batch = read_json(Signal.TRACES, body)

    assert ['{"mended":["depth"]}', None] == [found["repaired"] for found in items(batch)]


def test_a_deep_value_without_kinds_is_cut_as_well() -> None:
    """Attributes written by hand have the same limit."""
    value: Any = "x"
    for _ in range(300):
        value = [value]
    batch = read_json(Signal.TRACES, json.dumps(traces(span(attributes={"a": value}))).encode())

    assert ["depth"] == orjson.loads(items(batch)[0]["repaired"])["mended"]


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
    batch = read_spans(span(attributes=sent))
    found = item(batch)

    assert sent | {"otlp": 7, "large": str(2**64 - 1)} == orjson.loads(found["attributes"])
    assert {"attributesByHand": 9, "misfit": ["number"]} == orjson.loads(found["repaired"])
    assert "attributes are an object; OTLP/JSON has a list of key and value" in batch.warnings


def test_attributes_as_an_object_are_accepted_on_a_resource() -> None:
    """A resource written by hand keeps its service; the warning stands for the note."""
    envelope = {"resource": {"attributes": {"service.name": "hand"}}, "scopeSpans": [{"spans": [span()]}]}
    batch = read_json(Signal.TRACES, {"resourceSpans": [envelope]})

    assert ["hand"] == [row[1] for row in batch.resources.values()]
    assert "a resource was kept with repairs: attributesByHand" in batch.warnings


def test_values_without_a_kind_are_accepted_with_a_warning() -> None:
    """A bare value is taken for what JSON says it is."""
    pairs = [{"key": "a", "value": "x"}, {"key": "b", "value": 5}, {"key": "c", "value": [1]}, {"key": "d"}]
    batch = read_spans(span(attributes=pairs))

    assert {"a": "x", "b": 5, "c": [1], "d": None} == orjson.loads(item(batch)["attributes"])
    assert ['a value does not say its kind, as in {"stringValue": …}'] == batch.warnings


@pytest.mark.parametrize("attributes", ["x", 5, ["x"], [5]])
def test_attributes_that_are_none_refuse_the_item(attributes: Any) -> None:
    """What is neither a list nor an object costs the item that it stands in."""
    batch = read_spans(span(), span(attributes=attributes))

    assert (1, 1) == (len(batch.rows), batch.rejected)
