"""Parse a JSON body: fast when it is plain, exactly when it is odd.

The fast parser turns integers beyond 64 bits into doubles and refuses lone surrogates, bare NaN and bare Infinity.
The exact one takes them; it runs only when the fast one failed, or when a double stands where an integer should.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import TooLarge, Undecodable
from schema.hints import wrong_json

Parsed = Any
"""What a JSON parser gives; nothing is known about it yet."""

BOM = b"\xef\xbb\xbf"
MAX_DIGITS_64 = 20
MEASURED_FROM = 1 << 20
UNITS_FREE = 4_000_000
MAX_UNITS = 30_000_000
"""Half a gigabyte, less than what many requests at once may take (reliability.md P3)."""
OBJECT_UNITS, ARRAY_UNITS, KEY_UNITS = 15, 6, 6
KEYS_FREE = 5
"""An object has room for so many keys from its beginning."""

SURROGATE = re.compile("[\ud800-\udfff]")
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
ONE_STRING = re.compile(rb'[^"]*+"(?:[^"\\]++|\\.)*+"', re.DOTALL)
STRINGS = re.compile(rb"(?:%s)*+" % ONE_STRING.pattern, re.DOTALL)
"""Whole strings, each with what stands before it."""
BLOCK = 1 << 20


class LongInteger(str):
    """Hold the digits of an integer beyond 64 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Hold a parsed body; when `exact`, no integer was rounded and strings may hold lone surrogates."""

    root: dict[str, Parsed]
    exact: bool


def parse(body: bytes) -> Document:
    """Parse a body, or raise Undecodable or TooLarge."""
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
    """Refuse a large body of which most is tiny objects, or that holds too many values; small ones cannot hurt.

    In memory an object takes about 240 bytes, an array and a key in a large object 100, any other element 16.
    Telemetry stays near one such unit of 16 bytes for each byte of body; what stands inside strings is not counted.
    """
    if len(body) < MEASURED_FROM:
        return
    usual = UNITS_FREE + len(body) * 5 // 4
    most = min(usual, MAX_UNITS)
    if _units(body) <= most or (units := sum(map(_units, _without_strings(body)))) <= most:
        return
    if units > usual:
        raise Undecodable(f"body of {len(body)} bytes is JSON made of too many tiny objects")
    raise TooLarge(f"body of {len(body)} bytes is JSON of too many values to read at once; send smaller batches")


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


def _without_strings(body: bytes) -> Iterator[bytes]:
    """Give what stands outside strings, block by block: at once it would take many times the body's room."""
    at = 0
    while at < len(body):
        end = _end(STRINGS.match(body, at, at + BLOCK), at) or _end(ONE_STRING.match(body, at), at) or len(body)
        yield STRING.sub(b"", body[at:end])
        at = end


def _end(found: re.Match[bytes] | None, start: int) -> int:
    """Say where a match ends; 0 when it is none, or empty."""
    return found.end() if found and found.end() > start else 0


def _units(body: bytes) -> int:
    objects = body.count(b"{")
    keys = max(0, body.count(b":") - KEYS_FREE * objects)
    return objects * OBJECT_UNITS + body.count(b"[") * ARRAY_UNITS + keys * KEY_UNITS + body.count(b",")


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
