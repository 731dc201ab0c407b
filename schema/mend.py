"""Mend a protobuf message that the parser refuses for one bad part (otlp.md P05, P06).

Two things are mended: strings that are not UTF-8, and values nested deeper than the parser goes.
This runs only after parsing failed, so it may be slow.
"""

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from schema.values import Notes
from schema.wire import field, skip, varint

TOO_DEEP = "[too deep]"
STRING_VALUE = 1
MAX_DEPTH = 100
"""The parser goes so many messages below the one it parses."""


class _TooDeepError(Exception):
    """Say that a message stands deeper than the parser goes."""


def mend(kind: Descriptor, body: bytes, notes: Notes) -> bytes:
    """Rewrite a message so that it can be parsed, and note how; raise DecodeError when its framing is broken."""
    marks = set(notes.get("mended", ()))
    try:
        mended = _message(body, kind, 0, marks)
    except (IndexError, ValueError) as error:
        raise DecodeError(f"{kind.name}: broken framing") from error
    if marks:
        notes["mended"] = sorted(marks)
    return mended


def _message(body: bytes, kind: Descriptor, depth: int, marks: set[str]) -> bytes:
    if depth > MAX_DEPTH:
        raise _TooDeepError
    out = bytearray()
    at = 0
    while at < len(body):
        start = at
        key, at = varint(body, at)
        end = skip(body, at, key)
        if key & 7 == 2:
            number, at = key >> 3, varint(body, at)[1]
            out += field(number, _value(body[at:end], kind.fields_by_number.get(number), depth, marks))
        else:
            out += body[start:end]
        at = end
    return bytes(out)


def _value(value: bytes, kind: FieldDescriptor | None, depth: int, marks: set[str]) -> bytes:
    if kind is None:
        return value
    if kind.type == FieldDescriptor.TYPE_STRING:
        return _string(value, marks)
    if kind.message_type is None:
        return value
    inside = _any_value if kind.message_type.name == "AnyValue" else _message
    return inside(value, kind.message_type, depth + 1, marks)


def _any_value(body: bytes, kind: Descriptor, depth: int, marks: set[str]) -> bytes:
    """Replace a value whose own list, or what stands in it, is too deep; where the value is so itself, the one above.

    Every message that can be too deep stands in a value that is not.
    """
    try:
        return _message(body, kind, depth, marks)
    except _TooDeepError:
        if depth > MAX_DEPTH:
            raise
    marks.add("depth")
    return field(STRING_VALUE, TOO_DEEP.encode())


def _string(value: bytes, marks: set[str]) -> bytes:
    try:
        value.decode()
    except UnicodeDecodeError:
        marks.add("utf8")
        return value.decode(errors="replace").encode()
    return value
