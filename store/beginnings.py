"""Say which words of the index begin in some way: few enough of them to look for each.

The index would bring the documents of all of them together before it gives the first: a quarter of a second for three
letters with which many texts' words begin. Looked for one by one, they are as quick as other words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import apsw

from store.search_index import STATEMENTS, TOKENIZER


@dataclass(frozen=True, slots=True)
class Bounds:
    """Say what all beginnings may stand for: so many words, or `phrases` behind other words.

    Of more words the most frequent are chosen, unless the index may bring their documents `together`.
    """

    words: int = 1_000
    phrases: int = 16
    together: int = 50_000


BOUNDS: Final = Bounds()


@dataclass(slots=True)
class Beginnings:
    """Look words up in an index, for a question with so many beginnings; `cut` says whether some were left out."""

    index: apsw.Connection
    bounds: Bounds = BOUNDS
    shared: int = 1
    cut: bool = False

    def phrases(self, text: str) -> Sequence[str] | None:
        """Write a text once with each word that its last one may begin; None when the index may find them all."""
        name, options = TOKENIZER
        found = self.index.fts5_tokenizer(name, list(options))(text.encode(), apsw.FTS5_TOKENIZE_QUERY, None)
        tokens = cast("list[tuple[int, int, str]]", list(found))
        if not tokens:
            return None
        start, _, beginning = tokens[-1]
        most = self.bounds.phrases if len(tokens) > 1 else self.bounds.words
        words = self._words(beginning, max(1, most // self.shared))
        before = text.encode()[:start].decode()
        return [before + word for word in words] if words else None

    def _words(self, beginning: str, most: int) -> list[str]:
        """List them; none when there are none, or the index may find them all."""
        words = [str(word) for (word,) in self._told("words_from", beginning, most + 1)]
        if len(words) <= most:
            return words
        known = [(str(word), int(held)) for word, held in self._told("words_by_frequency", beginning)]
        if sum(held for _, held in known) <= self.bounds.together:
            return []
        self.cut = True
        return [word for word, _ in known[:most]]

    def _told(self, name: str, beginning: str, *values: int) -> list[Any]:
        return self.index.execute(STATEMENTS[name], (beginning, beginning + LAST, *values)).fetchall()


LAST: Final = "\U0010ffff"
"""Comes after every letter."""
