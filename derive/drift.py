"""Judge from the inventory what an update of a program or a library took away (`docs/drift.md`).

Nothing is said of what was seen too seldom to be sure: a key counts as sent regularly when nearly all records of a
name had it, and as gone when many records of a newer version have none that says the same.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mapping.kinds import NAMES
from schema.signals import Signal

ENOUGH: Final = 10
"""Records that a newer version must have sent before it is judged."""
BEFORE: Final = 5
"""Records that an older version must have sent before it is compared with."""
MOST: Final = 0.9
"""The part of records that have a key which is sent regularly."""
EXPECTED: Final = 20
"""Records of a name that should have come before their absence says anything."""
SAME: Final = {"whole": "number"}
"""Types that are one: some senders write whole numbers as fractions."""
CALL: Final = "llm"
NUMBERS: Final = re.compile(r"\d+")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """Say what a newer version does otherwise: `what` is dropped, retyped or vanished.

    `field` is what was read from `keys`, `name` the kind of record, `signal` traces or logs, `since` ISO 8601.
    `vanished` says that records of the name, which told of model calls, come no more.
    """

    what: str
    source: str
    signal: str
    name: str
    field: str
    keys: tuple[str, ...]
    older: str
    newer: str
    since: str
    records: int
    types: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Seen:
    """Hold what one version sent under one name; `types` and `fields` are by key."""

    records: int = 0
    first: str = ""
    types: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    since: dict[Key, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)

    def keys_of(self, name: str) -> tuple[str, ...]:
        """Give the keys that a field was read from."""
        return tuple(sorted(key for key, read in self.fields.items() if read == name))

    def sends(self, name: str) -> bool:
        """Say whether nearly every record said a field."""
        return any(sum(self.types[key].values()) >= MOST * self.records for key in self.keys_of(name))

    def type_of(self, key: str) -> str:
        """Give the type that nearly all values of a key have, empty when there is none."""
        told = self.types.get(key, {})
        most = max(told, key=lambda kind: told[kind], default="")
        return most if most and told[most] >= MOST * sum(told.values()) else ""


Versions = dict[str, Seen]


def drifts(rows: Iterable[Mapping[str, Any]]) -> list[Drift]:
    """Compare the newest version of each source with those before; rows are as in `watched_keys`."""
    held: dict[tuple[str, str], dict[str, Versions]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        names = held[row["source"], row["signal"]]
        _enter(names[row["name"]].setdefault(row["version"], Seen()), row)
    found: list[Drift] = []
    for (source, signal), names in held.items():
        for name, versions in names.items():
            found += (_said(source, signal, name, one) for one in _changes(versions))
        found += (_said(source, signal, *one) for one in _vanished(source, signal, names))
    return sorted(found, key=lambda one: (one.source, one.since, one.field, one.signal, one.name))


@dataclass(frozen=True, slots=True)
class _Change:
    what: str
    field: str
    keys: tuple[str, ...]
    older: str
    newer: str
    since: str
    records: int
    types: tuple[str, str] = ("", "")


def _said(source: str, signal: str, name: str, one: _Change) -> Drift:
    return Drift(
        one.what, source, signal, name, one.field, one.keys, one.older, one.newer, one.since, one.records, one.types
    )


def _enter(seen: Seen, row: Mapping[str, Any]) -> None:
    """Take a row."""
    key, kind = row["key"], SAME.get(row["type"], row["type"])
    if not key:
        seen.records, seen.first = row["count"], row["first_seen"]
        return
    seen.types[key][kind] = seen.types[key].get(kind, 0) + row["count"]
    seen.since[key, kind] = min(seen.since.get((key, kind), row["first_seen"]), row["first_seen"])
    seen.fields[key] = row["field"]


def in_order(versions: Mapping[str, str]) -> list[str]:
    """Order versions, the oldest first, by their numbers if all have some, else by when they were first seen."""
    numbers = {version: tuple(map(int, NUMBERS.findall(version))) for version in versions}
    by_number = all(numbers.values())
    return sorted(versions, key=lambda version: (numbers[version] if by_number else (), versions[version], version))


def _changes(versions: Versions) -> Iterator[_Change]:
    """Compare the newest version that was seen often enough with the last one that did otherwise."""
    order = in_order({version: seen.first for version, seen in versions.items()})
    newer = next((version for version in reversed(order) if versions[version].records >= ENOUGH), None)
    if newer is None:
        return
    older = [version for version in order[: order.index(newer)] if versions[version].records >= BEFORE]
    fields = sorted({name for version in older for name in versions[version].fields.values()})
    for name in fields:
        yield from _dropped(versions, order, older, newer, name)
    for key in sorted(versions[newer].fields):
        yield from _retyped(versions, older, newer, key)


def _dropped(
    versions: Versions, order: Sequence[str], older: Sequence[str], newer: str, name: str
) -> Iterator[_Change]:
    last = next((version for version in reversed(older) if versions[version].sends(name)), None)
    if last is None or versions[newer].keys_of(name):
        return
    later = order[order.index(last) + 1 : order.index(newer) + 1]
    first = next(version for version in later if not versions[version].keys_of(name))
    seen = versions[newer]
    yield _Change("dropped", name, versions[last].keys_of(name), last, newer, versions[first].first, seen.records)


def _retyped(versions: Versions, older: Sequence[str], newer: str, key: str) -> Iterator[_Change]:
    seen = versions[newer]
    now, times = seen.type_of(key), sum(seen.types[key].values())
    told = [(version, kind) for version in older if (kind := versions[version].type_of(key))]
    if not now or times < ENOUGH or not told or told[-1][1] == now:
        return
    version, kind = told[-1]
    if sum(versions[version].types[key].values()) >= BEFORE:
        yield _Change("retyped", seen.fields[key], (key,), version, newer, seen.since[key, now], times, (kind, now))


def _vanished(source: str, signal: str, names: Mapping[str, Versions]) -> Iterator[tuple[str, _Change]]:
    """Find that no record tells of model calls any more while others of the same source come."""
    totals: dict[str, int] = defaultdict(int)
    firsts: dict[str, str] = {}
    for versions in names.values():
        for version, seen in versions.items():
            totals[version] += seen.records
            firsts[version] = min(firsts.get(version, seen.first), seen.first)
    *before, newer = in_order(firsts)
    calls = {name: versions for name, versions in names.items() if _tells_of_calls(source, signal, name)}
    if any(newer in versions for versions in calls.values()):
        return
    for name, versions in calls.items():
        older = next((version for version in reversed(before) if version in versions), "")
        count = versions[older].records if older in versions else 0
        if count >= BEFORE and totals[newer] * count >= EXPECTED * totals[older]:
            yield name, _Change("vanished", "", (), older, newer, firsts[newer], totals[newer])


def _tells_of_calls(source: str, signal: str, name: str) -> bool:
    """Say whether records of a name are model calls: spans are named by their kind."""
    return (name if signal == Signal.TRACES else NAMES.get(source, {}).get(name)) == CALL
