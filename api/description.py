"""Write the description of the API, OpenAPI 3.1: everything in it is what requests are read and answered by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import orjson

from api import exporting, outline, rejections
from api.answers import ref
from api.asking import NAMED, Question
from api.bodies import SCHEMAS, fields, schema
from api.console import ANSWER, BODY
from api.formats import CSV, JSON, LINES
from api.operations import OPERATIONS, PREFIX
from api.parameters import Parameter
from api.questions import QUESTIONS
from api.writing import Operation
from tracking.vocabulary import Attribute

Document = dict[str, Any]

PROBLEM: Final = "application/problem+json"
PATTERN: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")
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


def written(path: str) -> str:
    """Write a path the way OpenAPI does."""
    return PREFIX + PATTERN.sub(r"{\1}", path)


def names(path: str) -> list[str]:
    """List what a path names."""
    return PATTERN.findall(path)


@cache
def document(version: str) -> bytes:
    """Give the description of everything that may be asked and sent, JSON."""
    paths: dict[str, Document] = {}
    for question in QUESTIONS:
        paths.setdefault(written(question.path), {})["get"] = _question(question)
    for operation in OPERATIONS.values():
        paths.setdefault(written(operation.path), {})[operation.method.lower()] = _operation(operation)
    for path, told in OWN.items():
        paths.setdefault(path, {}).update(told)
    paths[f"{PREFIX}/tokens"]["get"] = TOKENS
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "spanledger",
                "version": version,
                "description": "What agents did, what it cost and why it failed. Lists come in pages, newest first.",
            },
            "paths": paths,
            "components": {
                "schemas": _schemas(),
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{}, {"token": []}],
        }
    )


def _schemas() -> Document:
    shapes = [*outline.PARTS, *(question.gives for question in QUESTIONS)]
    return {"Problem": PROBLEM_SCHEMA, **{shape.name: shape.schema() for shape in shapes}}


def _question(question: Question) -> Document:
    named = names(question.path)
    errors = [*READ_ERRORS, "304", *(["404"] if named else [])]
    return {
        "operationId": _called("get", question.path),
        "summary": _first_line(question.about),
        "description": question.about,
        "tags": [question.path.split("/")[1]],
        "parameters": [
            *_in_path(named, question.names),
            *(_parameter(name, one, "query") for name, one in question.takes.items()),
        ],
        "responses": {"200": _answered(question), **problems(errors)},
    }


def _answered(question: Question) -> Document:
    item = ref(question.gives)
    if not question.is_list:
        return {"description": "What is asked for.", "headers": HEADERS, "content": {JSON: {"schema": item}}}
    return {"description": "A page.", "headers": HEADERS, "content": page(question)}


def page(question: Question) -> Document:
    """Describe a page in each of its forms."""
    told = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": ref(question.gives)},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last."},
            **question.tells,
        },
        "required": ["items", "next", *question.tells],
        "additionalProperties": False,
    }
    return {JSON: {"schema": told}, LINES: {"schema": {"type": "string"}}, CSV: {"schema": {"type": "string"}}}


def _operation(operation: Operation) -> Document:
    named = names(operation.path)
    fields = {one.field: one for one in operation.fields}
    told: Document = {
        "operationId": operation.name,
        "summary": _first_line(operation.says),
        "tags": [operation.path.split("/")[1]],
        "parameters": [_field(fields[name], "path") for name in named],
        "responses": {str(operation.status): _made(operation), **problems(WRITE_ERRORS)},
    }
    if operation.method == "DELETE":
        told["parameters"] += [_field(one, "query") for one in operation.fields if one.field not in named]
        return told
    body = schema(operation.fields, sparing=named)
    needed = bool(body.get("required"))
    return told | {"requestBody": {"required": needed, "content": {JSON: {"schema": body}}}}


def _made(operation: Operation) -> Document:
    told = dict(operation.gives)
    if operation.order:
        told["order"] = {"type": "integer", "description": "The order's number, which `done` of /derived reaches."}
    return {"description": "It is durable.", "content": {JSON: {"schema": object_of(told)}}}


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


def _in_path(named: Sequence[str], known: Mapping[str, Parameter]) -> list[Document]:
    return [_parameter(name, known.get(name, NAMED), "path") for name in named]


def _parameter(name: str, one: Parameter, place: str) -> Document:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": one.about,
        "schema": dict(one.schema),
    }


def _field(one: Attribute, place: str) -> Document:
    told: Document = {"name": one.field, "in": place, "required": one.needed}
    return told | {"description": one.says, "schema": SCHEMAS[one.type]}


def _called(verb: str, path: str) -> str:
    return "_".join([verb, *re.findall(r"\w+", PATTERN.sub(r"\1", path).replace("-", "_"))])


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


DERIVED: Final = {
    "get": {
        "operationId": "get_derived",
        "summary": "Say how far the derived tables are behind, and which order is carried out.",
        "tags": ["derived"],
        "responses": {
            "200": {"description": "The state.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(("400", "401", "403")),
        },
    }
}
FORMS: Final = {JSON: {"schema": ANSWER}, LINES: {"schema": {"type": "string"}}, CSV: {"schema": {"type": "string"}}}
MORE: Final = {"Truncated": {"description": "Whether there is more than was given.", "schema": {"type": "string"}}}
RUN: Final = {"description": "What it gives.", "headers": MORE, "content": FORMS}
SQL: Final[Document] = {
    "summary": "Run one read-only statement of SQL, for ten seconds at most.",
    "description": "What may be read is listed by /api/v1/schema. A mistake is told with its position.",
    "tags": ["sql"],
}
SQL_ERRORS: Final = ("400", "401", "403", "406", "503", "504")
TABLES: Final[Document] = {
    "operationId": "get_schema",
    "summary": "List what may be read with SQL: tables, columns, and statements to begin with.",
    "tags": ["sql"],
    "responses": {
        "200": {"description": "The tables.", "content": {JSON: {"schema": {"type": "object"}}}},
        **problems(("304", "400", "401", "403", "406")),
    },
}
TOKENS: Final[Document] = {
    "operationId": "get_tokens",
    "summary": "List the tokens that were made.",
    "tags": ["tokens"],
    "responses": {
        "200": {"description": "The tokens.", "content": {JSON: {"schema": {"type": "object"}}}},
        **problems(("400", "401", "403", "503")),
    },
}
SYNCED: Final = fields(
    (
        ("path", "text!", "A session directory, a project or a file, inside the folders that are mirrored."),
        ("wait", "number", "How many seconds to wait until it is done, 30 at most; by default none."),
    )
)
REPLAY: Final[Document] = {
    "operationId": "replay_rejections",
    "summary": "Send refused items again: what can be kept now is kept, the rest stays as it is listed.",
    "description": "Either `ids` or `all` must be given. A round ends after some time; `next` says where to go on.",
    "tags": ["rejections"],
    "requestBody": {"required": True, "content": {JSON: {"schema": schema(rejections.BODY)}}},
    "responses": {
        "200": {"description": "What became of each.", "content": {JSON: {"schema": object_of(rejections.GIVES)}}},
        **problems(WRITE_ERRORS),
    },
}
SYNC: Final[Document] = {
    "get": {
        "operationId": "get_sync",
        "summary": "Say which session directories are mirrored, and how that goes.",
        "tags": ["sync"],
        "responses": {
            "200": {"description": "The state.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(("400", "401", "403")),
        },
    },
    "post": {
        "operationId": "sync",
        "summary": "Read a session directory, or all below a directory.",
        "tags": ["sync"],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema(SYNCED)}}},
        "responses": {
            "200": {"description": "It is done.", "content": {JSON: {"schema": {"type": "object"}}}},
            "202": {"description": "It is queued.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(WRITE_ERRORS),
        },
    },
}
EXPORT: Final[Document] = {
    "operationId": "export",
    "summary": "Give all records of a signal as OTLP JSON lines, one request a line, in the order in which they came.",
    "description": (
        "What is given can be sent to any OTLP receiver, or taken in again by `spanledger import`. It is sent as it is"
        " taken; a caller that takes nothing for a minute is hung up on."
    ),
    "tags": ["export"],
    "parameters": [
        {
            "name": "signal",
            "in": "path",
            "required": True,
            "description": "Which records.",
            "schema": {"type": "string", "enum": list(exporting.WORDS)},
        }
    ],
    "responses": {
        "200": {"description": "The records.", "content": {LINES: {"schema": {"type": "string"}}}},
        **problems(("400", "401", "403", "404", "406", "503")),
    },
}
OWN: Final[Document] = {
    exporting.PATH: {"get": EXPORT},
    rejections.PATH: {"post": REPLAY},
    f"{PREFIX}/sync": SYNC,
    f"{PREFIX}/schema": {"get": TABLES},
    f"{PREFIX}/sql": {
        "get": {
            **SQL,
            "operationId": "get_sql",
            "parameters": [_field(one, "query") for one in BODY],
            "responses": {"200": RUN, **problems(SQL_ERRORS)},
        },
        "post": {
            **SQL,
            "operationId": "post_sql",
            "requestBody": {"required": True, "content": {JSON: {"schema": schema(BODY)}}},
            "responses": {"200": RUN, **problems((*SQL_ERRORS, "408", "413", "415"))},
        },
    },
    f"{PREFIX}/derived": DERIVED,
    f"{PREFIX}/openapi.json": {
        "get": {
            "operationId": "get_openapi",
            "summary": "Give this description.",
            "tags": ["openapi"],
            "responses": {
                "200": {
                    "description": "OpenAPI 3.1.",
                    "headers": HEADERS,
                    "content": {JSON: {"schema": {"type": "object"}}},
                },
                **problems(("304", "400", "401", "403", "406")),
            },
        }
    },
}
