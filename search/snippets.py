"""Show where in a text the words of a question stand: a bounded piece of it, with marks.

Marks are places in the piece, never markup: whoever shows it decides how, and escapes it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from search.query import Term
from search.readable import readable
from search.words import DENSE, humps

LONGEST: Final = 200
"""Characters of a piece."""
BEFORE: Final = 60
MOST_MARKS: Final = 20
MOST_TEXT: Final = 1 << 16
MOST_TRIES: Final = 2_000
_WORD: Final = re.compile(r"[^\W_]+")
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Hold a piece of a field; each mark is a start and an end in `text`."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]
    before: bool
    after: bool

    def told(self) -> dict[str, Any]:
        """Write it for programs."""
        marks = [list(mark) for mark in self.marks]
        return {"field": self.field, "text": self.text, "marks": marks, "before": self.before, "after": self.after}


def snippet(field: str, text: str, terms: Sequence[Term]) -> Snippet:
    """Cut the piece around the first of the words that is found, or the beginning when none is."""
    whole = _SPACE.sub(" ", readable(text[:MOST_TEXT])).strip()
    marks = sorted(set(_places(whole, terms)))
    start = _start(whole, marks[0][0]) if marks else 0
    end = _end(whole, start)
    held = [(at - start, to - start) for at, to in marks if start <= at and to <= end]
    return Snippet(field, whole[start:end], _apart(held), start > 0, end < len(whole))


def _places(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    folded = _folded(text)
    for term in terms:
        pattern = _pattern(term)
        for found in islice(pattern.finditer(folded), MOST_TRIES) if pattern else ():
            if _begins(text, found.start()) and (term.prefix or _ends(text, found.end())):
                yield found.span()


@lru_cache(maxsize=256)
def _pattern(term: Term) -> re.Pattern[str] | None:
    """Find the term's words behind each other, with anything but letters and digits between."""
    words = _WORD.findall(_folded(humps(term.text)))
    return re.compile(r"[\W_]*".join(map(re.escape, words))) if words else None


def _begins(text: str, at: int) -> bool:
    """Say whether a word begins at a place."""
    if at == 0 or DENSE.match(text, at):
        return True
    before, here = text[at - 1], text[at]
    return not before.isalnum() or bool(DENSE.match(before)) or (here.isupper() and before.isalnum())


def _ends(text: str, at: int) -> bool:
    if at >= len(text) or DENSE.match(text, at - 1):
        return True
    here = text[at]
    return not here.isalnum() or bool(DENSE.match(here)) or here.isupper()


def _folded(text: str) -> str:
    """Write a text in small letters without accents, each character in its place."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold, text))


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    small = unicodedata.normalize("NFD", character)[0].lower()
    return small if len(small) == 1 else character


def _start(text: str, first: int) -> int:
    """Begin some words ahead of the first mark."""
    if first <= BEFORE:
        return 0
    space = text.find(" ", first - BEFORE, first)
    return space + 1 if space >= 0 else first - BEFORE


def _end(text: str, start: int) -> int:
    """End between words if there is a place."""
    end = start + LONGEST
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", start + LONGEST // 2, end)
    return space if space >= 0 else end


def _apart(marks: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Leave out marks that lie in others."""
    kept: list[tuple[int, int]] = []
    for at, to in marks:
        if kept and at < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(to, kept[-1][1]))
        else:
            kept.append((at, to))
    return tuple(kept[:MOST_MARKS])
