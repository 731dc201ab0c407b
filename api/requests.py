"""Read what a request of /api/v1 says: its parameters, its body, and in which form it wants the answer."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import hdrs, web

from api.formats import JSON
from api.writing import Operation
from core.errors import Invalid, UnsupportedMedia


def parameters(request: web.Request, operation: Operation | None = None) -> dict[str, Any]:
    """Read the query; what a deletion takes from it is a number."""
    given: dict[str, Any] = {}
    for name, text in request.query.items():
        if name in given:
            raise Invalid(f"the parameter {name[:60]!r} is given twice")
        given[name] = text
    if operation is not None and given:
        return {name: _number(name, text) for name, text in given.items()}
    return given


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid(f"the parameter {name[:60]!r} is {text[:60]!r}; a number is wanted") from None


def object_of(request: web.Request, body: bytes) -> Mapping[str, Any]:
    """Read a body of JSON; an empty one says nothing."""
    if not body:
        return {}
    if request.content_type != JSON:
        raise UnsupportedMedia(f"Content-Type {request.content_type[:40]!r} is not supported; use {JSON}")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid(f"the body is a JSON {type(told).__name__}; an object is wanted")
    return told


def accepted(request: web.Request) -> str:
    """Give what Accept says."""
    return ",".join(request.headers.getall(hdrs.ACCEPT, []))


def take_none(request: web.Request) -> None:
    """Refuse parameters."""
    for name in request.query:
        raise Invalid(f"the parameter {name[:60]!r} is not known here; the parameters are none")
