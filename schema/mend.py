"""Mend a protobuf body that the parser refuses as a whole for one bad part (otlp.md P05, P06).

Two things are mended: strings that are not UTF-8, and values nested deeper than the parser goes.
This runs only after parsing failed, so it may be slow.
"""

from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from core.errors import Undecodable
from schema.signals import WIRE, Signal
from schema.wire import varint

TOO_DEEP = "[too deep]"
MAX_DEPTH = 90
ITEM_DEPTH = {Signal.TRACES: 3, Signal.LOGS: 3, Signal.METRICS: 5}
"""How many messages stand above an item's fields: envelope, scope, item; for metrics also the metric and its type."""

Place = tuple[int, ...]


@dataclass(slots=True)
class Mended:
    """Hold the mended body and the places of what was mended: positions of envelope, scope and item."""

    body: bytes = b""
    places: dict[Place, set[str]] = field(default_factory=dict)

    def notes(self, place: Place) -> list[str]:
        """Say what was mended in an item or in the resource or scope above it."""
        above = (place[:length] for length in range(1, len(place) + 1))
        return sorted(set().union(*(self.places.get(part, set()) for part in above)))


def mend(signal: Signal, body: bytes) -> Mended:
    """Rewrite the body so that it can be parsed, or raise Undecodable when its framing is broken."""
    mended = Mended()
    walk = _Walk(mended, ITEM_DEPTH[signal])
    try:
        mended.body = walk.message(body, WIRE[signal].request.DESCRIPTOR, (), 0)
    except (IndexError, ValueError):
        raise Undecodable(f"body of {len(body)} bytes is not a protobuf {signal} request") from None
    return mended


@dataclass(frozen=True, slots=True)
class _Walk:
    mended: Mended
    item_depth: int

    def message(self, body: bytes, kind: Descriptor, place: Place, depth: int) -> bytes:
        """Rewrite one message."""
        if depth > MAX_DEPTH and kind.name == "AnyValue":
            self._note(place, "depth")
            return b"\x0a" + _delimited(TOO_DEEP.encode())
        out = bytearray()
        counts: dict[int, int] = {}
        at = 0
        while at < len(body):
            start = at
            key, at = varint(body, at)
            if key & 7 != 2:
                at = _skip(body, at, key)
                out += body[start:at]
                continue
            length, at = varint(body, at)
            if at + length > len(body):
                raise IndexError(at)
            number = key >> 3
            index = counts[number] = counts.get(number, -1) + 1
            out += _varint(key)
            inner = self._field(body[at : at + length], kind.fields_by_number.get(number), place, index, depth)
            out += _delimited(inner)
            at += length
        return bytes(out)

    def _field(self, value: bytes, kind: FieldDescriptor | None, place: Place, index: int, depth: int) -> bytes:
        if kind is None:
            return value
        if kind.type == FieldDescriptor.TYPE_STRING:
            return self._string(value, place)
        if kind.message_type is None:
            return value
        repeated = (
            kind.is_repeated and depth < self.item_depth and kind.message_type.name not in ("KeyValue", "EntityRef")
        )
        return self.message(value, kind.message_type, (*place, index) if repeated else place, depth + 1)

    def _string(self, value: bytes, place: Place) -> bytes:
        try:
            value.decode()
        except UnicodeDecodeError:
            self._note(place, "utf8")
            return value.decode(errors="replace").encode()
        return value

    def _note(self, place: Place, what: str) -> None:
        self.mended.places.setdefault(place, set()).add(what)


def _skip(body: bytes, at: int, key: int) -> int:
    """Step over a field that is not length-delimited."""
    kind = key & 7
    if key >> 3 == 0 or kind in (6, 7):
        raise ValueError(key)
    if kind == 0:
        return varint(body, at)[1]
    if kind in (1, 5):
        end = at + (8 if kind == 1 else 4)
        if end > len(body):
            raise IndexError(end)
        return end
    if kind == 4:
        raise ValueError(key)
    return _skip_group(body, at, key >> 3)


def _skip_group(body: bytes, at: int, number: int) -> int:
    """Step over a group, groups inside it included; old protobuf syntax, always unknown to us."""
    open_groups = [number]
    while open_groups:
        key, at = varint(body, at)
        kind = key & 7
        if kind == 3:
            open_groups.append(key >> 3)
        elif kind == 4:
            if open_groups.pop() != key >> 3:
                raise ValueError(key)
        elif kind == 2:
            length, at = varint(body, at)
            at += length
        else:
            at = _skip(body, at, key)
    return at


def _delimited(value: bytes) -> bytes:
    return _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
