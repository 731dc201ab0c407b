"""Write rows as OTLP requests in protobuf, in a third of the time that making OTLP/JSON first takes.

A request is messages within messages, each with its length in front: what is long, the attributes, is written here,
byte by byte; the few other fields of an item go the way of `schema.encode` and `schema.encode_protobuf`.
Metric points, whose attributes are few, go that way whole.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from struct import Struct
from typing import Any, Final

import orjson
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from schema import encode
from schema.encode import Item, Json
from schema.encode_protobuf import body, made
from schema.signals import Signal
from schema.values import Plain, to_any_value

HELD: Final = b"\x12"
"""The tag of what an envelope, or a scope in one, holds: field 2 of all of them."""
ENVELOPE: Final = b"\x0a"
"""The tag of an envelope in a request: field 1."""
DOUBLE: Final = Struct("<cd")
SIGNED: Final = 1 << 63
UNSIGNED: Final = 1 << 64
KEYS: Final = 4096
"""Names of attributes whose bytes are remembered."""

Write = Callable[[Item], bytes]


def request(signal: Signal, items: Sequence[Item]) -> bytes:
    """Write one request of all items; text that is not Unicode cannot be in it."""
    if signal is Signal.METRICS:
        return body(signal, encode.request(signal, items))
    envelope, scoped, write = PARTS[signal]
    return b"".join(
        _field(ENVELOPE, _envelope(envelope, scoped, write, list(group)))
        for _, group in groupby(items, encode.resource_key)
    )


def _envelope(envelope: type[Message], scoped: type[Message], write: Write, items: list[Item]) -> bytes:
    parts = [made(envelope, encode.resource(items[0])).SerializeToString()]
    for _, group in groupby(items, encode.scope_key):
        held = list(group)
        scope = made(scoped, encode.scope(held[0])).SerializeToString()
        parts.append(_field(HELD, scope + b"".join(_field(HELD, write(item)) for item in held)))
    return b"".join(parts)


def _span(item: Item) -> bytes:
    """Write a span: what every span has here, what few have by the longer way."""
    start, end = item["start_time_unix_nano"], item["end_time_unix_nano"]
    if start is None or end is None or not 0 <= item["kind"] < 128:
        # Times beyond SQLite's integers, kinds that OTLP does not know.
        return _item(Span, encode.span, b"\x4a", item)
    parent, told = item["parent_span_id"], item["attributes"]
    parts = [
        _field(b"\x0a", bytes.fromhex(item["trace_id"])),
        _field(b"\x12", bytes.fromhex(item["span_id"])),
        _field(b"\x22", bytes.fromhex(parent)) if parent else b"",
        _field(b"\x2a", item["name"].encode()) if item["name"] else b"",
        KIND_AND_TIMES.pack(b"\x30", item["kind"], b"\x39", start, b"\x41", end, b"\x85\x01", item["flags"]),
    ]
    if any(map(item.__getitem__, SELDOM)):
        parts.append(made(Span, encode.span({**item, **OFTEN})).SerializeToString())
    if told:
        parts.append(_attributes(b"\x4a", orjson.loads(told)))
    return b"".join(parts)


def _log(item: Item) -> bytes:
    return _item(LogRecord, encode.log, b"\x32", item)


def _item(kind: type[Message], write: Callable[[Item], Json], tag: bytes, item: Item) -> bytes:
    """Write an item, its attributes under a tag of their own behind the rest."""
    rest = made(kind, write({**item, "attributes": None})).SerializeToString()
    told = item["attributes"]
    return rest + _attributes(tag, orjson.loads(told)) if told else rest


def _attributes(tag: bytes, attributes: dict[str, Plain]) -> bytes:
    """Write attributes; most are short texts, for which no function is called but one."""
    parts: list[bytes] = []
    for key, value in attributes.items():
        if type(value) is str and len(raw := value.encode()) < NEARLY_SHORT:
            size = SHORT[len(raw)]
            held = SHORT[1 + len(size) + len(raw)]
            name = _key(key)
            whole = len(name) + 2 + len(held) + len(size) + len(raw)
            parts += (tag, SHORT[whole] if whole < len(SHORT) else _varint(whole), name, HELD, held, b"\x0a", size, raw)
        else:
            parts.append(_field(tag, _key(key) + _field(HELD, _value(value))))
    return b"".join(parts)


@lru_cache(KEYS)
def _key(key: str) -> bytes:
    return _field(b"\x0a", key.encode())


def _value(value: Plain) -> bytes:
    """Write an AnyValue."""
    write = WRITE.get(type(value))
    return made(AnyValue, to_any_value(value)).SerializeToString() if write is None else write(value)


def _whole(value: int) -> bytes:
    if not -SIGNED <= value < SIGNED:
        raise ValueError(f"{value} is no number of 64 bits")
    return b"\x18" + _varint(value if value >= 0 else value + UNSIGNED)


WRITE: Final[dict[type, Callable[[Any], bytes]]] = {
    str: lambda value: _field(b"\x0a", value.encode()),
    bool: lambda value: b"\x10\x01" if value else b"\x10\x00",
    int: _whole,
    float: lambda value: DOUBLE.pack(b"\x21", value),
}
"""How values that are written often are written: by their tags in AnyValue."""


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    if value < len(SHORT):
        return SHORT[value]
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _shorts(values: Iterable[int]) -> tuple[bytes, ...]:
    return tuple(bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7]) for value in values)


SHORT: Final = _shorts(range(1 << 14))
"""Varints of one and two bytes, which most lengths are."""
NEARLY_SHORT: Final = len(SHORT) - 8
KIND_AND_TIMES: Final = Struct("<cBcQcQ2sI")
"""Fields 6, 7, 8 and 16 of a span: its kind is a number of one byte, and OTLP has six of them."""
OFTEN: Final = dict.fromkeys(
    ("trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano", "flags"),
) | {"attributes": None, "repaired": None}
SELDOM: Final = (
    "trace_state",
    "dropped_attributes_count",
    "events",
    "dropped_events_count",
    "links",
    "dropped_links_count",
    "status_code",
    "status_message",
)
PARTS: Final[dict[Signal, tuple[type[Message], type[Message], Write]]] = {
    Signal.TRACES: (ResourceSpans, ScopeSpans, _span),
    Signal.LOGS: (ResourceLogs, ScopeLogs, _log),
}
