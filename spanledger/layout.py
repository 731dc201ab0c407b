"""Lay text out for a terminal of any width, wide characters included; write amounts the way people read them."""

import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any, Final

import click

from api.times import iso, moment
from core.section import seconds
from spanledger.terminal import plain

GAP: Final = "  "
LEAST: Final = 8
"""Columns that a cell keeps when its table is too wide."""
MOST_COLUMNS: Final = 160
THOUSAND: Final = 1_000
CENT_USD: Final = 0.01
MINUTE_S, HOUR_S = 60, 3_600
SHORT_ID: Final = 8
PREFIX: Final = re.compile(r"^[a-z]{1,8}:")
"""What says of which kind an id is, such as 'trace:'."""
RECENT_DAYS: Final = 300


def columns() -> int:
    """Say how wide the terminal is; a pipe is 80 columns wide unless COLUMNS says otherwise."""
    return max(20, shutil.get_terminal_size((80, 24)).columns)


def width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def cut(text: str, most: int) -> str:
    """Cut a text to so many columns, with a sign when something is missing."""
    if width(text) <= most:
        return text
    kept, used = [], 1
    for character in text:
        used += _width(character)
        if used > most:
            break
        kept.append(character)
    return "".join(kept) + "…"


def padded(text: str, to: int, *, right: bool = False) -> str:
    """Fill a text up to so many columns."""
    blanks = " " * (to - width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, *, indent: int = 0, lines: int | None = None) -> str:
    """Break text into lines that fit, each indented; words longer than a line are broken too."""
    room = max(LEAST, min(columns(), MOST_COLUMNS) - indent)
    found = [plain(piece) for line in text.split("\n") for piece in _pieces(line.expandtabs(4), room)]
    if lines is not None and len(found) > lines:
        found = [*found[: lines - 1], f"… {len(found) - lines + 1} more lines; --json gives all of them"]
    return "\n".join(" " * indent + piece for piece in found)


def fitted(head: Sequence[str], rows: Iterable[Sequence[Any]], *, flexible: Sequence[str], right: str = "") -> str:
    """Align rows under their heads; the `flexible` columns are cut, in that order, until all fits.

    `right` names the columns that stand to the right, with blanks between them.
    """
    cells = [[plain("" if value is None else str(value)) for value in row] for row in rows]
    sizes = [max(width(cell) for cell in column) for column in zip(head, *cells, strict=True)]
    _shrink(sizes, [head.index(name) for name in flexible], columns() - len(GAP) * (len(head) - 1))
    to_right = [name in right.split() for name in head]
    return "\n".join(_line(line, sizes, to_right) for line in [head, *cells])


def short_ids(ids: Sequence[str]) -> list[str]:
    """Cut each id to the fewest characters, eight or more behind a prefix, that tell it from the others."""
    ordered = sorted(set(ids))
    shared = [
        len(list(takewhile(lambda two: two[0] == two[1], zip(*pair, strict=False)))) for pair in pairwise(ordered)
    ]
    needed = {one: max([0, *shared[max(0, at - 1) : at + 1]]) + 1 for at, one in enumerate(ordered)}
    return [one[: max(SHORT_ID + len(one) - len(PREFIX.sub("", one)), needed[one])] for one in ids]


def took(milliseconds: float | None) -> str:
    """Write a duration: 850ms, 4.2s, 3m05s, 2h10m."""
    if milliseconds is None:
        return "-"
    whole = milliseconds / THOUSAND
    if round(milliseconds) < THOUSAND:
        return f"{milliseconds:.0f}ms"
    if round(whole, 1) < MINUTE_S:
        return f"{whole:.1f}s"
    whole = round(whole)
    if whole < HOUR_S:
        return f"{whole // MINUTE_S}m{whole % MINUTE_S:02}s"
    return f"{whole // HOUR_S}h{whole % HOUR_S // MINUTE_S:02}m"


def amount(count: int | None) -> str:
    """Write a number of tokens: 950, 12.3k, 4.5M."""
    if count is None:
        return "-"
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def price(usd: float | None) -> str:
    """Write dollars: two digits behind the point, more below a cent."""
    if usd is None:
        return "-"
    return f"${usd:,.2f}" if usd >= CENT_USD or not usd else f"${usd:.6f}".rstrip("0")


def clock(time: str | None) -> str:
    """Write a time of the tables for people, to the minute, UTC."""
    return "-" if not time else time[:16].replace("T", " ")


def short_clock(time: str | None) -> str:
    """Write a time in as few characters as a list has room for: the minute while that is recent, else the day."""
    if not time:
        return "-"
    recent = iso(datetime.now(UTC) - timedelta(days=RECENT_DAYS))
    return clock(time)[5:] if time > recent else time[:10]


def ago(text: str) -> str:
    """Read a time: so long ago, such as 30m, 2h or 7d, or ISO 8601."""
    try:
        return iso(datetime.now(UTC) - timedelta(seconds=seconds(text)))
    except (ValueError, OverflowError):
        pass
    try:
        return iso(moment(text))
    except (ValueError, OverflowError):
        raise click.UsageError(f"{text!r} is not a time; write 30m, 2h or 7d for so long ago, or 2026-01-31") from None


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _line(cells: Sequence[str], sizes: Sequence[int], to_right: Sequence[bool]) -> str:
    parts = (
        padded(cut(cell, size), size, right=right) for cell, size, right in zip(cells, sizes, to_right, strict=True)
    )
    return GAP.join(parts).rstrip()


def _shrink(sizes: list[int], flexible: Sequence[int], room: int) -> None:
    for at in flexible:
        sizes[at] = max(min(sizes[at], LEAST), sizes[at] - max(0, sum(sizes) - room))


def _pieces(line: str, room: int) -> Iterable[str]:
    """Break one line, at blanks where there are any."""
    rest = line.rstrip()
    while width(rest) > room:
        head = cut(rest, room + 1)[:-1]
        at = head.rfind(" ")
        at = at if at > room // 3 else len(head)
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    yield rest
