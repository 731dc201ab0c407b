"""Recognise which program made a record, and which vocabularies its keys belong to (mapping.md B).

The registries are `emitters.json` and `dialects.json`; the first emitter that fits wins.
A record may speak many dialects.
What a record's keys say is remembered: agents send the same few sets of keys again and again.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from mapping.record import Record

ALWAYS = frozenset(("tracking", "otel", "otel.legacy", "otel.pr", "otel.general"))
"""Vocabularies whose keys say by themselves what they mean."""
HERE = Path(__file__).parent


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

    def fits(self, service: str, scope: str, name: str, keys: frozenset[str], told: dict[str, Any]) -> bool:
        """Know the program by where the record stands, by its name, its keys, or what a key says."""
        return (
            service in self.services
            or scope in self.scopes
            or scope.startswith(self.scope_prefixes)
            or name in self.names
            or name.startswith(self.name_prefixes)
            or any(part in name for part in self.name_parts)
            or any(key.startswith(self.keys) for key in keys)
            or any(told.get(key) in wanted for key, wanted in self.values)
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Say who made a record, and which vocabularies may be read from it."""

    emitter: Emitter
    dialects: frozenset[str]
    keys: frozenset[str] = frozenset()
    """The record's own."""
    readers: dict[tuple[str, bool], tuple[Any, ...]] = field(default_factory=dict, compare=False, repr=False)
    """What finds a field among the keys, in a span or a log record, once it was asked for."""


def origin_of(record: Record) -> Origin:
    """Recognise a record."""
    attributes = record.attributes
    told = tuple((key, value) for key in TELLING if isinstance(value := attributes.get(key), str))
    service = str(record.resource.get("service.name", "")).lower()
    return _recognise(service, record.scope, record.name[:64], frozenset(attributes), told)


@lru_cache(maxsize=8192)
def _recognise(service: str, scope: str, name: str, keys: frozenset[str], told: tuple[tuple[str, str], ...]) -> Origin:
    values = dict(told)
    emitter = next((one for one in EMITTERS if one.fits(service, scope, name, keys, values)), UNKNOWN)
    spoken = (one for one, markers in DIALECTS.items() if any(key.startswith(markers) for key in keys))
    return Origin(emitter, ALWAYS.union(emitter.speaks, spoken), keys)


def _emitter(held: dict[str, Any]) -> Emitter:
    values = tuple((key, tuple(wanted)) for key, wanted in held.pop("values", {}).items())
    told: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in held.items()}
    return Emitter(values=values, **told)


EMITTERS = tuple(map(_emitter, json.loads((HERE / "emitters.json").read_text())))
UNKNOWN = Emitter("generic")
DIALECTS = {name: tuple(markers) for name, markers in json.loads((HERE / "dialects.json").read_text()).items()}
TELLING = tuple(sorted({key for emitter in EMITTERS for key, _ in emitter.values}))
