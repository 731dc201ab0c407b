"""Values as JSON text: nothing loses its type."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from schema.json_fields import Findings
from schema.json_values import ITEM, plain
from schema.signals import Signal
from schema.values import (
    MAX_ATTRIBUTES,
    MAX_VALUE_BYTES,
    attributes_text,
    content_id,
    cut,
    from_bytes,
    from_double,
    from_kvlist,
    limited,
    text,
    text_or_none,
    to_any_value,
    to_key_values,
)
from tests.support import build
from tests.support.otlp import Read, array, in_both, item, kvlist, nested, twin
from tests.support.strategies import any_values

ONE_KEY = [{"bytesValue": "x"}, {"doubleValue": 1}, {"kvlistValue": {}}, {"kvlistValue": {"bytesValue": "AA=="}}]


@pytest.mark.parametrize("value", ["", "a\0b", 0, 1, True, 1.5, -0.0, [], [1, "a"], {}, {"a": None}, None])
def test_plain_json_stays_what_it_is(value: Any) -> None:
    """A value that JSON can say is written as one would write it by hand."""
    assert orjson.dumps(value).decode() == text(value)


def test_nothing_is_written_for_nothing() -> None:
    """Empty lists and objects take no room where a column may be null."""
    assert (None, None, "[1]") == (text_or_none([]), text_or_none({}), text_or_none([1]))


@pytest.mark.parametrize(("value", "held"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_Q02_doubles_that_are_not_finite_are_held_by_name(value: float, held: str) -> None:
    """NaN and the infinities keep type and value; JSON has no word for them and SQLite makes NULL of NaN."""
    assert {"doubleValue": held} == from_double(value)
    assert {"doubleValue": held} == to_any_value(from_double(value))


@pytest.mark.parametrize("pairs", ONE_KEY)
def test_a_kvlist_that_looks_like_something_else_is_wrapped(pairs: dict[str, Any]) -> None:
    """A kvlist whose only key is a reserved word is not mistaken for bytes or a double."""
    assert {"kvlistValue": {"values": to_key_values(pairs)}} == to_any_value(from_kvlist(pairs))


@given(any_values)
def test_Q04_every_value_keeps_its_type(value: AnyValue) -> None:
    """Reading a value, writing it as OTLP/JSON and reading it again gives the same."""
    held = plain(twin(value), Findings(exact=True), ITEM)

    assert text(held) == text(plain(to_any_value(orjson.loads(text(held))), Findings(exact=True), ITEM))


KINDS: list[tuple[dict[str, Any], str]] = [
    ({"int_value": 1}, "1"),
    ({"double_value": 1.0}, "1.0"),
    ({"bool_value": True}, "true"),
    ({"string_value": "1"}, '"1"'),
    ({"string_value": ""}, '""'),
    ({}, "null"),
    ({"int_value": 0}, "0"),
    ({"bytes_value": b""}, '{"bytesValue":""}'),
    ({"array_value": {}}, "[]"),
    ({"kvlist_value": {}}, "{}"),
]


@in_both
@pytest.mark.parametrize(("fields", "expected"), KINDS)
def test_Q04_kinds_of_value_stay_apart(decoded: Read, fields: dict[str, Any], expected: str) -> None:
    """An integer, a double, a boolean, a string, bytes and the empty value are told apart."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=[_pair("a", AnyValue(**fields))]))))

    assert f'{{"a":{expected}}}' == found["attributes"]


@in_both
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_Q02_an_attribute_that_is_not_finite_is_kept(decoded: Read, value: float) -> None:
    """NaN and the infinities survive as attributes."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=build.attributes({"a": value})))))

    assert {"a": from_double(value)} == orjson.loads(found["attributes"])


@in_both
def test_Q03_nul_in_text_is_kept_whole(decoded: Read) -> None:
    """Strings made of NULs, as load generators send them, keep their length."""
    span = build.span(name="a\0b", attributes=build.attributes({"\0": "\0" * 1000}))
    found = item(decoded(Signal.TRACES, build.traces(span)))

    assert ("a\0b", {"\0": "\0" * 1000}) == (found["name"], orjson.loads(found["attributes"]))


@in_both
def test_row_41_minus_zero_is_kept(decoded: Read) -> None:
    """The sign of zero survives."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=build.attributes({"a": -0.0})))))

    assert '{"a":-0.0}' == found["attributes"]


@in_both
@pytest.mark.parametrize("key", ["", "k" * 65536, "a.b", 'a"b', "a'b", "a]b", "$", "a\0b"])
def test_row_51_odd_keys_are_kept(decoded: Read, key: str) -> None:
    """An attribute's key may be any text."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=build.attributes({key: 1})))))

    assert {key: 1} == orjson.loads(found["attributes"])


@in_both
@pytest.mark.parametrize("key", ["__proto__", "constructor", "prototype"])
def test_row_52_keys_with_a_meaning_elsewhere_are_kept(decoded: Read, key: str) -> None:
    """Names that mean something in JavaScript are names like others."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=build.attributes({key: "x"})))))

    assert {key: "x"} == orjson.loads(found["attributes"])


