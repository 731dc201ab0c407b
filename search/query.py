"""Read what a person typed: words, "phrases", -without, beginn*, this OR that. Any text is a question."""

import re
from dataclasses import dataclass
from typing import Final

from search.readable import composed

MOST_TERMS: Final = 32
MOST_CHARACTERS: Final = 2_000
SHORTEST: Final = 3
"""Letters of a beginning."""
OPERATORS: Final = ("AND", "OR", "NOT")
"""Words that join others when they stand alone in capitals; AND goes without saying."""
_TOKEN: Final = re.compile(r'(?P<minus>-?)"(?P<quoted>[^"]*)"?(?P<star>\*?)|(?P<bare>[^\s"]+)')
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Term:
    """Hold words that stand behind each other; with `prefix` the last one is only the beginning of a word."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Say what text must hold: one of each group's terms, and none of `without`.

    `ignored` says that a long question has more than is looked for; `is_blank` that nothing at all was typed.
    """

    groups: tuple[tuple[Term, ...], ...] = ()
    without: tuple[Term, ...] = ()
    ignored: bool = False
    is_blank: bool = True

    @property
    def seeks_nothing(self) -> bool:
        """Say whether something was typed and there is no word in it."""
        return not (self.is_blank or self.groups or self.without)

    @property
    def beginnings(self) -> int:
        """Count the words of which the beginning is given."""
        return sum(term.prefix for term in (*self.terms, *self.without))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Give the terms that text may hold."""
        return tuple(term for group in self.groups for term in group)


def parse(text: str) -> Query:
    """Read a question."""
    cut = text[:MOST_CHARACTERS]
    clean = _CONTROL.sub(" ", cut.encode("utf-8", "replace").decode())
    groups: list[list[Term]] = []
    without: list[Term] = []
    before = ""
    tokens = list(_TOKEN.finditer(clean))
    for token in tokens[:MOST_TERMS]:
        minus, term = _term(token)
        if token["bare"] in OPERATORS:
            before = token["bare"]
        elif has_word(term.text):
            _add(term, groups, without, before="NOT" if minus else before)
            before = ""
    told = tuple(tuple(group) for group in groups)
    more = len(text) > MOST_CHARACTERS or len(tokens) > MOST_TERMS
    return Query(told, tuple(without), ignored=more, is_blank=not text.strip())


def _add(term: Term, groups: list[list[Term]], without: list[Term], *, before: str) -> None:
    if before == "NOT":
        without.append(term)
    elif before == "OR" and groups:
        groups[-1].append(term)
    else:
        groups.append([term])


def has_word(text: str) -> bool:
    """Say whether there is a letter or a digit."""
    return any(character.isalnum() for character in text)


def _term(token: re.Match[str]) -> tuple[bool, Term]:
    bare = token["bare"]
    if bare is None:
        return bool(token["minus"]), _meant(token["quoted"], star=bool(token["star"]))
    return bare.startswith("-"), _meant(bare.rstrip("*"), star=bare.endswith("*"))


def _meant(text: str, *, star: bool) -> Term:
    """Take a beginning of fewer than three letters for a word: half of all words begin with one of a few letters."""
    told = composed(text)
    return Term(told, prefix=star and told[-SHORTEST:].isalnum() and len(told) >= SHORTEST)
