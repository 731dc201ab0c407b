"""Mark what differs from request to request, so that a template can be filled without encoding it again.

An id's hole is a mark, its number, and zeros up to the id's width; the same in hex where an id stands in text.
A time's hole is a nanosecond count whose upper half is a mark and whose lower half is its number.
"""

import re
from collections.abc import Iterator

ID_MARK = 0xFEEDFACE
TIME_MARK = 0x18C0FFEE

IN_PROTOBUF = re.compile(
    rb"\xfe\xed\xfa\xce(?P<raw>.{4})(?:\0{8})?|feedface(?P<hex>[0-9a-f]{8})|(?P<time>.{4})\xee\xff\xc0\x18", re.DOTALL
)
IN_JSON = re.compile(rb"feedface(?P<hex>[0-9a-f]{8})(?:0{16})?|\"(?P<time>\d{19})\"")


def trace_id(number: int) -> bytes:
    """Mark the place of a trace id."""
    return span_id(number) + bytes(8)


def span_id(number: int) -> bytes:
    """Mark the place of a span id."""
    return (ID_MARK << 32 | number).to_bytes(8, "big")


def text(number: int) -> str:
    """Mark the place of a 64-bit id written in hex inside a text."""
    return span_id(number).hex()


def time(number: int) -> int:
    """Mark the place of a time."""
    return TIME_MARK << 32 | number


Hole = tuple[int, int, str, int]
"""Where it begins and ends, what belongs there ("raw", "hex" or "time"), and its number."""


def in_protobuf(body: bytes) -> Iterator[Hole]:
    """Find the holes of a protobuf body."""
    for found in IN_PROTOBUF.finditer(body):
        kind = str(found.lastgroup)
        held = found[kind]
        number = int(held, 16) if kind == "hex" else int.from_bytes(held, "big" if kind == "raw" else "little")
        yield found.start(), found.end(), kind, number


def in_json(body: bytes) -> Iterator[Hole]:
    """Find the holes of a JSON body."""
    for found in IN_JSON.finditer(body):
        if found.lastgroup == "hex":
            yield found.start(), found.end(), "hex", int(found["hex"], 16)
        elif int(found["time"]) >> 32 == TIME_MARK:
            yield found.start("time"), found.end("time"), "time", int(found["time"]) & 0xFFFFFFFF
