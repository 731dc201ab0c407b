"""Cut long answers into pages: a place in the order of a list is written as a word that callers hand back."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from core.errors import Invalid
from store.protocol import ReadSide

DEFAULT: Final = 50
MOST: Final = 1_000

LOOKED: Final = 15_000
"""Rows that are looked at for a page when no index knows what is asked for: a twentieth of a second or less."""
INDEXED: Final = ("session", "type", "since", "until")
"""What indexes know, beside a place in a list."""

Row = dict[str, Any]


def limited(limit: int | None) -> int:
    """Give how many items a page may hold."""
    if limit is None:
        return DEFAULT
    if limit < 1:
        raise Invalid(f"limit is {limit}; a whole number from 1 to {MOST} is wanted")
    return min(limit, MOST)


def page(found: Sequence[Row], limit: int, place: tuple[str, str], *, shown: Callable[[Row], Row]) -> Row:
    """Make a page of rows, of which one more than the limit was asked for; `place` names time and id of a row."""
    return told(found[:limit], found[limit - 1] if len(found) > limit else None, place, shown)


def told(rows: Iterable[Row], last: Row | None, place: Sequence[str], shown: Callable[[Row], Row]) -> Row:
    """Write a page that goes on behind a row, or is the last; what has no time has its id alone as its place."""
    following = None if last is None else word([last[name] for name in place if last[name] is not None])
    return {"items": [shown(row) for row in rows], "next": following}


def paged(  # noqa: PLR0913  what makes a page
    side: ReadSide,
    report: str,
    place: Sequence[str],
    /,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    shown: Callable[[Row], Row],
    **where: Any,
) -> Row:
    """Read a page of a list; `place` are the columns of its order, of which the last names a row."""
    found, more = side.page(report, rows=limited(limit), **after(cursor, len(place)), **where)
    return told(found, found[-1] if more else None, place, shown)


def paged_looking(  # noqa: PLR0913  what makes a page
    side: ReadSide,
    report: str,
    ends: str,
    place: Sequence[str],
    /,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    shown: Callable[[Row], Row],
    **where: Any,
) -> Row:
    """Read a page for which rows must be looked at one by one: it ends after so many, full or not.

    The report `ends` finds the row at which it does.
    """
    behind = after(cursor, len(place))
    within = {name: where[name] for name in INDEXED if name in where}
    end = next(iter(side.report(ends, looked=LOOKED, **behind, **within)), None)
    until = {"end_time": end[place[0]], "end_id": end[place[1]]} if end else {}
    found, more = side.page(report, rows=limited(limit), **behind, **until, **where)
    return told(found, found[-1] if more else end, place, shown)


def paged_to_untimed(  # noqa: PLR0913  what makes a page
    side: ReadSide,
    report: str,
    place: Sequence[str],
    /,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    shown: Callable[[Row], Row],
    **where: Any,
) -> Row:
    """Read a page of a list that ends with rows without a time.

    They are behind every place in time but in no comparison with one, so they are asked for by themselves.
    """
    size, behind = limited(limit), _timed(cursor) if cursor else {}
    found, more = side.page(report, rows=size, **behind, **where)
    if "after_time" in behind and not more:
        rest, more = side.page(report, rows=size - len(found), untimed=LARGEST, **where)
        found += rest
    return told(found, found[-1] if more else None, place, shown)


def _timed(cursor: str) -> Mapping[str, Any]:
    """Read a place in time, or the place of a row without one: its id alone, as `untimed`."""
    try:
        return after(cursor)
    except Invalid:
        return {"untimed": after(cursor, 1)["after_id"]}


def word(place: Sequence[Any]) -> str:
    """Write a place in a list."""
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).rstrip(b"=").decode()


def after(cursor: str | None, parts: int = 2) -> Mapping[str, Any]:
    """Read a place in a list as the values `after_time` and `after_id`, or the latter alone."""
    if not cursor:
        return {}
    try:
        place = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        place = None
    if not isinstance(place, list) or len(place) != parts or not all(map(_is_part, place)):
        raise Invalid("the cursor is not one that was given out; leave it out to begin with the first page")
    return dict(zip(("after_time", "after_id")[-parts:], place, strict=True))


def _is_part(value: object) -> bool:
    """Say whether a value can be bound: SQLite's integers have 63 bits."""
    return isinstance(value, str) or (type(value) is int and -LARGEST <= value <= LARGEST)


LARGEST: Final = (1 << 63) - 1


def pattern(text: str) -> str:
    """Write what finds a text anywhere, upper and lower case alike."""
    return f"%{escaped(text)}%"


def part_of_path(path: str) -> str:
    """Write what finds a path, or its last or middle parts, in a path between slashes."""
    return f"%/{escaped(path.strip('/'))}/%"


def escaped(text: str) -> str:
    """Let nothing in a text stand for other text; too long a text is refused."""
    written = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    if len(written.encode()) > MOST_SOUGHT:
        raise Invalid(f"the text to look for is too long; at most {MOST_SOUGHT} bytes are wanted")
    return written


MOST_SOUGHT: Final = 480
