"""Find tool calls in what models asked for and were told, where no record of the tool tells of them.

What watches a model's client only sees that the model asks for a call, and the result in the next question.
Such a call counts when nothing in its session records tools: where tools are recorded, what is not recorded was
not run, but rejected, handed over, or the agent's way to give its final answer. A tool's record that names
no session covers the call that it is near to, by id or by name and arguments.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mapping.asked_tools import SAME_NS, Near, dispatches, fits, named_in
from mapping.facts import MODEL_KINDS, Fact
from mapping.parts import Asked, Result
from mapping.tool_contents import Tool

WINDOW: Final = 20
"""Of calls with the same name, or results with the same id, only so many nearest ones are compared."""
ASKING: Final = MODEL_KINDS | {"copy", "message"}
AROUND: Final = frozenset(("agent", "workflow", "turn", "chain"))
"""Records of whole runs; they are asked where no model call is told of."""
FAILED: Final = "error:"
"""A result that begins so says itself that the call failed, whatever its case."""


@dataclass(slots=True, unsafe_hash=True)
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

    @property
    def failed(self) -> bool:
        """Say whether the result is an error: nothing but the messages tells of it."""
        return self.result is not None and (self.result.failed or (self.result.text or "").lower().startswith(FAILED))

    def as_fact(self) -> Fact:
        """Make it a fact of its own, which takes no time that anybody measured."""
        result = self.result
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
            self.failed,
            None,
            result.text if result is not None and self.failed else None,
            tool=Tool(self.asked.name, self.call_id, self.asked.arguments, result.text if result else None),
            raw_input=self.asked.arguments,
            raw_output=result.text if result else None,
        )


def told_calls(facts: Sequence[Fact]) -> list[Told]:
    """Give each call that was asked for once, in order, with its result."""
    if not any(fact.asked or fact.results for fact in facts):
        return []
    results = _Results(facts)
    calls: dict[str, list[Told]] = defaultdict(list)
    for call in _once(_asking(facts)):
        calls[call.fact.key].append(call)
    return [told for asked in calls.values() for told in results.given(asked)] + list(_answered(facts))


def unrecorded(told: Iterable[Told], recorded: Sequence[Fact]) -> Iterator[Told]:
    """Give the calls that no record of a tool covers."""
    sessions = {fact.session_id for fact in recorded if fact.session_id}
    traces = {fact.trace_id for fact in recorded if fact.trace_id}
    ids = {fact.tool.call_id for fact in recorded if fact.tool and fact.tool.call_id}
    near = Near(recorded)
    for call in told:
        known = call.fact.trace_id in traces or (call.result is None and call.fact.session_id in sessions)
        if not known and call.asked.call_id not in ids and not near.takes(call.asked, call.fact.end):
            yield call


def filled(recorded: Sequence[Fact], told: Iterable[Told]) -> Iterator[Fact]:
    """Give recorded calls, in the same order, what the messages know of them: id, arguments, result, and failure."""
    told = list(told)
    if not told:
        return iter(recorded)
    known = _Known(told, {(fact.trace_id, fact.tool.name) for fact in recorded if fact.tool})
    return (_filled(fact, call) if (call := known.of(fact)) else fact for fact in recorded)


def _filled(fact: Fact, call: Told) -> Fact:
    tool, result = fact.tool, call.result
    if tool is None:
        return fact
    more = Tool(call.asked.name, call.call_id, call.asked.arguments, result.text if result else None)
    dispatched = dispatches(tool, call.asked)
    told_better = dispatched or (more.input is not None and not (tool.input or "").startswith("{"))
    if dispatched:
        tool = replace(tool, name=more.name)
    return replace(
        fact,
        tool=replace(tool, input=more.input).filled(more) if told_better else tool.filled(more),
        failed=fact.failed or (call.failed if dispatched else result is not None and result.failed),
        raw_input=fact.raw_input or more.input,
        raw_output=fact.raw_output or more.output,
    )


class _Known:
    """Find the call that a tool's record tells of: by its id, else the last free one of its name before it."""

    def __init__(self, told: Iterable[Told], recorded: Collection[tuple[str, str | None]]) -> None:
        self._recorded = recorded
        self._by_id: dict[str, list[Told]] = defaultdict(list)
        self._by_name: dict[tuple[str, str | None], list[Told]] = defaultdict(list)
        for call in told:
            for call_id in {call.asked.call_id, call.call_id} - {None}:
                self._by_id[str(call_id)].append(call)
            self._by_name[call.fact.trace_id, call.asked.name].append(call)

    def of(self, fact: Fact) -> Told | None:
        """Give the call, and take it."""
        if fact.tool is None:
            return None
        named = self._by_id.get(fact.tool.call_id or "")
        if named:
            return min(named, key=lambda call: abs(call.fact.end - fact.start))
        if not fact.trace_id:
            return None
        return self._last(fact, fact.tool.name, fits) or self._dispatched(fact, fact.tool)

    def _dispatched(self, fact: Fact, tool: Tool) -> Told | None:
        """Take the call that a function was to run, unless the tool has a record of its own."""
        names = (name for name in named_in(tool) if (fact.trace_id, name) not in self._recorded)
        return next((call for name in names if (call := self._last(fact, name, dispatches))), None)

    def _last(self, fact: Fact, name: str | None, same: Callable[[Tool, Asked], bool]) -> Told | None:
        """Take the last free call of a name that was asked for before a tool's record began."""
        free = self._by_name.get((fact.trace_id, name), [])
        before = bisect_right(free, fact.start, key=lambda call: call.fact.end)
        for place in range(before - 1, max(before - WINDOW, 0) - 1, -1):
            if fact.tool is not None and same(fact.tool, free[place].asked):
                return free.pop(place)
        return None


