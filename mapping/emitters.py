"""Recognise which program made a record, and which vocabularies its keys belong to (mapping.md B).

The registries are `emitters.json` and `dialects.json`; the first emitter that fits wins.
A record may speak many dialects.
What a record's keys say is remembered: agents send the same few sets of keys again and again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from mapping.record import Record

T = TypeVar("T")

ALWAYS = frozenset(("tracking", "otel", "otel.legacy", "otel.pr", "otel.general"))
"""Vocabularies whose keys say by themselves what they mean."""
HERE = Path(__file__).parent
NAMED = 64
"""Characters of a name that are looked at."""
REMEMBERED = 64
"""Things that are remembered of one set of keys."""


@dataclass(frozen=True, slots=True)
class Emitter:
    """Describe a program: how it is known, which vocabularies are its own, and whose models it calls."""

    id: str
    services: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    scope_prefixes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    name_parts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """A key fits when it begins so."""
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    speaks: tuple[str, ...] = ()
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Say who made a record, and which vocabularies may be read from it."""

    emitter: Emitter
    dialects: frozenset[str]
    keys: frozenset[str] = frozenset()
    """The record's own."""
    readers: tuple[dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]]] = field(
        default_factory=lambda: ({}, {}), compare=False, repr=False
    )
    """What finds a field among the keys, in a log record and in a span, once it was asked for."""
    known: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What else follows from the keys, once it was asked for."""

    def once(self, name: object, find: Callable[["Origin"], T]) -> T:
        """Find what follows from who made a record and from its keys; for the next record alike it is remembered."""
        if name in self.known:
            found: T = self.known[name]
            return found
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        found = self.known[name] = find(self)
        return found


def origin_of(record: Record) -> Origin:
    """Recognise a record: by its service, scope, name, what a key says, and its keys; the first emitter counts."""
    attributes = record.attributes
    told = tuple([(key, value) for key in TELLING if isinstance(value := attributes.get(key), str)])
    service = record.resource.get("service.name")
    named = service if isinstance(service, str) else None
    return _origin(_rank(named, record.scope, record.name[:NAMED], told), tuple(attributes))


@lru_cache(maxsize=8192)
def _origin(rank: int, keys: tuple[str, ...]) -> Origin:
    emitter = EMITTERS[min(rank, _first(lambda one: any(key.startswith(one.keys) for key in keys)))]
    spoken = (one for one, markers in DIALECTS.items() if any(key.startswith(markers) for key in keys))
    return Origin(emitter, ALWAYS.union(emitter.speaks, spoken), frozenset(keys))


@lru_cache(maxsize=8192)
def _rank(service: str | None, scope: str, name: str, told: tuple[tuple[str, str], ...]) -> int:
    """Give the place of the first emitter that any of this names."""
    by_service = LAST if service is None else _by_service(service.lower())
    return min(by_service, _by_scope(scope), _by_name(name), _by_values(told) if told else LAST)


@lru_cache(maxsize=1024)
def _by_service(service: str) -> int:
    return _first(lambda one: service in one.services)


@lru_cache(maxsize=1024)
def _by_scope(scope: str) -> int:
    return _first(lambda one: scope in one.scopes or scope.startswith(one.scope_prefixes))


@lru_cache(maxsize=8192)
def _by_name(name: str) -> int:
    return _first(
        lambda one: (
            name in one.names or name.startswith(one.name_prefixes) or any(part in name for part in one.name_parts)
        )
    )


@lru_cache(maxsize=1024)
def _by_values(told: tuple[tuple[str, str], ...]) -> int:
    values = dict(told)
    return _first(lambda one: any(values.get(key) in wanted for key, wanted in one.values))


def _first(fits: Callable[[Emitter], bool]) -> int:
    return next((rank for rank, one in enumerate(EMITTERS[:LAST]) if fits(one)), LAST)


def _emitter(held: dict[str, Any]) -> Emitter:
    values = tuple((key, tuple(wanted)) for key, wanted in held.pop("values", {}).items())
    told: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in held.items()}
    return Emitter(values=values, **told)


UNKNOWN = Emitter("generic")
GENERIC = UNKNOWN.id
EMITTERS = (*map(_emitter, json.loads((HERE / "emitters.json").read_text())), UNKNOWN)
LAST = len(EMITTERS) - 1
DIALECTS = {name: tuple(markers) for name, markers in json.loads((HERE / "dialects.json").read_text()).items()}
TELLING = tuple(sorted({key for emitter in EMITTERS for key, _ in emitter.values}))
