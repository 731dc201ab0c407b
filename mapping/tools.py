"""Find the tool calls in the facts of one group of records, each once (mapping.md D.2).

One call may be told of by its span, by spans inside it (an MCP client's, its server's), and by a log event.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from mapping.facts import Fact, merged
from mapping.hooks import REFUSED
from mapping.told_tools import filled, told_calls, unrecorded
from mapping.tree import MOST_AROUND, Place, Tree

BETWEEN: Final = frozenset(("tool", "tool_part", "mcp", "other", "chain", "wait", "hook"))
"""Kinds that may stand between a tool's span and another one of the same call."""
PARTS: Final = frozenset(("tool_part",))
NEAR_NS: Final = 2_000_000_000


@dataclass(slots=True)
class ToolCall:
    """Hold a tool call, and the keys of all records that tell of it."""

    fact: Fact
    sources: list[str] = field(default_factory=list)

    def take(self, other: Fact) -> None:
        """Merge another record of the same call."""
        self.fact = merged(self.fact, other)
        self.sources.append(other.key)

    @property
    def refused(self) -> bool:
        """Say whether it was not allowed to run, so that it neither failed nor succeeded."""
        return self.fact.tool is not None and self.fact.tool.decision == REFUSED

    @property
    def wrote(self) -> tuple[str, ...]:
        """Give the files that it wrote: none when it failed or never ran."""
        return self.fact.tool.writes if self.fact.tool and not self.fact.failed and not self.refused else ()


def tool_calls(facts: Sequence[Fact], tree: Tree) -> list[ToolCall]:
    """Give the calls in order of their start."""
    calls = _Merging(tree)
    told = [fact for fact in facts if fact.kind == "tool" or fact.kind in PARTS]
    calls.spans([fact for fact in told if fact.is_span])
    calls.events([fact for fact in told if not fact.is_span])
    return sorted(_with_told(calls.found, facts), key=lambda call: (call.fact.start, call.fact.key))


def _with_told(found: list[ToolCall], facts: Sequence[Fact]) -> list[ToolCall]:
    """Add what the messages of models know: of the calls that were found, and of those that nothing else tells of."""
    told = told_calls(facts)
    found.sort(key=lambda call: (call.fact.start, call.fact.key))
    for call, fact in zip(found, filled([call.fact for call in found], told), strict=True):
        call.fact = fact
    more = unrecorded(told, [call.fact for call in found])
    return found + [ToolCall(each.as_fact(), [key for key in (each.fact.key, each.result_key) if key]) for each in more]


class _Merging:
    """Put facts that tell of the same call together."""

    def __init__(self, tree: Tree) -> None:
        self.found: list[ToolCall] = []
        self._tree = tree
        self._by_place: dict[Place, ToolCall] = {}
        self._by_id: dict[tuple[str | None, str], ToolCall] = {}
        self._by_name: dict[tuple[str | None, str | None], list[ToolCall]] = defaultdict(list)

    def spans(self, facts: Sequence[Fact]) -> None:
        """Take spans, the outermost first."""
        for fact in sorted(facts, key=lambda fact: (self._tree.depth(fact.place), fact.start, fact.key)):
            known = self._around(fact) or self._same_id(fact)
            if known is not None or fact.kind not in PARTS:
                self._add(fact, known)

    def events(self, facts: Sequence[Fact]) -> None:
        """Take log events: of the same id, of the span they were written in, or of the same name near in time."""
        for fact in sorted(facts, key=lambda fact: (fact.kind in PARTS, fact.start, fact.key)):
            known = self._same_id(fact) or self._written_in(fact) or self._near(fact)
            if known is not None or fact.kind not in PARTS:
                self._add(fact, known)

    def _add(self, fact: Fact, known: ToolCall | None) -> None:
        if known is None:
            known = ToolCall(fact, [fact.key])
            self.found.append(known)
        else:
            known.take(fact)
        if fact.is_span:
            self._by_place[fact.place] = known
            self._by_name[fact.session_id, _name(known.fact)].append(known)
        if fact.tool and fact.tool.call_id:
            self._by_id[fact.session_id, fact.tool.call_id] = known

    def _same_id(self, fact: Fact) -> ToolCall | None:
        return self._by_id.get((fact.session_id, fact.tool.call_id)) if fact.tool and fact.tool.call_id else None

    def _written_in(self, fact: Fact) -> ToolCall | None:
        """Find the call of the span that a log record was written in: an agent's tool spans more than its own call."""
        call = self._by_place.get(fact.place)
        return call if call is not None and not _differ(call.fact, fact) else None

    def _around(self, fact: Fact) -> ToolCall | None:
        """Find the call of the same tool that this span is inside of."""
        for place in self._inner(fact.place):
            call = self._by_place.get(place)
            if call is not None:
                return call if _same_tool(call.fact, fact) else None
        return None

    def _inner(self, place: Place) -> Iterator[Place]:
        for outer in islice(self._tree.above(place), MOST_AROUND):
            if self._tree.kind(outer) not in BETWEEN:
                return
            yield outer

    def _near(self, fact: Fact) -> ToolCall | None:
        """Find the span of a log event that has no id: the nearest of its tool that no other event was written of."""
        near = (
            call
            for call in self._by_name[fact.session_id, _name(fact)]
            if abs(call.fact.end - fact.end) <= NEAR_NS
            and not any(source.startswith("log/") for source in call.sources)
        )
        return min(near, key=lambda call: (abs(call.fact.end - fact.end), call.fact.key), default=None)


def _name(fact: Fact) -> str | None:
    return fact.tool.name if fact.tool else None


def _differ(one: Fact, other: Fact) -> bool:
    """Say whether the same program gave two calls' ids."""
    ids = {fact.tool.call_id for fact in (one, other) if fact.tool and fact.tool.call_id}
    return one.emitter == other.emitter and len(ids) > 1


def _same_tool(outer: Fact, inner: Fact) -> bool:
    if inner.kind in PARTS:
        return True
    return (
        not _differ(outer, inner)
        and outer.tool is not None
        and inner.tool is not None
        and outer.tool.name == inner.tool.name
    )
