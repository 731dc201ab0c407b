"""Describe what a question takes from an address: what each parameter means, and how its text is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.pages import MOST
from api.times import iso, moment
from core.errors import Invalid

Schema = Mapping[str, Any]
Reader = Callable[[str, str], Any]
"""Makes a value of the text of a parameter, whose name is for messages."""

SHOWN: Final = 60
MOST_TEXT: Final = 1_024
"""Characters of a filter."""
DIGITS: Final = 15
MAX_WHOLE: Final = 10**DIGITS - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """Say what a parameter is; `read` raises Invalid for text that is not what is wanted."""

    about: str
    schema: Schema
    read: Reader

    @property
    def may_be_empty(self) -> bool:
        """Say whether an empty text is text, which filters nothing; it is no number, and none of some words."""
        return self.schema["type"] == "string" and "enum" not in self.schema

    def said(self, about: str) -> "Parameter":
        """Give the same kind of parameter with another meaning."""
        return replace(self, about=about)


def text(about: str) -> Parameter:
    """Take any text of a bounded length."""
    return Parameter(about, {"type": "string", "maxLength": MOST_TEXT}, _text)


def whole(about: str) -> Parameter:
    """Take a whole number of zero or more."""
    return Parameter(about, {"type": "integer", "minimum": 0, "maximum": MAX_WHOLE}, _whole)


def number(about: str) -> Parameter:
    """Take a number of zero or more."""
    return Parameter(about, {"type": "number", "minimum": 0}, _number)


def time(about: str) -> Parameter:
    """Take a time in ISO 8601; one without a zone is UTC."""
    return Parameter(about, {"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}, _time)


def one_of(about: str, words: Sequence[str]) -> Parameter:
    """Take one of some words."""

    def read(name: str, given: str) -> str:
        if given not in words:
            raise Invalid(f"{name} is {given[:SHOWN]!r}; one of {', '.join(words)} is wanted")
        return given

    return Parameter(about, {"type": "string", "enum": list(words)}, read)


def truth(about: str) -> Parameter:
    """Take true or false."""

    def read(name: str, given: str) -> bool:
        if given not in TRUTHS:
            raise Invalid(f"{name} is {given[:SHOWN]!r}; true or false is wanted")
        return TRUTHS[given]

    return Parameter(about, {"type": "boolean"}, read)


TRUTHS: Final = {"true": True, "false": False}


def _text(name: str, given: str) -> str:
    if len(given) > MOST_TEXT:
        raise Invalid(f"{name} has {len(given)} characters; at most {MOST_TEXT} are wanted")
    return given


def _whole(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= DIGITS):
        raise Invalid(f"{name} is {given[:SHOWN]!r}; a whole number is wanted")
    return int(given)


def _limit(name: str, given: str) -> int:
    """Read how many items are wanted; more than are given out at once is as many as are (reliability.md row 80)."""
    digits = given.lstrip("0")
    if not (given.isascii() and given.isdigit() and digits):
        raise Invalid(f"{name} is {given[:SHOWN]!r}; a whole number from 1 to {MOST} is wanted")
    return min(int(digits[: len(str(MOST)) + 1]), MOST)


def _number(name: str, given: str) -> float:
    try:
        found = float(given) if given.isascii() and "_" not in given else -1.0
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise Invalid(f"{name} is {given[:SHOWN]!r}; a number of zero or more is wanted")
    return found


def _time(name: str, given: str) -> str:
    try:
        return iso(moment(given))
    except (ValueError, OverflowError):
        wanted = "a time in ISO 8601 is wanted, such as 2026-01-31T12:00:00Z"
        raise Invalid(f"{name} is {given[:SHOWN]!r}; {wanted}") from None


LIMIT: Final = Parameter(
    f"How many items a page holds at most; more than {MOST} is {MOST}. A page may hold fewer.",
    {"type": "integer", "minimum": 1, "default": 50},
    _limit,
)
CURSOR: Final = text("Where to go on: `next` of the page before.")
PAGE: Final = {"limit": LIMIT, "cursor": CURSOR}
SPAN: Final = {"since": time("Only from this time on."), "until": time("Only before this time.")}
