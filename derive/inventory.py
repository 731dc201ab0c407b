"""Note which attribute keys records have, by who made them, so that what an update renames or drops is seen.

Each record is counted once, however often it is read: up to which id of each signal records are counted is kept
together with the counts. Records that failed are left out, for they lack what an answer says; so are those of
programs that nothing is known of. Agents send the same few sets of keys again and again: these are remembered.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from derive.text import iso
from mapping.emitters import GENERIC, origin_of
from mapping.facts import Fact
from mapping.record import Record
from mapping.watch import TYPES, fields_of, name_of, normal, source_of
from schema.derived import COUNTED, INVENTORY, Changes, Row
from schema.signals import Signal

SHAPES: Final = 4_096
"""Sets of keys that are remembered."""
NEW_S: Final = 1.0
"""How often keys are written that were not seen before."""
EVERY_S: Final = 60.0
EVERY_RECORDS: Final = 5_000
"""How often counts and times are written when no key is new; so many records are read again after a restart."""
MAX_ROWS: Final = 50_000
MAX_SOURCES: Final = 256
MAX_VERSIONS: Final = 8
"""Versions of one source; of more the longest quiet is forgotten."""
MAX_NAMES: Final = 64
MAX_KEYS: Final = 128
"""Names of one version, and keys of one name beside those that matter; the rest is counted as one."""
REST: Final = "…"

Key = tuple[str, str, str, str, str, str]
"""Source, version, signal, name, key, type."""


@dataclass(slots=True)
class Line:
    """Hold a row: what a key is read as, who sent it, how often, and when; times are ISO 8601."""

    field: str | None
    emitter: str
    count: int
    first: str
    last: str


@dataclass(slots=True)
class Shape:
    """Count the records that are alike; times are Unix nanoseconds."""

    keys: tuple[Key, ...]
    fields: tuple[str | None, ...]
    emitter: str
    count: int
    first: int
    last: int


class Inventory:
    """Hold all that is known of keys."""

    def __init__(self, rows: Iterable[Row], positions: dict[Signal, int]) -> None:
        """Go on from what is kept, and from up to which id of each signal it counts."""
        self.positions = dict(positions)
        self._lines: dict[Key, Line] = {row[:6]: Line(*row[6:]) for row in rows}
        self._shapes: dict[tuple[Any, ...], Shape] = {}
        self._changed: set[Key] = set()
        self._gone: set[Key] = set()
        self._names: Counter[tuple[str, ...]] = Counter()
        for key in self._lines:
            self._enter(key)
        self._unwritten = 0
        self._written = float("-inf")
        self._is_new = False

    def see(self, number: int, record: Record, fact: Fact) -> None:
        """Count a record, unless it is counted; `number` is its id."""
        if number <= self.positions[record.signal]:
            return
        self.positions[record.signal] = number
        self._unwritten += 1
        if fact.emitter == GENERIC or fact.failed:
            return
        alike = _likeness(record, fact)
        shape = self._shapes.get(alike)
        if shape is None:
            shape = self._remember(alike, record, fact)
        shape.count += 1
        end = record.end
        if end > shape.last:
            shape.last = end
        elif end < shape.first:
            shape.first = end

    def changes(self, clock: float) -> Changes:
        """Give what is to be written now, if it is time; `clock` is in seconds."""
        wait = NEW_S if self._is_new else EVERY_S
        if not self._unwritten or (clock - self._written < wait and self._unwritten < EVERY_RECORDS):
            return Changes()
        self._unwritten, self._written, self._is_new = 0, clock, False
        self._fold()
        changed = Changes(positions={COUNTED.format(signal): after for signal, after in self.positions.items()})
        if self._changed:
            changed.put[INVENTORY.name] = [_row(key, self._lines[key]) for key in sorted(self._changed)]
        if self._gone:
            changed.gone[INVENTORY.name] = [*self._gone]
        self._changed, self._gone = set(), set()
        return changed

    def _remember(self, alike: tuple[Any, ...], record: Record, fact: Fact) -> Shape:
        if len(self._shapes) >= SHAPES:
            self._fold()
            self._shapes.clear()
        shape = shape_of(record, fact)
        self._is_new |= any(key not in self._lines for key in shape.keys)
        self._shapes[alike] = shape
        return shape

    def _fold(self) -> None:
        """Bring what was counted to the rows."""
        for shape in self._shapes.values():
            if shape.count:
                self._add(shape)
                shape.count = 0

    def _add(self, shape: Shape) -> None:
        """Count a shape's records, also for the rest of keys once each."""
        first, last = iso(shape.first), iso(shape.last)
        counted: set[Key] = set()
        for told, field in zip(shape.keys, shape.fields, strict=True):
            key = self._place(told, field)
            if key in counted:
                continue
            counted.add(key)
            if key not in self._lines:
                self._lines[key] = Line(field, shape.emitter, 0, first, last)
                self._enter(key)
            line = self._lines[key]
            line.count += shape.count
            line.first, line.last = min(line.first, first), max(line.last, last)
            self._changed.add(key)

    def _place(self, key: Key, field: str | None) -> Key:
        """Say in which row a key is counted: its own, or that of the rest where there are too many."""
        if key in self._lines:
            return key
        source, version, signal, name, *_ = key
        is_new = (source,) not in self._names
        if len(self._lines) >= MAX_ROWS or (is_new and self._names[()] >= MAX_SOURCES):
            return (REST, "", signal, REST, "", "")
        if (source, version) not in self._names and self._names[source,] >= MAX_VERSIONS:
            self._forget(source)
        if (source, version, signal, name) not in self._names and self._names[source, version] >= MAX_NAMES:
            return (source, version, signal, REST, "", "")
        if key[4] and field is None and self._names[source, version, signal, name] >= MAX_KEYS:
            return (source, version, signal, name, REST, "")
        return key

    def _enter(self, key: Key) -> None:
        """Count the sources, the versions of one, its names, and their keys."""
        parents: tuple[tuple[str, ...], ...] = ((), key[:1], key[:2], key[:4])
        children: tuple[tuple[str, ...], ...] = (*parents[1:], key)
        for parent, child in zip(parents, children, strict=True):
            if child is key or child not in self._names:
                self._names[parent] += 1

    def _forget(self, source: str) -> None:
        """Forget the version of a source that was quiet for the longest time."""
        last: dict[str, str] = {}
        for key, line in self._lines.items():
            if key[0] == source:
                last[key[1]] = max(last.get(key[1], ""), line.last)
        oldest = min(last, key=lambda version: (last[version], version))
        gone = {key for key in self._lines if key[:2] == (source, oldest)}
        self._gone |= gone
        self._changed -= gone
        self._lines = {key: line for key, line in self._lines.items() if key not in gone}
        self._names.clear()
        for key in self._lines:
            self._enter(key)


def _likeness(record: Record, fact: Fact) -> tuple[Any, ...]:
    """Give what is the same for all records that count in the same rows."""
    told, resource = record.attributes, record.resource
    service, version = resource.get("service.name"), resource.get("service.version")
    return (
        fact.kind if record.is_span else record.name,
        fact.emitter,
        record.scope,
        record.scope_version,
        service if type(service) is str else "",
        version if type(version) is str else "",
        *told,
        *map(type, told.values()),
    )


def shape_of(record: Record, fact: Fact) -> Shape:
    """Say which rows a record counts in: one for the record itself, and one for each key."""
    source, version = source_of(record, fact.emitter)
    base = (source, version, str(record.signal), name_of(record, fact.kind))
    fields = fields_of(origin_of(record), is_span=record.is_span)
    found: dict[Key, str | None] = {(*base, "", ""): None}
    for key, value in record.attributes.items():
        kind = TYPES.get(type(value))
        if kind is not None:
            field = fields.get(key)
            found[*base, key if field else normal(key), kind] = field
    return Shape((*found,), (*found.values(),), fact.emitter, 0, record.end, record.end)


def _row(key: Key, line: Line) -> Row:
    return (*key, line.field, line.emitter, line.count, line.first, line.last)
