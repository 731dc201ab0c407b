"""JSON bodies: charsets, surrogates, duplicate keys, bombs and floods (otlp.md J15, J16)."""

import json
import time
from typing import Any

import orjson
import pytest

from core.errors import TooLarge, Undecodable
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.by_hand import everything, read_raw, read_spans, span, traces
from tests.support.otlp import in_both, item, items, read_json, twin


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
    assert "n" == item(read_raw("\ufeff"))["name"]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_J15_other_charsets_are_undecodable(charset: str) -> None:
    """JSON is UTF-8; UTF-16 is named when it is recognised."""
    body = json.dumps(traces(span(name="é")), ensure_ascii=False).encode(charset)
    with pytest.raises(Undecodable, match="UTF-16" if charset == "utf-16" else "is not"):
        read_json(Signal.TRACES, body)


def test_J15_row_50_of_duplicate_keys_the_last_wins() -> None:
    """Equal keys in an object are not fatal, in the fast parser or the exact one."""
    for bare in ("", '"x":NaN,'):
        body = json.dumps(traces(span())).replace('"name": "n"', f'{bare}"name":"first","name":"last"')

        assert "last" == item(read_json(Signal.TRACES, body.encode()))["name"]


def test_J15_row_44_a_lone_surrogate_is_replaced_and_noted_on_its_item_alone() -> None:
    """Half a character becomes U+FFFD; whole pairs and escaped backslashes beside it are left alone."""
    body = json.dumps(traces(span(name="@"), span())).replace("@", r"a\ud800b\ud83d\ude80\\ud800")
    batch = read_json(Signal.TRACES, body.encode())

    assert ["a\ufffdb\U0001f680\\ud800", "n"] == [found["name"] for found in items(batch)]
    assert ['{"mended":["surrogate"]}', None] == [found["repaired"] for found in items(batch)]


@pytest.mark.parametrize("place", ["resource", "scope", "schemaUrl", "key", "nested", "payload"])
def test_row_44_lone_surrogates_do_no_harm_anywhere(place: str) -> None:
    """Wherever one stands, the item is stored or refused with a payload that can be sent again."""
    pair = {"key": "k", "value": {"stringValue": "@"}}
    held = span()
    envelope: dict[str, Any] = {"scopeSpans": [{"spans": [held]}]}
    if place == "resource":
        envelope["resource"] = {"attributes": [pair]}
    elif place == "scope":
        envelope["scopeSpans"][0]["scope"] = {"name": "@"}
    elif place == "schemaUrl":
        envelope["schemaUrl"] = "@"
    elif place == "key":
        held["attributes"] = {"@": 1}
    elif place == "nested":
        held["events"] = [{"attributes": [{"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "@"}]}}}]}]
    else:
        held |= {"traceId": "", "name": "@"}
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
        started = time.process_time()
        with pytest.raises(Undecodable, match=r"nested too deep|is not JSON"):
            read_json(Signal.TRACES, bomb.encode())
        seconds.append(time.process_time() - started)

    assert min(seconds) < 0.1


@pytest.mark.parametrize("field", ["startTimeUnixNano", "flags", "attributes", "name"])
@pytest.mark.parametrize("quoted", [False, True])
def test_J16_row_38_an_integer_of_5000_digits_refuses_that_item(field: str, *, quoted: bool) -> None:
    """An absurd number costs the item that it stands in and nothing else."""
    digits = f'"{"9" * 5000}"' if quoted else "9" * 5000
    sent = f'[{{"key":"a","value":{{"intValue":{digits}}}}}]' if field == "attributes" else digits
    body = json.dumps(traces(span(), span(**{field: "@"}))).replace('"@"', sent)
    batch = read_json(Signal.TRACES, body.encode())
    refused = 0 if (field, quoted) == ("name", True) else 1

    assert (2 - refused, refused) == (len(batch.rows), batch.rejected)


def test_J16_an_absurd_number_in_an_unknown_field_is_ignored() -> None:
    """What is not read cannot hurt."""
    body = json.dumps(traces(span()))[:-1] + ',"x":' + "9" * 5000 + "}"

    assert 1 == len(read_json(Signal.TRACES, body.encode()).rows)


@pytest.mark.parametrize("flood", [b"{}", b"[]", b'{"a":1}', b"[0]"])
def test_row_34_a_flood_of_tiny_objects_is_refused(flood: bytes) -> None:
    """Sixteen megabytes of nothing are refused before they are parsed."""
    body = b'{"resourceSpans":[' + (flood + b",") * (16_000_000 // (len(flood) + 1)) + b"{}]}"

    with pytest.raises(Undecodable, match="too many tiny objects"):
        read_json(Signal.TRACES, body)


def test_row_34_too_many_values_are_too_large() -> None:
    """Sixty megabytes of numbers, or of keys, would take a gigabyte: smaller batches are asked for."""
    numbers = b'{"resourceSpans":[],"x":[' + b"0," * 31_000_000 + b"0]}"
    keys = b'{"resourceSpans":[],"x":{' + b",".join(b'"%x":0' % number for number in range(5_000_000)) + b"}}"
    for body in (numbers, keys):
        with pytest.raises(TooLarge, match="too many values to read at once; send smaller batches"):
            read_json(Signal.TRACES, body)


@pytest.mark.parametrize("signal", Signal)
def test_real_requests_are_no_flood(signal: Signal) -> None:
    """Three megabytes of small but real items pass."""
    document = everything()[signal]
    text = orjson.dumps(document)
    envelopes = WIRE[signal].envelope_key
    copies = 3_000_000 // len(text)
    batch = read_json(signal, {envelopes: document[envelopes] * copies})

    assert copies == len(batch.rows)


def test_braces_inside_text_are_no_flood() -> None:
    """A prompt may consist of braces."""
    batch = read_spans(span(name="{[," * 1_000_000))

    assert 3_000_000 == len(item(batch)["name"])


@in_both
def test_C01_an_integer_that_needs_exact_parsing_changes_nothing_else(decoded: Any) -> None:
    """Reading a body a second time leaves nothing of the first reading behind."""
    request = build.traces(build.span(), build.span(trace_id=b"x"))
    expected = decoded(Signal.TRACES, request)
    document = twin(request)
    document["resourceSpans"][0]["scopeSpans"][0]["spans"].append(span(flags=1e19))
    found = read_json(Signal.TRACES, document)

    assert expected.rows == found.rows
    assert ["invalid_trace_id", "out_of_range"] == [rejection.reason for rejection in found.rejections]
