"""Read JSON the way programs write it: NaN, half a surrogate pair or a byte order mark are no reason to give up."""

import json
from typing import Any, Final

import orjson

BOM: Final = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """Say why a session directory cannot be read; the message names no path."""


def read_object(content: bytes) -> dict[str, Any]:
    """Read an object, or raise Unreadable."""
    told = _read(content.removeprefix(BOM))
    if not isinstance(told, dict):
        raise Unreadable(f"is a JSON {type(told).__name__}; an object is wanted")
    return told


def written(value: object) -> str:
    """Write a value as JSON text."""
    return orjson.dumps(value).decode()


def _read(content: bytes) -> Any:
    if not content.strip():
        raise Unreadable("is empty")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as strict:
        return _read_leniently(content, strict)


def _read_leniently(content: bytes, strict: orjson.JSONDecodeError) -> Any:
    """Read what Python's own writer makes and no standard allows; numbers that are none become null."""
    try:
        told = json.loads(content.decode(), parse_constant=lambda _: None)
        return orjson.loads(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8: byte {error.start}") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"is not JSON: {strict}") from None
