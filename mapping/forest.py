"""Put spans in order, those above first, across traces that one request runs through.

A span without one above stands below the span that caused it, if its record says which: messages do not keep a trace.
A circle of parents is cut above its smallest span, so every walk ends and costs time in line with the spans.
"""

from collections.abc import Iterable

from mapping.facts import Fact
from mapping.tree import Place, parents_first


class Forest:
    """Hold the spans of a group of records."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Take facts in any order; of two spans of one id the one that ended later counts."""
        self.spans: dict[Place, Fact] = {}
        for fact in facts:
            if fact.is_span and _later(fact, self.spans.get(place := fact.place)):
                self.spans[place] = fact
        above = {place: _above(fact) for place, fact in self.spans.items()}
        cuts: set[Place] = set()
        self.order = parents_first(above, cuts)
        self._parents = {place: parent for place, parent in above.items() if parent in self.spans and place not in cuts}

    def parent(self, place: Place) -> Place | None:
        """Give the span above; None when there is none or it was not received."""
        return self._parents.get(place)

    def inside(self, kind: str) -> set[Place]:
        """Give the spans of a kind, and those below them."""
        found = {place for place, fact in self.spans.items() if fact.kind == kind}
        for place in self.order if found else ():
            if self.parent(place) in found:
                found.add(place)
        return found

    def missing(self, place: Place) -> Place | None:
        """Name the span above that was not received, if that is why there is none."""
        parent = self.spans[place].parent
        return parent if parent[1] and parent not in self.spans else None


def _later(fact: Fact, known: Fact | None) -> bool:
    return known is None or (fact.end, fact.start, repr(fact)) > (known.end, known.start, repr(known))


def _above(fact: Fact) -> Place | None:
    if fact.parent_span_id:
        return fact.parent
    return fact.identity.causes[0] if fact.identity.causes else None
