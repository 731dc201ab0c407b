"""Read the vocabulary: each event, the table that it writes, and its attributes (mapping.md F.3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

VERSION: Final = "1.0"
PREFIX: Final = "tracking."
"""May stand before every event's name."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Describe one attribute: `field` is its name in JSON bodies, on the command line and in Python."""

    name: str
    field: str
    type: str
    needed: bool
    says: str


@dataclass(frozen=True, slots=True)
class Event:
    """Describe one event; `entity` says how what it is about is written, `body` what a record's body stands for.

    What is `derived` writes no table by itself: its record is telemetry like others.
    """

    name: str
    table: str
    does: str
    derived: bool
    entity: tuple[str, ...]
    body: str
    attributes: Mapping[str, Attribute]

    def about(self, values: Mapping[str, Any]) -> str:
        """Write what a command is about, with as much of it as is known."""
        written = []
        for part in self.entity:
            before, name = part.rstrip("}").split("{")
            if values.get(name) is not None:
                written.append(f"{before}{values[name]}")
        return "".join(written)[:MOST_SHOWN]


MOST_SHOWN: Final = 200


def named(text: str) -> str:
    """Give an event's name without the prefix that may stand before it."""
    return text.removeprefix(PREFIX)


def _attribute(row: list[str]) -> Attribute:
    name, field, kind, needed, says = row
    return Attribute(name, field, kind, bool(needed), says)


def _event(name: str, told: Mapping[str, Any]) -> Event:
    attributes = {row[0]: _attribute(row) for row in told["attributes"]}
    derived = told.get("by") == "derived"
    body = str(told.get("body", ""))
    return Event(name, told["table"], told["does"], derived, tuple(told["entity"]), body, MappingProxyType(attributes))


def _load() -> Mapping[str, Event]:
    told = json.loads((Path(__file__).parent / "vocabulary.json").read_bytes())
    return MappingProxyType({name: _event(name, event) for name, event in told.items()})


EVENTS: Final = _load()
