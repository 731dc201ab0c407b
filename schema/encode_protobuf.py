"""Write OTLP/JSON requests, as `schema.encode` makes them, in protobuf: the same fields, ids as bytes."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from schema.encode import Json
from schema.signals import WIRE, Signal

Write = Callable[[Any], Any]
M = TypeVar("M", bound=Message)
NUMBERS: Final = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
IDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})
"""Bytes that OTLP/JSON writes in hexadecimal; all others are base64 (specification, JSON Protobuf Encoding)."""


def body(signal: Signal, request: Json) -> bytes:
    """Serialize a request; unpaired surrogates and other text that is not Unicode cannot be in it."""
    wire = WIRE[signal]
    return bytes(wire.request(**_message(wire.request.DESCRIPTOR)(request)).SerializeToString())


def made(kind: type[M], told: Json) -> M:
    """Make one message of OTLP/JSON."""
    return kind(**_message(kind.DESCRIPTOR)(told))


@cache
def _message(descriptor: Descriptor) -> Write:
    """Give what writes the fields of a message as the arguments that make one."""
    known: dict[str, tuple[str, Write | None]] = {}

    def write(told: Mapping[str, Any]) -> dict[str, Any]:
        if not known:  # messages hold each other, so the fields are looked at when one is first written
            known.update((field.json_name, (field.name, _field(field))) for field in descriptor.fields)
        made = {}
        for key, value in told.items():
            name, convert = known[key]
            made[name] = value if convert is None else convert(value)
        return made

    return write


def _field(field: FieldDescriptor) -> Write | None:
    one = _single(field)
    if one is None or not field.is_repeated:
        return one
    return lambda values: [one(value) for value in values]


def _single(field: FieldDescriptor) -> Write | None:
    if field.message_type is not None:
        return _message(field.message_type)
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return float
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes.fromhex if field.name in IDS else b64decode
    return int if field.cpp_type in NUMBERS else None
