"""Parse a JSON body: fast when it is plain, exactly when it is odd.

The fast parser turns integers beyond 64 bits into doubles and refuses lone surrogates, bare NaN and bare Infinity.
The exact one takes them; it runs only when the fast one failed, or when a double stands where an integer should.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import Undecodable
from schema.hints import wrong_json

Parsed = Any
"""What a JSON parser gives; nothing is known about it yet."""

BOM = b"\xef\xbb\xbf"
MAX_DIGITS_64 = 20
MEASURED_FROM = 1 << 20
UNITS_FREE = 4_000_000
OBJECT_UNITS, ARRAY_UNITS = 15, 6

SURROGATE = re.compile("[\ud800-\udfff]")
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class LongInteger(str):
    """Hold the digits of an integer beyond 64 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Hold a parsed body; when `exact`, no integer was rounded and strings may hold lone surrogates."""

    root: dict[str, Parsed]
    exact: bool


def parse(body: bytes) -> Document:
    """Parse a body, or raise Undecodable."""
    check_flood(body)
    try:
        return Document(_object(orjson.loads(body)), exact=False)
    except orjson.JSONDecodeError:
        return parse_exactly(body)


def parse_exactly(body: bytes) -> Document:
    """Parse a body without rounding integers, bare NaN and lone surrogates allowed, or raise Undecodable."""
    try:
        text = body.removeprefix(BOM).decode()
        root = json.loads(text, parse_int=_integer, parse_constant=str)
    except RecursionError:
        raise Undecodable(f"body of {len(body)} bytes is JSON nested too deep") from None
    except UnicodeDecodeError as error:
        raise Undecodable(f"body of {len(body)} bytes is not UTF-8 at byte {error.start}{wrong_json(body)}") from None
    except json.JSONDecodeError as error:
        raise Undecodable(f"body of {len(body)} bytes is not JSON at character {error.pos}{wrong_json(body)}") from None
    return Document(_object(root), exact=True)


def check_flood(body: bytes) -> None:
    """Refuse a large body made of a flood of tiny objects; small ones cannot hurt.

    An object costs about 240 bytes of memory, an array about 100, any other element about 16.
    Telemetry stays near one such unit of 16 bytes for each byte of body; braces inside strings are not counted.
    """
    budget = UNITS_FREE + len(body) * 5 // 4
    if len(body) < MEASURED_FROM or _units(body) <= budget:
        return
    if _units(STRING.sub(b"", body)) > budget:
        raise Undecodable(f"body of {len(body)} bytes is JSON made of too many tiny objects")


def scrub(node: dict[str, Parsed], *, skip: str = "") -> bool:
    """Replace lone surrogates by U+FFFD, in place, but not under `skip`; tell whether there were any."""
    skipped = node.pop(skip, None)
    found = False
    stack: list[Parsed] = [node]
    while stack:
        inner = stack.pop()
        found |= _scrub_object(inner) if type(inner) is dict else _scrub_array(inner)
        parts = inner.values() if type(inner) is dict else inner
        stack.extend(part for part in parts if type(part) in (dict, list))
    if skipped is not None:
        node[skip] = skipped
    return found


def _units(body: bytes) -> int:
    return body.count(b"{") * OBJECT_UNITS + body.count(b"[") * ARRAY_UNITS + body.count(b",")


def _object(root: Parsed) -> dict[str, Parsed]:
    if isinstance(root, dict):
        return root
    raise Undecodable("body is JSON but not an object")


def _integer(digits: str) -> int | LongInteger:
    if len(digits) <= MAX_DIGITS_64 and -(1 << 63) <= (value := int(digits)) < 1 << 64:
        return value
    return LongInteger(digits)


def _odd(value: Parsed) -> bool:
    return type(value) is str and SURROGATE.search(value) is not None


def _mended(value: Parsed) -> Parsed:
    return SURROGATE.sub("\ufffd", value) if _odd(value) else value


def _scrub_object(node: dict[str, Parsed]) -> bool:
    odd = [key for key, value in node.items() if _odd(key) or _odd(value)]
    for key in odd:
        node[_mended(key)] = _mended(node.pop(key))
    return bool(odd)


def _scrub_array(node: list[Parsed]) -> bool:
    odd = [index for index, value in enumerate(node) if _odd(value)]
    for index in odd:
        node[index] = _mended(node[index])
    return bool(odd)
