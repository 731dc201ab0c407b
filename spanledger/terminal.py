"""Write for people and for pipes: text without control characters, aligned tables, JSON, progress."""

import re
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import orjson

# C0, DEL and C1 controls, line separators, and the marks that turn the direction of writing round.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BELOW_KIB = 1024
NANOSECONDS = 1_000_000_000
REDRAW_S = 0.2


def plain(text: str) -> str:
    """Write control characters as escapes, so that stored text cannot drive a terminal or break a line."""
    return _HARMFUL.sub(lambda match: _SHORT.get(match[0]) or _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def say(text: str = "") -> None:
    """Write one line to standard output."""
    click.echo("\n".join(plain(line) for line in text.split("\n")))


def note(text: str) -> None:
    """Write one line about the work to standard error."""
    click.echo(plain(text), err=True)


def say_json(value: object) -> None:
    """Write a value as indented JSON."""
    click.echo(visible(orjson.dumps(value, default=_jsonable, option=orjson.OPT_INDENT_2)))


def json_line(value: object) -> bytes:
    """Write a value as one line of JSON, its newline included."""
    return orjson.dumps(value, default=_jsonable, option=orjson.OPT_APPEND_NEWLINE)


def say_json_line(value: object, *, ahead: str) -> None:
    """Write a value as JSON to standard output, without a newline, after what stands ahead of it."""
    click.echo(ahead + visible(json_line(value).rstrip()), nl=False)


def visible(text: bytes) -> str:
    """Escape what JSON lets through but a terminal would obey."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text.decode())


def _jsonable(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if _is_text(value) else value.hex()
    return str(value)


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in value


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Align rows under their heads, numbers to the right."""
    kept = [list(row) for row in rows]
    cells = [[cell(value) for value in row] for row in kept]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    right = [bool(kept) and all(_is_number(row[index]) for row in kept) for index in range(len(head))]
    lines = [_line(line, widths, right) for line in [list(head), ["-" * width for width in widths], *cells]]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        text.rjust(width) if to_right else text.ljust(width)
        for text, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def cell(value: Any) -> str:
    """Write one value of a table; nothing is written for NULL."""
    if value is None:
        return ""
    return plain(value.hex() if isinstance(value, bytes) else str(value))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def human_bytes(value: float) -> str:
    """Write an amount of bytes in the unit that reads best."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < _BELOW_KIB:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _BELOW_KIB
    return f"{value:.1f} TiB"


def human_time(nanoseconds: int | None) -> str:
    """Write a Unix time in nanoseconds as UTC; '-' when there is none."""
    if nanoseconds is None:
        return "-"
    return f"{datetime.fromtimestamp(nanoseconds / NANOSECONDS, UTC):%Y-%m-%d %H:%M:%S}Z"


class Progress:
    """Show on a terminal how far long work has come; silent elsewhere."""

    def __init__(self, what: str, *, total: int | None = None) -> None:
        """Start at nothing of `total`."""
        self._what = what
        self._total = total
        self._done = 0
        self._next = 0.0
        self._shown = sys.stderr.isatty()

    def add(self, count: int) -> None:
        """Count work that is done, and redraw now and then."""
        self._done += count
        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + REDRAW_S
            self._draw()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def _draw(self) -> None:
        of_total = f" of {self._total} ({100 * self._done // self._total} %)" if self._total else ""
        click.echo(f"\r\x1b[K{self._what}: {self._done}{of_total}", nl=False, err=True)
