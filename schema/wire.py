"""Measure a protobuf body before it is parsed.

Parsing tiny messages costs up to 88 bytes of memory per byte of body (reliability.md 5.3).
Walking the tags finds that out without building anything.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from core.errors import TooLarge, Undecodable
from schema.signals import WIRE, Signal

MAX_ITEMS = 200_000
SCANNED_FROM = 1 << 20
NODES_FREE = 200_000
BYTES_PER_NODE = 16
PACKED_PER_NODE = 8
"""A packed number costs a tenth of what a message does."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Say which fields of a message hold messages, of which shape, and which hold packed numbers."""

    messages: Mapping[int, str]
    packed: frozenset[int]


def check_flood(signal: Signal, body: bytes) -> None:
    """Refuse a large body made of a flood of tiny messages; small ones cannot hurt."""
    if len(body) < SCANNED_FROM:
        return
    budget = NODES_FREE + len(body) // BYTES_PER_NODE
    root = WIRE[signal].request.DESCRIPTOR.full_name
    if count_nodes(body, root, budget) > budget:
        message = f"body of {len(body)} bytes holds more than {budget} messages or numbers, most of them empty"
        raise Undecodable(message)


def check_items(items: int) -> None:
    """Refuse a request with more items than one transaction should hold (reliability.md row 35)."""
    if items > MAX_ITEMS:
        message = f"request holds {items} items, the limit is {MAX_ITEMS}; send smaller batches"
        raise TooLarge(message)


def count_nodes(body: bytes, root: str, budget: int) -> int:
    """Count nested messages, stopping past the budget; a malformed part is left to the parser."""
    nodes = 0
    stack = [(0, len(body), root)]
    while stack and nodes <= budget:
        start, end, kind = stack.pop()
        with suppress(IndexError, ValueError):
            found, small = _inside(body, start, end, SHAPES[kind], budget - nodes)
            nodes += len(found) + small
            stack += found
    return nodes


def varint(body: bytes, at: int) -> tuple[int, int]:
    """Read a varint; give its value and where it ends.

    Raise IndexError when it is cut, ValueError when it is too long.
    """
    byte = body[at]
    value, shift = byte & 127, 7
    while byte > 127:
        at += 1
        byte = body[at]
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise ValueError(at)
    return value, at + 1


def _inside(body: bytes, at: int, end: int, shape: Shape, budget: int) -> tuple[list[tuple[int, int, str]], int]:
    """List the messages one level below that hold anything, and count the empty ones and packed numbers."""
    found: list[tuple[int, int, str]] = []
    empty = packed = 0
    while at < end and len(found) + empty <= budget:
        key, at = varint(body, at)
        kind = key & 7
        if kind == 2:
            length, at = varint(body, at)
            below = shape.messages.get(key >> 3)
            if below is None:
                packed += length if key >> 3 in shape.packed else 0
            elif length:
                found.append((at, at + length, below))
            else:
                empty += 1
            at += length
        elif kind == 0:
            _, at = varint(body, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(kind)
    return found, empty + packed // PACKED_PER_NODE


def _shapes(kind: Descriptor, known: dict[str, Shape]) -> dict[str, Shape]:
    """Gather the shapes of a message and of all below it."""
    if kind.full_name not in known:
        below = {field.number: field.message_type for field in kind.fields if field.message_type is not None}
        packed = frozenset(field.number for field in kind.fields if field.is_packed and field.type in VARINTS)
        known[kind.full_name] = Shape({number: inner.full_name for number, inner in below.items()}, packed)
        for inner in below.values():
            _shapes(inner, known)
    return known


VARINTS = (FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32)
"""Packed numbers that may take one byte on the wire, and take eight in memory."""
SHAPES: dict[str, Shape] = {}
for _wire in WIRE.values():
    _shapes(_wire.request.DESCRIPTOR, SHAPES)
