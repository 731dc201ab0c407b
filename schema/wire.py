"""Measure a protobuf body before it is parsed.

Parsing tiny messages costs up to 88 bytes of memory per byte of body (reliability.md 5.3).
Walking the tags finds that out without building anything.
"""

from core.errors import TooLarge, Undecodable
from schema.signals import Signal

MAX_ITEMS = 200_000
SCANNED_FROM = 1 << 20
NODES_FREE = 200_000
BYTES_PER_NODE = 24

Levels = tuple[frozenset[int], ...]

LEVELS: dict[Signal, Levels] = {
    Signal.TRACES: (frozenset({1}), frozenset({1, 2}), frozenset({1, 2}), frozenset({9, 11, 13, 15})),
    Signal.LOGS: (frozenset({1}), frozenset({1, 2}), frozenset({1, 2}), frozenset({5, 6})),
    Signal.METRICS: (
        frozenset({1}),
        frozenset({1, 2}),
        frozenset({1, 2}),
        frozenset({5, 7, 9, 10, 11, 12}),
        frozenset({1}),
        frozenset({1, 5, 6, 7, 8, 9, 11}),
    ),
}
"""The numbers of the fields that hold messages, level by level from the request down."""


def check_flood(signal: Signal, body: bytes) -> None:
    """Refuse a large body made of a flood of tiny messages; small ones cannot hurt."""
    if len(body) < SCANNED_FROM:
        return
    budget = NODES_FREE + len(body) // BYTES_PER_NODE
    if _mostly_empty(body, LEVELS[signal], budget) or count_nodes(body, LEVELS[signal], budget) > budget:
        message = f"body of {len(body)} bytes holds more than {budget} messages, most of them empty"
        raise Undecodable(message)


def check_items(items: int) -> None:
    """Refuse a request with more items than one transaction should hold (reliability.md row 35)."""
    if items > MAX_ITEMS:
        message = f"request holds {items} items, the limit is {MAX_ITEMS}; send smaller batches"
        raise TooLarge(message)


def count_nodes(body: bytes, levels: Levels, budget: int) -> int:
    """Count nested messages, stopping past the budget; a malformed part is left to the parser."""
    nodes = 0
    stack = [(0, len(body), 0)]
    try:
        while stack and nodes <= budget:
            start, end, level = stack.pop()
            found = _messages(body, start, end, levels[level], budget - nodes)
            nodes += len(found)
            if level + 1 < len(levels):
                stack.extend((inner, stop, level + 1) for inner, stop in found if stop > inner)
    except (IndexError, ValueError):
        pass
    return nodes


def _mostly_empty(body: bytes, levels: Levels, budget: int) -> bool:
    """Find the plainest flood quickly: the two bytes of an empty message are rare in honest bodies."""
    fields = sorted(frozenset().union(*levels), key=lambda field: field != 2)
    return any(body.count(bytes((field << 3 | 2, 0))) > budget for field in fields)


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


def _messages(body: bytes, at: int, end: int, fields: frozenset[int], budget: int) -> list[tuple[int, int]]:
    """List where the messages of one level begin and end, at most one more than the budget."""
    found: list[tuple[int, int]] = []
    while at < end and len(found) <= budget:
        key, at = varint(body, at)
        kind = key & 7
        if kind == 2:
            length, at = varint(body, at)
            if key >> 3 in fields:
                found.append((at, at + length))
            at += length
        elif kind == 0:
            _, at = varint(body, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(kind)
    return found
