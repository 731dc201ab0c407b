"""Know which span stands above which, across everything that was received of some traces."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

Place = tuple[str, str]
"""Trace id and span id."""
WRAPPERS: Final = frozenset(("llm", "other", "chain", "embedding", "rerank", "request"))
"""Kinds that may stand between a call and a span around it that tells of the same call."""
MOST_AROUND: Final = 16
"""Spans around a call that may tell of the same one."""


class Tree:
    """Hold the parents and kinds of spans; a circle of parents is cut, so that every walk ends.

    `order` has those above before those below.
    """

    def __init__(self, spans: Iterable[tuple[Place, Place, str]]) -> None:
        """Take (span, span above, kind) of every span, in any order."""
        self._parents: dict[Place, Place | None] = {}
        self._kinds: dict[Place, str] = {}
        for place, parent, kind in spans:
            self._parents[place] = parent if parent[1] else None
            self._kinds[place] = kind
        cuts: set[Place] = set()
        self.order = parents_first(self._parents, cuts)
        if cuts:
            self._parents.update(dict.fromkeys(cuts))
        self._depths: dict[Place, int] = {}
        for place in self.order:
            parent_place = self._parents[place]
            self._depths[place] = 0 if parent_place is None else self._depths.get(parent_place, 0) + 1

    def parent(self, place: Place) -> Place | None:
        """Give the span above, which may not have been received; None when there is none."""
        return self._parents.get(place)

    def above(self, place: Place) -> Iterator[Place]:
        """Give the spans above one, the nearest first; the last may not have been received."""
        at = self._parents.get(place)
        while at is not None:
            yield at
            at = self._parents.get(at)

    def kind(self, place: Place) -> str:
        """Give a span's kind; empty when it was not received."""
        return self._kinds.get(place, "")

    def depth(self, place: Place) -> int:
        """Count the spans above."""
        return self._depths.get(place, 0)

    def wrapping(self, place: Place) -> list[Place]:
        """Give the spans above one that may tell of the same call: up to the first that does something else."""
        found: list[Place] = []
        outer = self._parents.get(place)
        while outer is not None and len(found) < MOST_AROUND:
            found.append(outer)
            outer = self._parents.get(outer) if self._kinds.get(outer, "") in WRAPPERS else None
        return found

    def cover(self, place: Place, covered: set[Place]) -> None:
        """Add the spans above one to a set that holds, with each span, all above it."""
        for outer in self.above(place):
            if outer in covered:
                return
            covered.add(outer)


def parents_first(above: Mapping[Place, Place | None], cuts: set[Place]) -> list[Place]:
    """Give places with those above first; a circle is cut above its smallest place, which is added to `cuts`."""
    below: dict[Place, list[Place]] = defaultdict(list)
    order: list[Place] = []
    for place, parent in above.items():
        if parent is not None and parent in above:
            below[parent].append(place)
        else:
            order.append(place)
    for place in order:  # which grows meanwhile
        if place in below:
            order += below[place]
    if len(order) < len(above):
        _open_circles(above, below, order, cuts)
    return order


def _open_circles(
    above: Mapping[Place, Place | None], below: Mapping[Place, list[Place]], order: list[Place], cuts: set[Place]
) -> None:
    """Add the places of circles and those below them."""
    seen = set(order)
    for place in sorted(above.keys() - seen):
        if place not in seen:
            cut = min(_circle(place, above))
            cuts.add(cut)
            waiting = [cut]
            for each in waiting:  # which grows meanwhile
                if each not in seen:
                    seen.add(each)
                    waiting += below.get(each, ())
                    order.append(each)


def _circle(place: Place, above: Mapping[Place, Place | None]) -> list[Place]:
    """Give the spans of the circle that a span's parents run into."""
    path: dict[Place, int] = {}
    at: Place | None = place
    while at is not None and at not in path:
        path[at] = len(path)
        at = above.get(at)
    assert at is not None
    return list(path)[path[at] :]