@in_both
@pytest.mark.parametrize("value", ["\u202egnp", "a\u200bb", "e" + "\u0301" * 50, "\ufffe", "\x1b]0;x\x07", "a\r\nb"])
def test_row_47_strange_text_is_kept_exactly(decoded: Read, value: str) -> None:
    """Direction marks, zero-width signs, escapes and line ends are stored as they came."""
    found = item(decoded(Signal.TRACES, build.traces(build.span(name=value))))

    assert value == found["name"]


@in_both
def test_row_54_nested_values_are_kept(decoded: Read) -> None:
    """Arrays of different kinds, bytes, kvlists and empty values nest in each other without loss."""
    mixed = array(AnyValue(), AnyValue(bytes_value=b"\xff"), AnyValue(int_value=1))
    value = kvlist(_pair("list", mixed), _pair("none", AnyValue()))
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=[_pair("a", value)]))))

    assert {"a": {"list": [None, {"bytesValue": "/w=="}, 1], "none": None}} == orjson.loads(found["attributes"])


@in_both
def test_nesting_up_to_the_parsers_limit_is_exact(decoded: Read) -> None:
    """47 arrays within each other are kept as they came."""
    value = nested(47, AnyValue(string_value="x"))
    found = item(decoded(Signal.TRACES, build.traces(build.span(attributes=[_pair("a", value)]))))

    assert ('{"a":' + "[" * 47 + '"x"' + "]" * 47 + "}", None) == (found["attributes"], found["repaired"])


def test_row_53_a_long_string_is_cut_on_a_code_point() -> None:
    """A string over 16 MiB loses its end, never half a character; length and hash stay in the notes."""
    notes: dict[str, Any] = {}
    found = cut("x" + "é" * (MAX_VALUE_BYTES // 2), "body", notes)

    assert MAX_VALUE_BYTES - 1 == len(found.encode())
    assert MAX_VALUE_BYTES + 1 == notes["cut"]["body"]["bytes"]
    assert 64 == len(notes["cut"]["body"]["sha256"])


def test_row_53_a_long_attribute_is_cut_and_its_neighbours_are_not() -> None:
    """Only the attribute that is too long is cut."""
    notes: dict[str, Any] = {}
    written = attributes_text({"long": "x" * (MAX_VALUE_BYTES + 1), "short": "y"}, notes)

    assert (MAX_VALUE_BYTES, "y") == (len(orjson.loads(written)["long"]), orjson.loads(written)["short"])
    assert ["long"] == list(notes["cut"])


def test_row_35_attributes_over_a_thousand_are_dropped_and_counted() -> None:
    """The first thousand attributes stay; how many went is noted."""
    notes: dict[str, Any] = {}
    attributes: dict[str, Any] = {str(number): number for number in range(MAX_ATTRIBUTES + 7)}

    assert 7 == limited(attributes, notes)
    assert (MAX_ATTRIBUTES, {"attributesOverLimit": 7}) == (len(attributes), notes)


@in_both
def test_row_35_dropped_attributes_raise_the_count(decoded: Read) -> None:
    """A span's dropped_attributes_count tells of what was dropped here as well, and stays within 32 bits."""
    many = build.attributes({str(number): number for number in range(MAX_ATTRIBUTES + 1)})
    request = build.traces(
        build.span(attributes=many, dropped_attributes_count=2),
        build.span(attributes=many, dropped_attributes_count=2**32 - 1),
    )
    counts = [row[15] for row in decoded(Signal.TRACES, request).rows]

    assert [3, 2**32 - 1] == counts


def test_content_ids_are_made_of_content() -> None:
    """Equal parts give an equal id of 64 bits, other parts another."""
    assert content_id("a", 1, None) == content_id("a", 1, None)
    assert content_id("a", 1, None) != content_id("a", 1, "")
    assert -(2**63) <= content_id("a") < 2**63


def test_bytes_are_held_as_base64() -> None:
    """Bytes are held as OTLP/JSON writes them."""
    assert {"bytesValue": "/w=="} == from_bytes(b"\xff") == to_any_value(from_bytes(b"\xff"))


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_written_as_strings(value: int) -> None:
    """OTLP/JSON writes 64-bit integers as strings."""
    assert {"intValue": str(value)} == to_any_value(value)


def _pair(key: str, value: AnyValue) -> KeyValue:
    return KeyValue(key=key, value=value)
