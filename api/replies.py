"""Describe what requests and answers of many paths have in common: values that are sent, objects, headers, errors."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.bodies import SCHEMAS
from tracking.vocabulary import Attribute

Document = dict[str, Any]

PROBLEM: Final = "application/problem+json"
ERRORS: Final = {
    "304": "It is what If-None-Match names.",
    "400": "Something that was given is not what is wanted; `detail` says what.",
    "401": "A token is needed.",
    "403": "This host, or this origin, is not served.",
    "404": "There is nothing of this name.",
    "406": "The answer cannot be written in any form that Accept names.",
    "408": "The body did not arrive in time.",
    "409": "Several things have this name.",
    "413": "The body is too large.",
    "415": "The body is in no form that is read here.",
    "503": "The database, or the daemon, is too busy; try again in a moment.",
    "504": "It took too long; ask for less.",
}
READ_ERRORS: Final = ("400", "401", "403", "406", "503", "504")
WRITE_ERRORS: Final = ("400", "401", "403", "404", "408", "409", "413", "415", "503")
PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, to what, and what to do next."},
        "code": {"type": "string", "description": "The kind of error, for programs."},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
HEADERS: Final = {
    "ETag": {"description": "Names this answer; send it as If-None-Match.", "schema": {"type": "string"}},
    "Link": {"description": "The next page, with rel=next.", "schema": {"type": "string"}},
}


def object_of(told: Mapping[str, Any]) -> Document:
    """Describe an object that has these properties, all of them and no others."""
    return {"type": "object", "properties": dict(told), "required": list(told), "additionalProperties": False}


def problems(statuses: Iterable[str]) -> Document:
    """Describe errors by their statuses."""
    return {status: _problem(status) for status in sorted(statuses)}


def _problem(status: str) -> Document:
    told: Document = {"description": ERRORS[status]}
    if status != "304":
        told["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return told


def sent(one: Attribute, place: str) -> Document:
    """Describe a value that is sent in an address: in its path or its query."""
    kind = "id" if one.type == "key" else one.type  # whole numbers are text there
    told: Document = {"name": one.field, "in": place, "required": one.needed}
    return told | {"description": one.says, "schema": SCHEMAS[kind]}
