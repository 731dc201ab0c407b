"""Read attribute values from protobuf messages."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from schema.messages import KeyValue
from schema.protobuf_parse import parse
from schema.values import Notes, Plain, from_bytes, from_double, from_kvlist

Message = Any
"""A generated protobuf message; upb gives them no useful type."""


class Known(dict[bytes, tuple[str, Plain]]):
    """Know pairs again by their bytes: agents repeat themselves, and most were met before.

    Only small ones are remembered, which takes about three megabytes at most; nobody may change what they hold.
    """

    MAX_BYTES = 128
    MAX_PAIRS = 8192

    def __missing__(self, raw: bytes) -> tuple[str, Plain]:
        """Read a pair that is not known; raise DecodeError when it has to be mended."""
        read = _pair(KeyValue.FromString(raw))
        if len(raw) <= self.MAX_BYTES:
            if len(self) >= self.MAX_PAIRS:
                self.clear()
            self[raw] = read
        return read


KNOWN = Known()


def attributes(pairs: Sequence[bytes], notes: Notes) -> dict[str, Plain]:
    """Read attributes; of equal keys the last wins and the others are noted (otlp.md D11)."""
    try:
        found = dict(map(KNOWN.__getitem__, pairs))
    except DecodeError:
        found = dict(_pair(parse(KeyValue, pair, notes)) for pair in pairs)
    if len(found) != len(pairs):
        notes["duplicateKeys"] = notes.get("duplicateKeys", 0) + len(pairs) - len(found)
    if "" in found:
        _without_key(pairs, found, notes)
    return found


def _pair(pair: Message) -> tuple[str, Plain]:
    """Read a KeyValue.

    The first, cheap questions cannot tell an empty string, a zero and other kinds apart; only these are asked again.
    """
    value = pair.value
    return pair.key, value.string_value or value.int_value or plain(value)


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


def _without_key(pairs: Sequence[bytes], found: dict[str, Plain], notes: Notes) -> None:
    """Drop attributes whose key is an index into a table that only profiles have (otlp.md P02)."""
    parsed = [parse(KeyValue, pair, {}) for pair in pairs]
    indexed = sum(1 for pair in parsed if pair.key_strindex and not pair.key)
    if indexed:
        notes["keysByIndex"] = indexed
        del found[""]
