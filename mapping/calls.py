"""Find the model calls in the facts of one group of records, each once (mapping.md D.1 to D.5).

One call may be told of by its span, a span around or inside it, a log event, and the sums of every agent above it.
What tells of the same call is merged into one; what sums up counts only where nothing below it does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mapping.facts import MODEL_KINDS, Fact, merged
from mapping.tokens import Tokens
from mapping.tree import Place, Tree

NEAR_NS: Final = 2_000_000_000
"""A log event and the span of its call end within two seconds of each other."""
CLOCK_NS: Final = 10_000_000
"""Events about one moment are written some milliseconds apart."""
SUMS: Final = frozenset(("agent", "workflow", "turn", "chain"))
Numbers = tuple[str, int | None, int | None]
LIFELONG: Final = frozenset(("strands", "smolagents"))
"""Their agents' sums go on from one run to the next."""


@dataclass(slots=True)
class Call:
    """Hold a model call, or a sum of some, and the keys of all records that tell of it."""

    fact: Fact
    role: str
    sources: list[str] = field(default_factory=list)

    def take(self, other: Fact) -> None:
        """Merge another record of the same call."""
        self.fact = merged(self.fact, other)
        self.sources.append(other.key)


def model_calls(facts: Sequence[Fact], tree: Tree) -> list[Call]:
    """Give the calls in order of their start, and the sums that count because nothing below them does."""
    calls = _Merging(tree)
    told = sorted((fact for fact in facts if fact.kind in MODEL_KINDS), key=_order)
    calls.spans([fact for fact in told if fact.is_span])
    calls.events([fact for fact in told if not fact.is_span] + [fact for fact in facts if fact.kind == "copy"])
    calls.answers([fact for fact in facts if fact.kind == "answer"])
    calls.messages([fact for fact in facts if fact.kind == "message"])
    leaves = sorted(calls.found, key=lambda call: _order(call.fact))
    _fill(leaves, facts)
    _fail(leaves, facts)
    return leaves + list(_sums(facts, leaves, tree))


def _order(fact: Fact) -> tuple[int, str]:
    return fact.start, fact.key


