"""Read attribute values from protobuf messages."""

from collections.abc import Callable, Iterable
from typing import Any

from schema.values import Notes, Plain, from_bytes, from_double, from_kvlist

Message = Any
"""A generated protobuf message; upb gives them no useful type."""


def attributes(pairs: Any, notes: Notes) -> dict[str, Plain]:
    """Read attributes; of equal keys the last wins and the others are noted (otlp.md D11).

    The first, cheap questions cannot tell an empty string, a zero and other kinds apart; only these are asked again.
    """
    found: dict[str, Plain] = {}
    for pair in pairs:
        value = pair.value
        found[pair.key] = value.string_value or value.int_value or plain(value)
    if len(found) != len(pairs):
        notes["duplicateKeys"] = notes.get("duplicateKeys", 0) + len(pairs) - len(found)
    if "" in found:
        _without_key(pairs, found, notes)
    return found


def plain(value: Message) -> Plain:
    """Read an AnyValue; None when it is empty."""
    kind = value.WhichOneof("value")
    return READERS[kind](value) if kind else None


def _kvlist(value: Message) -> Plain:
    return from_kvlist({pair.key: plain(pair.value) for pair in value.kvlist_value.values})


def _array(value: Message) -> Plain:
    return [plain(item) for item in value.array_value.values]


READERS: dict[str, Callable[[Message], Plain]] = {
    "string_value": lambda value: value.string_value,
    "int_value": lambda value: value.int_value,
    "bool_value": lambda value: value.bool_value,
    "double_value": lambda value: from_double(value.double_value),
    "array_value": _array,
    "kvlist_value": _kvlist,
    "bytes_value": lambda value: from_bytes(value.bytes_value),
    "string_value_strindex": lambda _: None,
}
"""A string index means something in profiles only; elsewhere the value counts as empty (otlp.md P02)."""


def _without_key(pairs: Iterable[Message], found: dict[str, Plain], notes: Notes) -> None:
    """Drop attributes whose key is an index into a table that only profiles have (otlp.md P02)."""
    indexed = sum(1 for pair in pairs if pair.key_strindex and not pair.key)
    if indexed:
        notes["keysByIndex"] = indexed
        del found[""]
