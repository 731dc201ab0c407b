"""Turn attribute values into JSON text and back without losing their type.

An OTLP AnyValue is held as a plain Python value and stored as the JSON one would write by hand:
string, int, bool, double, array → list, kvlist → dict, empty → None.
What JSON cannot say is written as an object with one key, named as in OTLP/JSON:
`{"bytesValue": "<base64>"}`, `{"doubleValue": "NaN" | "Infinity" | "-Infinity"}`.
A kvlist that looks like one of these is wrapped as `{"kvlistValue": {...}}`.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b, sha256
from math import isnan
from typing import Any

import orjson

RESERVED = frozenset(("bytesValue", "doubleValue", "kvlistValue"))
MAX_VALUE_BYTES = 16 << 20
MAX_ATTRIBUTES = 1000
SIGNED_63 = (1 << 63) - 1
UNSIGNED_32 = (1 << 32) - 1

Plain = Any
Notes = dict[str, Any]


def text(value: Plain) -> str:
    """Write a plain value as JSON text."""
    return orjson.dumps(value).decode()


def text_or_none(value: Plain) -> str | None:
    """Write a plain value as JSON text, or nothing when there is nothing in it."""
    return orjson.dumps(value).decode() if value else None


def bounded_text(value: Plain, name: str, notes: Notes) -> str:
    """Write a plain value as JSON text; strings over 16 MiB in it are cut and noted (reliability.md row 53)."""
    written = orjson.dumps(value)
    if len(written) <= MAX_VALUE_BYTES:
        return written.decode()
    del written
    return orjson.dumps(cut(value, name, notes)).decode()


def from_bytes(value: bytes) -> Plain:
    """Hold bytes."""
    return {"bytesValue": b64encode(value).decode()}


def from_double(value: float) -> Plain:
    """Hold a double; JSON has no word for the three that are not finite."""
    if value - value == 0:
        return value
    if isnan(value):
        return {"doubleValue": "NaN"}
    return {"doubleValue": "Infinity" if value > 0 else "-Infinity"}


def from_kvlist(pairs: dict[str, Plain]) -> Plain:
    """Hold a kvlist, wrapped when it could be taken for something else."""
    if len(pairs) == 1 and not RESERVED.isdisjoint(pairs):
        return {"kvlistValue": pairs}
    return pairs


def to_any_value(value: Plain) -> dict[str, Any]:
    """Write a stored value as an OTLP/JSON AnyValue; nothing is an empty one."""
    write = WRITERS.get(type(value))
    return write(value) if write else {}


def to_key_values(attributes: dict[str, Plain]) -> list[dict[str, Any]]:
    """Write stored attributes as an OTLP/JSON list of KeyValue."""
    return [{"key": key, "value": to_any_value(value)} for key, value in attributes.items()]


def attributes_text(attributes: dict[str, Plain], notes: Notes) -> str:
    """Write attributes as JSON text, values over 16 MiB cut."""
    written = orjson.dumps(attributes)
    if len(written) <= MAX_VALUE_BYTES:
        return written.decode()
    del written
    return orjson.dumps({key: cut(value, key, notes) for key, value in attributes.items()}).decode()


def limited(attributes: dict[str, Plain], notes: Notes) -> int:
    """Drop what is over 1,000 attributes, in place, and count it (reliability.md row 35)."""
    surplus = list(attributes)[MAX_ATTRIBUTES:]
    for key in surplus:
        del attributes[key]
    if surplus:
        notes["attributesOverLimit"] = len(surplus)
    return len(surplus)


def cut(value: Plain, name: str, notes: Notes) -> Plain:
    """Cut strings over 16 MiB on a code point, wherever they stand; length and SHA-256 stay in the notes."""
    if isinstance(value, list):
        return [cut(item, name, notes) for item in value]
    if isinstance(value, dict):
        return {key: cut(item, name, notes) for key, item in value.items()}
    if not isinstance(value, str) or len(value) * 4 <= MAX_VALUE_BYTES:
        return value
    whole = value.encode()
    if len(whole) <= MAX_VALUE_BYTES:
        return value
    notes.setdefault("cut", {})[name] = {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}
    return whole[:MAX_VALUE_BYTES].decode(errors="ignore")


def content_id(*parts: object) -> int:
    """Make a signed 64-bit id from content: equal parts, equal id, in every process and database."""
    joined = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big", signed=True)


def _array(value: list[Plain]) -> dict[str, Any]:
    return {"arrayValue": {"values": [to_any_value(item) for item in value]}}


def _object(value: dict[str, Plain]) -> dict[str, Any]:
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key == "kvlistValue":
            return {"kvlistValue": {"values": to_key_values(inner)}}
        if key in RESERVED:
            return {key: inner}
    return {"kvlistValue": {"values": to_key_values(value)}}


WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    str: lambda value: {"stringValue": value},
    bool: lambda value: {"boolValue": value},
    int: lambda value: {"intValue": str(value)},
    float: lambda value: {"doubleValue": value},
    list: _array,
    dict: _object,
}
