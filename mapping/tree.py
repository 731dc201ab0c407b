"""Know which span stands above which, across everything that was received of some traces."""

from collections.abc import Iterable, Iterator
from typing import Final

Place = tuple[str, str]
"""Trace id and span id."""
WRAPPERS: Final = frozenset(("llm", "other", "chain", "embedding", "rerank", "request"))
"""Kinds that may stand between a call and a span around it that tells of the same call."""
MAX_DEPTH: Final = 10_000
"""A chain of parents that is longer has a circle in it."""


class Tree:
    """Hold the parents and kinds of spans."""

    def __init__(self, spans: Iterable[tuple[Place, Place, str]]) -> None:
        """Take (span, span above, kind) of every span, in any order."""
        self._parents: dict[Place, Place] = {}
        self._kinds: dict[Place, str] = {}
        self._depths: dict[Place, int] = {}
        for place, parent, kind in spans:
            self._parents[place] = parent
            self._kinds[place] = kind

    def above(self, place: Place) -> Iterator[Place]:
        """Give the spans above one, the nearest first; the last may not have been received."""
        seen = 0
        while (parent := self._parents.get(place)) is not None and parent[1] and seen < MAX_DEPTH:
            yield parent
            place, seen = parent, seen + 1

    def kind(self, place: Place) -> str:
        """Give a span's kind; empty when it was not received."""
        return self._kinds.get(place, "")

    def depth(self, place: Place) -> int:
        """Count the spans above."""
        if place not in self._depths:
            self._depths[place] = sum(1 for _ in self.above(place))
        return self._depths[place]

    def wrapping(self, place: Place) -> Iterator[Place]:
        """Give the spans above one that may tell of the same call: up to the first that does something else."""
        for outer in self.above(place):
            yield outer
            if self.kind(outer) not in WRAPPERS:
                return
