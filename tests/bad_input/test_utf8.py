"""Bytes that are no text, where text should be: row 45."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from schema.signals import Signal
from tests.support import build, build_json
from tests.support.neighbours import (
    GOOD,
    ITEMS,
    PROTOBUF_WAYS,
    Way,
    among,
    among_json,
    envelope,
    field,
    kept,
    refused_whole,
    repairs,
    send,
)
from tests.support.service import Running

KINDS = {
    "cut": b"caf\xc3",
    "cut emoji": b"party \xf0\x9f\x8e",
    "byte": b"a\xffb",
    "surrogates": b"\xed\xa0\xbc\xed\xbe\x89",
    "overlong": b"\xc0\xaf\xe0\x80\xaf",
    "beyond": b"\xf4\x90\x80\x80",
    "continuation": b"\x80\x80",
    "latin": "Größe".encode("latin-1"),
}
BAD = b"|".join(KINDS.values())
PAIR = field(1, b"k") + field(2, field(1, BAD))
KEY = field(1, BAD) + field(2, field(1, b"v"))
INSIDE = field(1, b"k") + field(2, field(5, field(1, field(6, field(1, PAIR)))))
SPAN = GOOD[Signal.TRACES]
LOG = GOOD[Signal.LOGS]


def number_point(extra: bytes) -> bytes:
    """Write a metric with one point that has an extra field."""
    return field(1, b"m") + field(5, field(1, build.point().SerializeToString() + extra))


FIELDS: dict[str, tuple[Signal, Callable[[], bytes]]] = {
    "span name": (Signal.TRACES, lambda: SPAN() + field(5, BAD)),
    "trace state": (Signal.TRACES, lambda: SPAN() + field(3, BAD)),
    "status": (Signal.TRACES, lambda: SPAN() + field(15, field(2, BAD))),
    "attribute": (Signal.TRACES, lambda: SPAN() + field(9, PAIR)),
    "attribute key": (Signal.TRACES, lambda: SPAN() + field(9, KEY)),
    "value inside": (Signal.TRACES, lambda: SPAN() + field(9, INSIDE)),
    "event name": (Signal.TRACES, lambda: SPAN() + field(11, field(2, BAD))),
    "event attribute": (Signal.TRACES, lambda: SPAN() + field(11, field(3, PAIR))),
    "link state": (Signal.TRACES, lambda: SPAN() + field(13, field(3, BAD))),
    "link attribute": (Signal.TRACES, lambda: SPAN() + field(13, field(4, PAIR))),
    "severity": (Signal.LOGS, lambda: LOG() + field(3, BAD)),
    "body": (Signal.LOGS, lambda: LOG() + field(5, field(1, BAD))),
    "body inside": (Signal.LOGS, lambda: LOG() + field(5, field(6, field(1, PAIR)))),
    "event of log": (Signal.LOGS, lambda: LOG() + field(12, BAD)),
    "log attribute": (Signal.LOGS, lambda: LOG() + field(6, PAIR)),
    "metric name": (Signal.METRICS, lambda: number_point(b"") + field(1, BAD)),
    "description": (Signal.METRICS, lambda: number_point(b"") + field(2, BAD)),
    "unit": (Signal.METRICS, lambda: number_point(b"") + field(3, BAD)),
    "metadata": (Signal.METRICS, lambda: number_point(b"") + field(12, PAIR)),
    "point attribute": (Signal.METRICS, lambda: number_point(field(7, PAIR))),
    "exemplar": (Signal.METRICS, lambda: number_point(field(5, field(7, PAIR)))),
}
ABOVE: dict[str, Callable[[bytes], bytes]] = {
    "resource": lambda items: envelope(items, resource=field(1, PAIR)),
    "scope": lambda items: envelope(field(1, field(1, BAD)) + items),
    "scope attribute": lambda items: envelope(field(1, field(3, PAIR)) + items),
    "schema": lambda items: envelope(items + field(3, BAD)),
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_45_bad_utf8_is_replaced_wherever_it_stands(shared_service: Running, way: Way, name: str) -> None:
    """Bytes that are no UTF-8 become replacement characters, the item is marked, its neighbours do not notice."""
    signal, write = FIELDS[name]
    row = kept(send(shared_service, way, signal, among(signal, write())))

    assert found(row, BAD.decode(errors="replace"))
    assert repairs(row) == {"mended": ["utf8"]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_45_bad_utf8_of_every_kind_is_replaced(shared_service: Running, way: Way, kind: str) -> None:
    """Cut characters, stray bytes, surrogates, overlong forms and other codings are all mended alike."""
    row = kept(send(shared_service, way, Signal.TRACES, among(Signal.TRACES, SPAN() + field(5, KINDS[kind]))))

    assert row["name"] == KINDS[kind].decode(errors="replace")
    assert repairs(row) == {"mended": ["utf8"]}


@pytest.mark.parametrize("name", ABOVE)
@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_45_bad_utf8_above_the_items_is_replaced(service: Running, way: Way, name: str) -> None:
    """In a resource or scope it is replaced too, and all the items below are kept and marked."""
    items = b"".join(field(2, SPAN()) for _ in range(ITEMS))
    sent = send(service, way, Signal.TRACES, ABOVE[name](items))

    assert (sent.told.code, sent.told.rejected, len(sent.rows)) == (grpc.StatusCode.OK, 0, ITEMS)
    assert {repr(repairs(row)) for row in sent.rows} == {"{'mended': ['utf8']}"}
    assert all(found(row, BAD.decode(errors="replace")) for row in sent.rows)


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("kind", KINDS)
def test_row_45_json_that_is_no_utf8_is_refused(shared_service: Running, kind: str, signal: Signal) -> None:
    """JSON is text as a whole: a body that is not is refused, and kept to be looked at (otlp.md J15)."""
    good = among_json(signal, build_json.ONE[signal]())
    sent = send(shared_service, Way.JSON, signal, good.replace(b'"tests"', b'"' + KINDS[kind] + b'"'))

    assert refused_whole(sent)["reason"] == "undecodable"
    assert "UTF-8" in sent.told.message


def found(row: dict[str, Any], text: str) -> bool:
    """Say whether a text stands somewhere in a row."""
    return any(isinstance(value, str) and text in value for value in row.values())
