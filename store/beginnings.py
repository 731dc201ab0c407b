"""Say which words of the index begin in some way: few enough of them to look for each.

The index would bring the documents of all of them together before it gives the first: a quarter of a second for three
letters with which many texts' words begin. Looked for one by one, they are as quick as other words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import apsw

from search.shapes import BEST, NEWEST
from store.search_index import STATEMENTS, TOKENIZER


@dataclass(frozen=True, slots=True)
class Bounds:
    """Say how many documents the index may bring together, and how much a beginning may stand for beyond these.

    `words` are the most frequent, `phrases` those that come behind other words; `held` counts a document for each.
    """

    together: int = 50_000
    words: int = 256
    phrases: int = 256
    held: int = 1 << 62


BOUNDS: Final = {NEWEST: Bounds(), BEST: Bounds(words=64, phrases=4, held=1_500_000)}
"""To say which documents are best, all documents of each word are counted anew."""


@dataclass(slots=True)
class Beginnings:
    """Look words up in an index for a question with so many beginnings, which share its bounds.

    `cut` says whether some were left out.
    """

    index: apsw.Connection
    bounds: Bounds
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
        known = self._known(beginning)
        if sum(held for _, held in known) <= self.bounds.together:
            return None
        most = self.bounds.phrases if len(tokens) > 1 else self.bounds.words
        words = self._most(known[: max(1, most // self.shared)])
        self.cut |= len(words) < len(known)
        before = text.encode()[:start].decode()
        return [before + word for word in words]

    def _known(self, beginning: str) -> list[tuple[str, int]]:
        rows = self.index.execute(STATEMENTS["beginning"], (beginning, beginning + LAST))
        return [(str(word), int(held)) for word, held in rows]

    def _most(self, known: Sequence[tuple[str, int]]) -> list[str]:
        """Choose the most frequent, one at least."""
        chosen: list[str] = []
        left = self.bounds.held // self.shared
        for word, held in known:
            left -= held
            if chosen and left < 0:
                break
            chosen.append(word)
        return chosen


LAST: Final = "\U0010ffff"
"""Comes after every letter."""
