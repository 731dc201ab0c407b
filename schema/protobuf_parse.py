"""Parse one protobuf message: an item, or an envelope without its items.

A request is parsed piece by piece, so that a bad piece is mended alone and no more than one is held in memory.
Parsing tiny messages costs up to 88 bytes of memory per byte (reliability.md 5.3), so large pieces are measured first.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from core.errors import Undecodable
from schema.mend import mend
from schema.signals import WIRE
from schema.values import Notes
from schema.wire import skip, varint

MEASURED_FROM = 1 << 20
MAX_NODES = 1_000_000
Extent = tuple[int, int]
"""Where a message begins and ends."""
PACKED_PER_NODE = 8
"""A packed number costs a tenth of what a message does."""


def parse(kind: Any, body: bytes, notes: Notes) -> Any:
    """Parse a message of a generated type; what has to be mended for it is noted.

    Raise DecodeError when it cannot be, Undecodable when it is a flood of tiny messages.
    """
    if len(body) >= MEASURED_FROM:
        check_flood(kind.DESCRIPTOR, body)
    try:
        return kind.FromString(body)
    except DecodeError:
        return kind.FromString(mend(kind.DESCRIPTOR, body, notes))


def check_flood(kind: Descriptor, body: bytes) -> None:
    """Refuse a large message that is made of a flood of tiny ones."""
    if count_nodes(body, kind.full_name, MAX_NODES) > MAX_NODES:
        raise Undecodable(f"{kind.name} of {len(body)} bytes holds more than {MAX_NODES} messages or numbers")


@dataclass(frozen=True, slots=True)
class Shape:
    """Say which fields of a message hold messages, of which shape, and which hold packed numbers."""

    messages: Mapping[int, str]
    packed: frozenset[int]


def count_nodes(body: bytes, root: str, budget: int) -> int:
    """Count nested messages, stopping past the budget; a malformed part is left to the parser."""
    nodes = 0
    stack = [((0, len(body)), root)]
    while stack and nodes <= budget:
        part, kind = stack.pop()
        with suppress(IndexError, ValueError):
            found, small = _inside(body, part, SHAPES[kind], budget - nodes)
            nodes += len(found) + small
            stack += found
    return nodes


def _inside(body: bytes, part: Extent, shape: Shape, budget: int) -> tuple[list[tuple[Extent, str]], int]:
    """List the messages one level below that hold anything, and count the empty ones and packed numbers."""
    found: list[tuple[Extent, str]] = []
    empty = packed = 0
    at, end = part
    while at < end and len(found) + empty <= budget:
        key, at = varint(body, at)
        if key & 7 != 2:
            at = skip(body, at, key)
            continue
        length, at = varint(body, at)
        below = shape.messages.get(key >> 3)
        if below is None:
            packed += length if key >> 3 in shape.packed else 0
        elif length:
            found.append(((at, at + length), below))
        else:
            empty += 1
        at += length
    return found, empty + packed // PACKED_PER_NODE


def _gather(kind: Descriptor) -> None:
    """Gather the shapes of a message and of all below it."""
    if kind.full_name not in SHAPES:
        below = {field.number: field.message_type for field in kind.fields if field.message_type is not None}
        packed = frozenset(field.number for field in kind.fields if field.is_packed and field.type in VARINTS)
        SHAPES[kind.full_name] = Shape({number: inner.full_name for number, inner in below.items()}, packed)
        for inner in below.values():
            _gather(inner)


VARINTS = (FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32)
"""Packed numbers that may take one byte on the wire, and take eight in memory."""
SHAPES: dict[str, Shape] = {}
for _wire in WIRE.values():
    _gather(_wire.request.DESCRIPTOR)
