"""Find the spans below which one job lies (mapping.md C.3): what a person or a program asked for and waited on.

The outermost span of an agent, a chain or a request is such a root, else the topmost one above model and tool calls.
Spans arrive when they end, and some never: what stands below missing ones is one job a trace, its root not known.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from mapping.facts import Fact
from mapping.forest import Forest
from mapping.tree import Place

KINDS: Final = frozenset(("turn", "agent", "workflow", "chain"))
WORK: Final = KINDS | {"llm", "tool"}
"""What an agent does; a request without any of it is no job."""
SERVERS: Final = frozenset(("mcp", "a2a"))
"""Protocols whose spans serve another one's job."""


class Roots:
    """Say for each span which root it is below; an unknown root is the trace's, without a span id."""

    def __init__(self, forest: Forest) -> None:
        """Take spans."""
        self._forest = forest
        self._top: dict[Place, Place] = {}
        self._outer: dict[Place, Place] = {}
        self.missing: dict[Place, Place] = {}
        """For each unknown root the span that is missing above the first of what is known."""
        self._climb()
        self._keys = self._settle()

    def of(self, place: Place) -> Place | None:
        """Give the root that a span is below, or is."""
        outer = self._outer.get(place)
        return None if outer is None else self._keys[outer]

    def __iter__(self) -> Iterator[Place]:
        """Give every root once."""
        return iter(sorted(set(self._keys.values())))

    def in_trace(self, trace_id: str) -> Place:
        """Name the unknown root of a trace."""
        return trace_id, ""

    def _climb(self) -> None:
        """Find the topmost span above each, and the outermost one that may be a root."""
        candidates: dict[Place, Place] = {}
        for place in self._forest.order:
            parent = self._forest.parent(place)
            self._top[place] = place if parent is None else self._top[parent]
            above = candidates.get(parent) if parent else None
            if above and not self._is_turn_of(place, above):
                candidates[place] = above
            elif _may_be(self._forest.spans[place]):
                candidates[place] = place
        working = {candidates.get(place) for place in self._forest.order if _works(self._forest.spans[place])}
        bare = {
            self._top[place]
            for place in self._forest.order
            if candidates.get(place) is None and _calls(self._forest.spans[place])
        }
        for place in self._forest.order:
            root = candidates.get(place)
            if root in working and root is not None:
                self._outer[place] = root
            elif self._top[place] in bare:
                self._outer[place] = self._top[place]

    def _is_turn_of(self, place: Place, above: Place) -> bool:
        """Know a program's own turn inside of the request that started it."""
        return self._forest.spans[place].kind == "turn" and self._forest.spans[above].kind == "other"

    def _settle(self) -> dict[Place, Place]:
        """Decide for each outermost span whether it is the root, or only the outermost one that is known."""
        outers = sorted(set(self._outer.values()), key=self._order)
        open_ones = {place: missing for place in outers if (missing := self._cut_off(place))}
        whole = defaultdict(list)
        for place in outers:
            if place not in open_ones:
                whole[place[0]].append(self._forest.spans[place])
        keys = {place: place for place in outers if place not in open_ones}
        spread = {trace: _Spread(roots) for trace, roots in whole.items()}
        for place, missing in open_ones.items():
            known = spread.get(place[0])
            around = known.only(self._forest.spans[place].start) if known else None
            keys[place] = around or self.in_trace(place[0])
            if around is None:
                self.missing.setdefault(keys[place], missing)
        return keys

    def _cut_off(self, place: Place) -> Place | None:
        """Name the missing span above the topmost known one, unless another process has it."""
        top = self._top[place]
        return None if self._forest.spans[top].identity.remote else self._forest.missing(top)

    def _order(self, place: Place) -> tuple[int, Place]:
        return self._forest.spans[place].start, place


def _may_be(fact: Fact) -> bool:
    if fact.emitter in SERVERS:
        return False
    return fact.kind in KINDS or (fact.kind == "other" and fact.identity.entry)


def _works(fact: Fact) -> bool:
    return fact.kind in WORK and fact.emitter not in SERVERS


def _calls(fact: Fact) -> bool:
    return fact.kind in ("llm", "tool") and fact.emitter not in SERVERS


class _Spread:
    """Know which of many spans of time lies around a moment, if it is only one."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._places = [fact.place for fact in facts]
        starts = sorted((fact.start, number) for number, fact in enumerate(facts))
        ends = sorted((fact.end, number) for number, fact in enumerate(facts))
        self._starts, self._begun = [at for at, _ in starts], [0, *accumulate(number for _, number in starts)]
        self._ends, self._over = [at for at, _ in ends], [0, *accumulate(number for _, number in ends)]

    def only(self, moment: int) -> Place | None:
        """Give the only one: what has begun less what is over leaves its number."""
        begun, over = bisect_right(self._starts, moment), bisect_left(self._ends, moment)
        return self._places[self._begun[begun] - self._over[over]] if begun - over == 1 else None