class _Merging:
    """Put facts that tell of the same call together."""

    def __init__(self, tree: Tree) -> None:
        self.found: list[Call] = []
        self._tree = tree
        self._by_place: dict[Place, Call] = {}
        self._by_id: dict[str, Call] = {}
        self._below: dict[object, list[Call]] = defaultdict(list)
        self._open_below: dict[tuple[Place, str], list[Call]] = defaultdict(list)
        self._within: dict[Place, list[Call]] = defaultdict(list)
        self._by_numbers: dict[object, list[Call]] = defaultdict(list)
        self._given_up: dict[tuple[str | None, str], list[Call]] = defaultdict(list)

    def spans(self, facts: Sequence[Fact]) -> None:
        """Take spans, the innermost first: what is around one tells of the same call."""
        for fact in sorted(facts, key=lambda fact: (-self._tree.depth(fact.place), fact.start, fact.key)):
            known = self._same_id(fact) or self._inside(fact) or self._beside(fact) or self._opened(fact)
            self._add(fact, known)

    def events(self, facts: Sequence[Fact]) -> None:
        """Take log events: of the span they were written in, of the same id, or of the same numbers near in time."""
        homeless = []
        for fact in sorted(facts, key=_order):
            known = self._of_event(fact)
            if known is None and fact.kind == "copy":
                homeless.append(fact)
            else:
                self._add(fact, known)
        self._copies(homeless)

    def answers(self, facts: Sequence[Fact]) -> None:
        """Take log events that hold what a call answered, by its id."""
        for fact in sorted(facts, key=_order):
            known = self._same_id(fact)
            if known is not None:
                known.take(fact)

    def messages(self, facts: Sequence[Fact]) -> None:
        """Take log events that hold one message of a call, the last first: what was asked last is the question."""
        for fact in sorted(facts, key=_order, reverse=True):
            known = self._by_place.get(fact.place) if fact.span_id else None
            if known is not None:
                known.take(fact)

    def _copies(self, facts: Sequence[Fact]) -> None:
        """Take copies of log events that name no span; what copies nothing is the only record of its call."""
        told: dict[object, list[Call]] = defaultdict(list)
        for call in self.found:
            told[call.fact.session_id, call.fact.emitter].append(call)
        for fact in facts:
            self._add(fact, self._of_event(fact) or _original(fact, told[fact.session_id, fact.emitter]))

    def _of_event(self, fact: Fact) -> Call | None:
        return self._written_in(fact) or self._same_id(fact) or self._near(fact)

    def _add(self, fact: Fact, known: Call | None) -> None:
        if known is None:
            known = Call(fact, "leaf", sources=[fact.key])
            self.found.append(known)
        else:
            known.take(fact)
        if fact.is_span or not self._tree.kind(fact.place):
            self._by_place[fact.place] = known
        for told in fact.model.ids if fact.model else ():
            self._by_id[told] = known
        if fact.is_span:
            self._place(fact, known)

    def _place(self, fact: Fact, call: Call) -> None:
        """Remember where a call's span stands, and its numbers."""
        if fact.model and not fact.model.tokens:
            self._open_below[fact.parent, fact.scope].append(call)
        for place in self._tree.wrapping(fact.place):
            self._within[place].append(call)
        for numbers in _numbers(fact):
            self._by_numbers[fact.session_id, numbers].append(call)
            self._below[fact.parent, numbers].append(call)
        if _given_up(fact):
            self._given_up[fact.session_id, fact.emitter].append(call)

    def _written_in(self, fact: Fact) -> Call | None:
        """Find the call of the span that a log record was written in, if that is a call and not an agent's run."""
        call = self._by_place.get(fact.place) if fact.span_id else None
        if call is None or call.fact.is_span:
            return call
        return call if fact.failed == call.fact.failed and _agree(fact, call.fact) else None

    def _same_id(self, fact: Fact) -> Call | None:
        if fact.model is None or not self._by_id:
            return None
        return next((call for told in fact.model.ids if (call := self._by_id.get(told))), None)

    def _inside(self, fact: Fact) -> Call | None:
        """Find the call that this span is around, when nothing but wrapping is between them."""
        within = self._within.get(fact.place)
        return next((call for call in within if _agree(fact, call.fact)), None) if within else None

    def _beside(self, fact: Fact) -> Call | None:
        """Find a call that another instrumentation tells of beside this one (mapping.md D.5)."""
        return next(
            (
                call
                for numbers in _numbers(fact)
                for call in self._below[fact.parent, numbers]
                if call.fact.scope != fact.scope
                and _equal(fact, call.fact)
                and fact.start <= call.fact.end
                and call.fact.start <= fact.end
            ),
            None,
        )

    def _opened(self, fact: Fact) -> Call | None:
        """Find the request whose stream ended with this span, which takes no time: Logfire tells of both."""
        if fact.start != fact.end:
            return None
        open_ones = (
            call
            for call in self._open_below[fact.parent, fact.scope]
            if call.fact.end <= fact.start and not call.fact.failed and call.fact.model and not call.fact.model.tokens
        )
        return max(open_ones, key=lambda call: _order(call.fact), default=None)

    def _near(self, fact: Fact) -> Call | None:
        """Find the span of a log event that names no span."""
        near = [call for numbers in _numbers(fact) for call in self._by_numbers[fact.session_id, numbers]]
        if _given_up(fact):
            near = [call for call in self._given_up[fact.session_id, fact.emitter] if _untold(call)]
        best = min(
            (call for call in near if not _both_named(call.fact, fact)),
            key=lambda call: abs(call.fact.end - fact.end),
            default=None,
        )
        return best if best is not None and abs(best.fact.end - fact.end) <= NEAR_NS else None


def _original(copy: Fact, calls: Sequence[Call]) -> Call | None:
    """Find the event that another repeats: of the same numbers near in time, or during whose call it was written."""
    if copy.model is not None and copy.model.tokens:
        near = (call for call in calls if abs(call.fact.end - copy.end) <= NEAR_NS and _agree(copy, call.fact))
        return min(near, key=lambda call: abs(call.fact.end - copy.end), default=None)
    during = (call for call in calls if call.fact.start - CLOCK_NS <= copy.start <= call.fact.end + CLOCK_NS)
    return max(during, key=lambda call: _order(call.fact), default=None)


