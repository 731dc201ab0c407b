"""Write the description of the API, OpenAPI 3.1: everything in it is what requests are read and answered by."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import orjson

from api import outline
from api.answers import ref
from api.asking import NAMED, Question
from api.bodies import schema
from api.formats import CSV, JSON, LINES
from api.operations import OPERATIONS, PREFIX
from api.own_paths import OWN
from api.parameters import Parameter
from api.questions import QUESTIONS
from api.replies import (
    HEADERS,
    PROBLEM_SCHEMA,
    READ_ERRORS,
    WRITE_ERRORS,
    Document,
    object_of,
    problems,
    sent,
)
from api.writing import Operation

PATTERN: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")


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
        "parameters": [sent(fields[name], "path") for name in named],
        "responses": {str(operation.status): _made(operation), **problems(WRITE_ERRORS)},
    }
    if operation.method == "DELETE":
        told["parameters"] += [sent(one, "query") for one in operation.fields if one.field not in named]
        return told
    body = schema(operation.fields, sparing=named)
    needed = bool(body.get("required"))
    return told | {"requestBody": {"required": needed, "content": {JSON: {"schema": body}}}}


def _made(operation: Operation) -> Document:
    told = dict(operation.gives)
    if operation.order:
        told["order"] = {"type": "integer", "description": "The order's number, which `done` of /derived reaches."}
    return {"description": "It is durable.", "content": {JSON: {"schema": object_of(told)}}}


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


def _called(verb: str, path: str) -> str:
    return "_".join([verb, *re.findall(r"\w+", PATTERN.sub(r"\1", path).replace("-", "_"))])


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
