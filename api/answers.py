"""Describe what questions answer: objects with the columns of their statements, and what is added to these."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.shapes import JSON_COLUMNS, MONEY
from schema.described import Column
from store.shapes import columns

Schema = Mapping[str, Any]

TYPES: Final = {"integer": "integer", "int": "integer", "text": "string", "real": "number", "blob": "string"}
EVERY_TYPE: Final = ("string", "number", "boolean", "object", "array", "null")


@dataclass(frozen=True, slots=True)
class Shape:
    """Name an object: the columns of a report but those it drops, and what else it has.

    A `loose` one stands for rows of several reports: any of the columns may be null.
    """

    name: str
    report: str = ""
    adds: Mapping[str, Schema] = field(default_factory=dict)
    drops: Collection[str] = ()
    loose: bool = False

    def schema(self) -> Schema:
        """Write it as JSON Schema: nothing is missing, and nothing else is there."""
        found = _columns(self.report, loose=self.loose)
        told = {name: one for name, one in found.items() if name not in self.drops} | dict(self.adds)
        return {"type": "object", "properties": told, "required": list(told), "additionalProperties": False}


def ref(shape: Shape) -> Schema:
    """Point at an object's description."""
    return {"$ref": f"#/components/schemas/{shape.name}"}


def many(shape: Shape) -> Schema:
    """Describe a list of objects."""
    return {"type": "array", "items": ref(shape)}


def typed(kind: str, about: str, *, null: bool = True) -> Schema:
    """Describe a value that may be null."""
    return {"type": [kind, "null"] if null else kind, "description": about}


def whole(about: str) -> Schema:
    """Describe a whole number that is always there."""
    return typed("integer", about, null=False)


def anything(about: str) -> Schema:
    """Describe a value of any kind: JSON that somebody sent."""
    return {"type": list(EVERY_TYPE), "description": about}


def word(about: str, words: Collection[str] = ()) -> Schema:
    """Describe a text that is always there, one of some words if these are known."""
    return {"type": "string", "description": about, **({"enum": list(words)} if words else {})}


def truth(about: str) -> Schema:
    """Describe true or false."""
    return {"type": "boolean", "description": about}


def _columns(report: str, *, loose: bool) -> dict[str, Schema]:
    if not report:
        return {}
    found = columns(report)
    told = {name: _column(column, null=column.nullable or loose) for name, column in found.items()}
    return told | {
        usd: typed("number", f"{found[nanos].about} In dollars.") for nanos, usd in MONEY.items() if nanos in found
    }


def _column(column: Column, *, null: bool) -> Schema:
    if column.name in JSON_COLUMNS and column.type in {"text", "any"}:
        return anything(column.about)
    if column.type not in TYPES:
        return anything(column.about)
    return typed(TYPES[column.type], column.about, null=null)