def _given_up(fact: Fact) -> bool:
    """Say whether a call ended without an answer, so that no numbers tell it from others."""
    return fact.failed and fact.model is not None and not fact.model.tokens


def _untold(call: Call) -> bool:
    """Say whether no event was written of a span's call yet."""
    return not any(source.startswith("log/") for source in call.sources)


def _both_named(one: Fact, other: Fact) -> bool:
    """Say whether both have ids, so that the ids alone say whether they are of the same call."""
    return all(fact.model is not None and fact.model.ids for fact in (one, other))


def _agree(outer: Fact, inner: Fact) -> bool:
    """Say whether nothing that both tell differs."""
    if outer.model is None or inner.model is None:
        return False
    if _both_named(outer, inner):
        return False
    return not outer.model.tokens or not inner.model.tokens or _equal(outer, inner)


def _equal(one: Fact, other: Fact) -> bool:
    """Say whether both tell the same numbers."""
    return not set(_numbers(one)).isdisjoint(_numbers(other))


def _numbers(fact: Fact) -> tuple[Numbers, ...]:
    """Give what a call's records share: the tokens as they are meant, and as they were sent."""
    model = fact.model
    if model is None or not model.tokens:
        return ()
    meant = ("meant", model.tokens.input, model.tokens.output)
    return (meant,) if model.told == (None, None) else (meant, ("sent", *model.told))


def _fill(leaves: Iterable[Call], facts: Iterable[Fact]) -> None:
    """Take from the step around one call what it tells of the same tokens: it may have kept the whole response."""
    steps = {fact.place: fact.model for fact in facts if fact.kind in SUMS and fact.is_span and fact.model}
    for call in leaves:
        model, step = call.fact.model, steps.get(call.fact.parent)
        if model is not None and model.tokens and step is not None and _same_tokens(model.tokens, step.tokens):
            call.fact = replace(call.fact, model=replace(model, tokens=model.tokens.filled(step.tokens)))


def _fail(leaves: Iterable[Call], facts: Iterable[Fact]) -> None:
    """Know a stream that never began: it answered nothing, and its agent ended with an HTTP error right after it."""
    spans = [fact for fact in facts if fact.is_span]
    failed = {fact.place: fact for fact in spans if fact.failed and fact.error_status is not None}
    if not failed:
        return
    last: dict[Place, int] = {}
    for fact in spans:
        if fact.parent in failed:
            last[fact.parent] = max(last.get(fact.parent, 0), fact.start)
    for call in leaves:
        agent = failed.get(call.fact.parent)
        if agent is not None and last.get(agent.place) == call.fact.start and _is_empty(call.fact):
            call.fact = replace(
                call.fact,
                failed=True,
                error_type=agent.error_type,
                error_message=agent.error_message,
                error_status=agent.error_status,
            )


def _is_empty(fact: Fact) -> bool:
    model = fact.model
    told = model is not None and (model.tokens or model.response_id or model.finish_reason)
    return not (fact.failed or told or fact.answer or fact.asked)


def _same_tokens(one: Tokens, other: Tokens) -> bool:
    return (one.input, one.output) == (other.input, other.output)


def _sums(facts: Iterable[Fact], leaves: Sequence[Call], tree: Tree) -> Iterator[Call]:
    """Give the sums below which nothing counts, the innermost first (mapping.md D.3).

    What has the numbers of one call of its trace was only given that call's answer: a template for the next question.
    """
    covered: set[Place] = set()
    for call in leaves:
        tree.cover(call.fact.place, covered)
    counted = {(call.fact.trace_id, numbers) for call in leaves for numbers in _numbers(call.fact)}
    told = [fact for fact in facts if fact.kind in SUMS and fact.is_span and fact.model and fact.model.tokens]
    for fact in sorted(told, key=lambda fact: (-tree.depth(fact.place), *_order(fact))):
        repeats = any((fact.trace_id, numbers) in counted for numbers in _numbers(fact))
        if fact.place not in covered and fact.emitter not in LIFELONG and not repeats:
            tree.cover(fact.place, covered)
            covered.add(fact.place)
            yield Call(fact, "rollup", sources=[fact.key])
