"""Describe what programs send, field by field: JSON Schema for each kind of value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.checks import LARGEST, MAX_ID
from schema.described import described
from tracking.values import EXIT_REASONS, JOB_STATUSES, OUTCOMES, STATUSES
from tracking.vocabulary import Attribute

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
WHOLE: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": LARGEST}
DIGITS: Final[Schema] = {"type": "string", "pattern": "^-?[0-9]{1,18}$"}
NUMBER: Final[Schema] = {"type": "number", "minimum": 0, "maximum": LARGEST}
TRUTH: Final[Schema] = {"type": "boolean"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
ANY: Final[Schema] = {}


def _object(*needed: str, **fields: Schema) -> Schema:
    told = {name: schema if name in needed else _or_null(schema) for name, schema in fields.items()}
    return {"type": "object", "properties": told, "additionalProperties": False, "required": list(needed)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


TOOL_CALL: Final = _object("name", name=KEY, is_error=TRUTH, timestamp=TIME, input_preview=TEXT, output_preview=TEXT)
SUBAGENT: Final = _object("id", id=KEY, tool_call_count=WHOLE, message_count=WHOLE)
SCHEMAS: Final[Mapping[str, Schema]] = {
    "text": TEXT,
    "id": KEY,
    "key": {"anyOf": [KEY, {"type": "integer"}]},
    "whole": WHOLE,
    "wholes": {"type": "array", "items": WHOLE},
    "run_no": {**WHOLE, "minimum": 1},
    "number": NUMBER,
    "usd": {"type": "number", "minimum": 0, "maximum": 1_000_000},
    "truth": TRUTH,
    "time": TIME,
    "texts": {"type": "array", "items": TEXT},
    "object": {"type": "object"},
    "json": ANY,
    "status": {"type": "string", "enum": list(STATUSES)},
    "job_status": {"type": "string", "enum": list(JOB_STATUSES)},
    "outcome": {"type": "string", "enum": list(OUTCOMES)},
    "exit_reason": {"type": "string", "enum": list(EXIT_REASONS)},
    "pinned": {"type": "string", "enum": ["session", "experiment"]},
    "ok": {"type": "string", "enum": ["ok", "error"]},
    "tokens": _object(input=WHOLE, output=WHOLE, context_used_pct=NUMBER, context_window=WHOLE),
    "tool_calls": {"type": "array", "items": TOOL_CALL},
    "subagents": {"type": "array", "items": SUBAGENT},
}
"""What a value of a kind is; commands of the book of work take some others as well, such as digits in text."""


def fields(rows: Iterable[Sequence[str]], *, table: str = "") -> tuple[Attribute, ...]:
    """Describe fields: name, kind, what it says; without words it says what the column of that name in a table does.

    An exclamation mark behind the kind: it must be there.
    """
    return tuple(_field(*row, table=table) for row in rows)


def _field(name: str, kind: str, says: str = "", *, table: str = "") -> Attribute:
    return Attribute(name, name, kind.rstrip("!"), kind.endswith("!"), says or described()[table].columns[name].about)


def schema(told: Iterable[Attribute], *, sparing: Iterable[str] = ()) -> Schema:
    """Write the JSON Schema of an object with these fields, but those that the path names."""
    left = [one for one in told if one.field not in set(sparing)]
    needed = [one.field for one in left if one.needed]
    own = {one.field: _described(one) for one in left}
    return {
        "type": "object",
        "properties": own,
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
    }


def _described(one: Attribute) -> Schema:
    kind = SCHEMAS[one.type]
    return {**(kind if one.needed else _or_null(kind)), "description": one.says}
