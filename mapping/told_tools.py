"""Find tool calls in what models asked for and were told, where no record of the tool tells of them.

What watches a model's client only sees that the model asks for a call, and the result in the next question.
Such a call counts when nothing in its session records tools: where tools are recorded, what is not recorded was
not run, but rejected, handed over, or the agent's way to give its final answer. A tool's record that names
no session covers the call that it is near to, by id or by name and arguments.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mapping.facts import MODEL_KINDS, Fact
from mapping.parts import Asked, Result
from mapping.tool_contents import Tool

SAME_NS: Final = 2_000_000_000
"""Records that tell of the same model call end within two seconds of each other."""
ASKING: Final = MODEL_KINDS | {"copy", "message"}
AROUND: Final = frozenset(("agent", "workflow", "turn", "chain"))
"""Records of whole runs; they are asked where no model call is told of."""
FAILED: Final = "error:"
"""A result that begins so says itself that the call failed, whatever its case."""


@dataclass(frozen=True, slots=True)
class Told:
    """Hold a call that a model asked for, who told of it, and its result if one was given back."""

    fact: Fact
    number: int
    asked: Asked
    result: Result | None = None
    result_key: str = ""

    @property
    def call_id(self) -> str | None:
        """Name the call: as the result does, where an exporter has the name of the item instead."""
        return (self.result and self.result.call_id) or self.asked.call_id

    def as_fact(self) -> Fact:
        """Make it a fact of its own, which takes no time that anybody measured."""
        result = self.result
        failed = result is not None and (result.failed or (result.text or "").lower().startswith(FAILED))
        return Fact(
            f"{self.fact.key}#{self.number}",
            False,
            self.asked.name or "",
            "tool",
            self.fact.emitter,
            self.fact.scope,
            self.fact.end,
            self.fact.end,
            self.fact.trace_id,
            "",
            self.fact.parent_span_id,
            self.fact.session_id,
            self.fact.turn_id,
            self.fact.agent_name,
            failed,
            None,
            result.text if result is not None and failed else None,
            tool=Tool(self.asked.name, self.call_id, self.asked.arguments, result.text if result else None),
            raw_input=self.asked.arguments,
            raw_output=result.text if result else None,
        )


def told_calls(facts: Sequence[Fact]) -> list[Told]:
    """Give each call that was asked for once, in order, with its result."""
    results = _Results(facts)
    calls = list(_once(_asking(facts)))
    return [results.given(call) for call in calls]


def unrecorded(told: Iterable[Told], recorded: Sequence[Fact]) -> Iterator[Told]:
    """Give the calls that no record of a tool covers."""
    sessions = {fact.session_id for fact in recorded if fact.session_id}
    traces = {fact.trace_id for fact in recorded if fact.trace_id}
    ids = {fact.tool.call_id for fact in recorded if fact.tool and fact.tool.call_id}
    near = _Near(recorded)
    for call in told:
        known = call.fact.session_id in sessions or call.fact.trace_id in traces
        if not known and call.asked.call_id not in ids and not near.takes(call):
            yield call


def filled(fact: Fact, told: Sequence[Told]) -> Fact:
    """Give a recorded call what the messages know of it: arguments, result, and that it failed."""
    call = min(told, key=lambda call: abs(call.fact.end - fact.start))
    result, tool = call.result, fact.tool
    if tool is None:
        return fact
    more = Tool(call.asked.name, None, call.asked.arguments, result.text if result else None)
    return replace(
        fact,
        tool=tool.filled(more),
        failed=fact.failed or (result is not None and result.failed),
        raw_input=fact.raw_input or more.input,
        raw_output=fact.raw_output or more.output,
    )


def _asking(facts: Sequence[Fact]) -> list[Fact]:
    """Give the answers that ask for calls: of models, or of whole runs when no model's is told of."""
    asking = [fact for fact in facts if fact.asked and not fact.failed]
    models = [fact for fact in asking if fact.kind in ASKING]
    traces = {fact.trace_id for fact in facts if fact.kind in MODEL_KINDS}
    around = [fact for fact in asking if fact.kind in AROUND and fact.trace_id not in traces]
    return sorted(models or around, key=lambda fact: (fact.end, fact.kind not in MODEL_KINDS, fact.key))


def _once(asking: Sequence[Fact]) -> Iterator[Told]:
    """Leave out what another record of the same answer told already."""
    ends: dict[object, int] = {}
    for fact in asking:
        seen: dict[object, int] = defaultdict(int)
        for number, asked in enumerate(fact.asked):
            key: object = asked.call_id or (fact.session_id, asked.name, asked.arguments)
            if asked.call_id is None:
                seen[key] += 1
                key = (key, seen[key])
            if key not in ends or fact.end - ends[key] > SAME_NS:
                yield Told(fact, number, asked)
            ends[key] = fact.end


class _Results:
    """Find the result of a call among what later questions hold."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._by_id: dict[str, list[tuple[int, str, Result]]] = defaultdict(list)
        self._next: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in sorted(facts, key=lambda fact: (fact.start, fact.key)):
            for result in fact.results:
                if result.call_id:
                    self._by_id[result.call_id].append((fact.start, fact.key, result))
            if fact.results and fact.prompt and fact.kind in MODEL_KINDS:
                self._next[fact.emitter, fact.prompt].append(fact)

    def given(self, call: Told) -> Told:
        """Add the result: of the same id, else the one in its place in the next question of the same prompt."""
        since = call.fact.start
        for start, key, result in self._by_id.get(call.asked.call_id or "", ()):
            if start >= since:
                return replace(call, result=result, result_key=key)
        later = self._next.get((call.fact.emitter, call.fact.prompt or ""), ())
        place = bisect_left(later, call.fact.end, key=lambda fact: fact.start)
        if place < len(later) and len(later[place].results) == len(call.fact.asked):
            result = later[place].results[call.number]
            if result.name in (None, call.asked.name):
                return replace(call, result=result, result_key=later[place].key)
        return call


class _Near:
    """Find tools' records of no session that a call may be: of its name, begun soon after it was asked for."""

    def __init__(self, recorded: Iterable[Fact]) -> None:
        self._free: dict[str | None, list[Fact]] = defaultdict(list)
        for fact in recorded:
            self._free[fact.tool.name if fact.tool else None].append(fact)

    def takes(self, call: Told) -> bool:
        """Say whether a record covers the call, and use it up."""
        free = self._free[call.asked.name]
        found = next((fact for fact in free if abs(fact.start - call.fact.end) <= SAME_NS), None)
        if found is not None:
            free.remove(found)
        return found is not None