def _asking(facts: Sequence[Fact]) -> list[Fact]:
    """Give the answers that ask for calls: of models, or of whole runs when no model's is told of."""
    asking = [fact for fact in facts if fact.asked and not fact.failed]
    spans = {fact.place for fact in asking if fact.is_span and fact.kind in MODEL_KINDS}
    around = {fact.parent for fact in asking if fact.place in spans and all(call.call_id for call in fact.asked)}
    models = [
        fact
        for fact in asking
        if fact.kind in ASKING and (fact.place not in around if fact.is_span else fact.place not in spans)
    ]
    traces = {fact.trace_id for fact in facts if fact.kind in MODEL_KINDS}
    runs = [fact for fact in asking if fact.kind in AROUND and fact.trace_id not in traces]
    return sorted(models or runs, key=lambda fact: (fact.end, fact.kind not in MODEL_KINDS, fact.key))


def _answered(facts: Sequence[Fact]) -> Iterator[Told]:
    """Give calls of whole runs that only a result tells of: it repeats what was asked for, whose text was not kept."""
    traces = {fact.trace_id for fact in facts if fact.kind in MODEL_KINDS}
    answers = _Answers()
    for fact in sorted(facts, key=lambda fact: (fact.end, fact.key)):
        if fact.kind not in AROUND or fact.trace_id in traces:
            continue
        asked = {call.call_id for call in fact.asked}
        for number, result in enumerate(fact.results, len(fact.asked)):
            told = Asked(result.call_id, result.name, result.arguments)
            if (
                result.call_id
                and result.arguments
                and result.call_id not in asked
                and answers.takes(fact, told.call_id)
            ):
                yield Told(fact, number, told, result, fact.key)


def _once(asking: Sequence[Fact]) -> Iterator[Told]:
    """Leave out what another record of the same answer told already."""
    answers = _Answers()
    for fact in asking:
        for number, asked in enumerate(fact.asked):
            same = fact.asked[:number].count(asked)
            if answers.takes(fact, asked.call_id or (fact.session_id, asked, same)):
                yield Told(fact, number, asked)


class _Answers:
    """Remember which calls were asked for where and when: some models number the calls of each answer from nought.

    Records of one answer are in one trace, but for log records that name none.
    """

    def __init__(self) -> None:
        self._ends: dict[tuple[str, object], int] = {}

    def takes(self, fact: Fact, call: object) -> bool:
        """Say whether a call is a new one."""
        places = ((fact.trace_id, call), ("", call)) if fact.trace_id else (("*", call),)
        known = any(fact.end - self._ends.get(place, -SAME_NS - 1 + fact.end) <= SAME_NS for place in places)
        self._ends[fact.trace_id, call] = self._ends["*", call] = fact.end
        return not known


class _Results:
    """Find the result of a call among what later questions hold."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._by_id: dict[str, list[tuple[Fact, Result]]] = defaultdict(list)
        self._next: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._last: dict[str, int] = {}
        for fact in sorted(facts, key=lambda fact: (fact.start, fact.key)):
            if fact.kind in ASKING and fact.trace_id:
                self._last[fact.trace_id] = fact.start
            for result in fact.results:
                if result.call_id:
                    self._by_id[result.call_id].append((fact, result))
            if fact.results and fact.prompt and fact.kind in ASKING:
                self._next[fact.emitter, fact.prompt].append(fact)

    def given(self, calls: Sequence[Told]) -> Iterator[Told]:
        """Add the results of one answer's calls: those of their ids, else those in the next question of the prompt.

        What the next question tells of is what was asked for, also when an exporter ran several calls into one.
        """
        named = [self._named(call) for call in calls]
        later = self._later(calls[0].fact) if not any(call.result for call in named) else None
        if later is None or len(later.results) < len(calls):
            yield from named
        elif len(later.results) == len(calls):
            for call, result in zip(calls, later.results, strict=True):
                yield replace(call, result=result, result_key=later.key)
        else:
            for number, result in enumerate(later.results):
                asked = Asked(result.call_id, result.name, result.arguments)
                yield Told(calls[0].fact, number, asked, result, later.key)

    def _named(self, call: Told) -> Told:
        found = self._by_id.get(call.asked.call_id or "", [])
        place = bisect_left(found, call.fact.end, key=lambda told: told[0].start)
        later = [told for told in found[place : place + WINDOW] if not _is_same(told[0], call.fact)]
        if not later:
            return call
        fact, result = min(later, key=lambda told: (told[0].trace_id != call.fact.trace_id, told[0].start))
        return replace(call, result=result, result_key=fact.key)

    def _later(self, fact: Fact) -> Fact | None:
        """Find the next question of the prompt: in the trace that goes on, else in any, as each call may be its own."""
        questions = self._next.get((fact.emitter, fact.prompt or ""), [])
        place = bisect_left(questions, fact.end, key=lambda question: question.start)
        goes_on = self._last.get(fact.trace_id, 0) >= fact.end
        return next(
            (
                later
                for later in questions[place : place + WINDOW]
                if not _is_same(later, fact) and (later.trace_id == fact.trace_id or not goes_on)
            ),
            None,
        )


def _is_same(one: Fact, other: Fact) -> bool:
    """Say whether two records are of one model call: what it was asked with is no result of what it asks for."""
    return one.key == other.key or (bool(one.span_id) and one.place == other.place)
