"""Write answers the way that is asked for: JSON, JSON lines or CSV, each with a tag by which it is known again."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.errors import NotAcceptable

Row = Mapping[str, Any]

JSON: Final = "application/json"
LINES: Final = "application/jsonl"
CSV: Final = "text/csv"
OTHER_NAMES: Final = {"application/x-ndjson": LINES, "application/x-jsonlines": LINES}
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""
SPECIAL: Final = frozenset(',"\r\n')


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold one media range of an Accept header."""

    media: str
    quality: float


def chosen(accept: str, offered: Sequence[str]) -> str:
    """Choose the media type that a caller likes best, the first of equals; raise NotAcceptable when it likes none."""
    if not accept.strip():
        return offered[0]
    wanted = [_wanted(part) for part in accept.split(",")]
    rated = [(_quality(media, wanted), -place, media) for place, media in enumerate(offered)]
    quality, _, media = max(rated)
    if quality <= 0:
        raise NotAcceptable(f"Accept is {accept[:60]!r}; {' or '.join(offered)} can be given")
    return media


def _wanted(part: str) -> Wanted:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((name[2:] for name in parameters if name.startswith("q=")), "1")
    try:
        return Wanted(OTHER_NAMES.get(media, media), float(quality))
    except ValueError:
        return Wanted(media, 0.0)


def _quality(media: str, wanted: Iterable[Wanted]) -> float:
    """Give how much a media type is liked: what names it most exactly counts."""
    ranges = (media, f"{media.split('/', maxsplit=1)[0]}/*", "*/*")
    found = [(ranges.index(one.media), one.quality) for one in wanted if one.media in ranges]
    return min(found)[1] if found else 0.0


def tag(body: bytes) -> str:
    """Name an answer's content."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def is_known(given: str, current: str) -> bool:
    """Say whether If-None-Match names an answer."""
    names = [name.strip().removeprefix("W/") for name in given.split(",")]
    return "*" in names or current in names


def json(value: Any) -> bytes:
    """Write JSON."""
    return orjson.dumps(value)


def lines(rows: Iterable[Row]) -> bytes:
    """Write one JSON object a line."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def csv(rows: Iterable[Row], names: Sequence[str]) -> bytes:
    """Write a line of names, then one for each row; nothing in it can be a formula."""
    written = [table_line(names)]
    written += [table_line([row.get(name) for name in names]) for row in rows]
    return "".join(written).encode(errors="replace")


def table_line(values: Iterable[Any]) -> str:
    """Write a line of CSV (RFC 4180)."""
    return ",".join(map(_cell, values)) + "\r\n"


def _cell(value: Any) -> str:
    """Write a value; text that begins like a formula gets an apostrophe ahead, a number never."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if text.startswith(FORMULA):
        return _quoted(f"'{text}")
    return text if SPECIAL.isdisjoint(text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


WRITERS: Final[Mapping[str, Callable[[Sequence[Row], Sequence[str]], bytes]]] = {
    LINES: lambda rows, _names: lines(rows),
    CSV: csv,
}
"""Write the rows of a list; CSV has a column for each name."""
