"""Put facts together that belong to one job: below one root, of one prompt, or of one turn's id (mapping.md C.3).

Programs that tell of prompts have one job for each; what their telemetry does not tie to a turn lies in its time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from mapping.alone import Name, asked, askers, given, news
from mapping.facts import Fact
from mapping.forest import Forest
from mapping.moments import Open
from mapping.roots import Roots
from mapping.told_jobs import ToldJobs
from mapping.tools import ToolCall
from mapping.tree import Place
from mapping.unit import Unit

CALLS: Final = frozenset(("llm", "tool", "embedding", "rerank"))
SAYING: Final = frozenset(("message", "copy"))
"""Log events that hold messages of the call that they were written in."""
NUMBER: Final = 16
"""A shorter turn id counts turns of one session; a longer one is unique."""


class Units:
    """Find the units of a group of facts, and which one each fact is of."""

    def __init__(self, facts: Sequence[Fact], forest: Forest, tools: Sequence[ToolCall]) -> None:
        """Take facts that have their sessions, in order, and the tool calls that were found in them."""
        self._forest, self._roots = forest, Roots(forest)
        self._ends = _session_ends(facts)
        self._told = ToldJobs(facts)
        self._by_root = self._below_roots(facts)
        self._by_turn: dict[str, Unit] = {}
        self._inner: dict[Unit, set[str]] = defaultdict(set)
        prompts = [fact for fact in facts if fact.kind == "prompt"]
        self._dissolve({(fact.session_id, fact.emitter) for fact in prompts})
        self._name_turns(facts)
        self._alone: list[Unit] = []
        self._place_prompts(prompts)
        self._open_turns(facts)
        self._end_told()
        self._windows = self._order_windows()
        self._cover_bare()
        self._go_on(facts, askers(tools))
        self._by_session = self._last_resort(facts)
        self.of = {fact.key: unit for fact in facts if (unit := self._find(fact))}
        """Gives the unit of a record's key."""

    def __iter__(self) -> Iterator[Unit]:
        """Give every unit that holds a record once, by start and id."""
        return iter(sorted({id(unit): unit for unit in self.of.values()}.values(), key=_order))

    def _below_roots(self, facts: Sequence[Fact]) -> dict[Place, Unit]:
        found: dict[Place, Unit] = {}
        for fact in facts:
            key = self._roots.of(fact.place) if fact.is_span else None
            if key is not None and key not in found:
                found[key] = Unit(self._id_of(key), self._forest.spans.get(key), fact)
        return _joined(found)

    def _id_of(self, key: Place) -> str:
        """Name a root by its turn's id, or by its span's, also when that was not received."""
        root = self._forest.spans.get(key)
        trace_id, span_id = key if root else self._roots.missing[key]
        if root is None:
            return f"{trace_id}:{span_id}"
        if root.identity.turn_id:
            return _turn(root)
        return f"{root.session_id}:{span_id}" if root.emitter in OF_SESSION else f"{trace_id}:{span_id}"

    def _dissolve(self, prompted: set[tuple[str | None, str]]) -> None:
        """Leave only turns as roots to programs that tell of prompts: their other spans are parts of a turn."""
        for key, unit in list(self._by_root.items()):
            told = unit.root or unit.first
            if told.kind == "turn" or told.identity.job_id:
                continue
            if (told.session_id, told.emitter) in prompted or self._told.around(told.session_id, unit.start):
                del self._by_root[key]

    def _name_turns(self, facts: Iterable[Fact]) -> None:
        """Remember turns' ids by the unit that they are told in, and the sessions of its subagents."""
        for fact in facts:
            unit = self._rooted(fact)
            if unit is not None and fact.identity.turn_id:
                self._by_turn.setdefault(_turn(fact), unit)
            if unit is not None and fact.session_id:
                self._inner[unit].add(fact.session_id)

    def _rooted(self, fact: Fact) -> Unit | None:
        key = self._roots.of(fact.place)
        return self._by_root.get(key) if key else None

    def _place_prompts(self, prompts: Sequence[Fact]) -> None:
        turns = _Turns(unit for unit in self._by_root.values() if unit.root and unit.root.kind == "turn")
        for prompt in prompts:
            turn = _turn(prompt) if prompt.identity.turn_id else None
            unit = self._rooted(prompt) or (self._by_turn.get(turn) if turn else None) or turns.around(prompt)
            if unit is None:
                unit = Unit(turn or f"{prompt.session_id}:log:{prompt.start}", None, prompt)
                self._alone.append(unit)
            unit.prompts.append(prompt)
            if turn:
                self._by_turn.setdefault(turn, unit)
                _rename(unit, turn, prompt)

    def _open_turns(self, facts: Iterable[Fact]) -> None:
        """Open units for turns whose root and prompt were not received."""
        for fact in facts:
            if fact.identity.turn_id and fact.kind in CALLS and self._rooted(fact) is None:
                turn = _turn(fact)
                if turn not in self._by_turn:
                    self._by_turn[turn] = unit = Unit(turn, None, fact)
                    self._alone.append(unit)

    def _end_told(self) -> None:
        """End what an event says has ended."""
        for job, end in self._told.ends.items():
            if job in self._by_turn:
                self._by_turn[job].told_end = end

    def _order_windows(self) -> dict[str | None, "_Windows"]:
        held: dict[str | None, list[Unit]] = defaultdict(list)
        for unit in sorted([*self._by_root.values(), *self._alone], key=_order):
            for session in {unit.session_id} | self._inner.get(unit, set()):
                held[session].append(unit)
        return {session: _Windows(units, self._ends[session]) for session, units in held.items()}

    def _cover_bare(self) -> None:
        """Give calls that stand alone to the unit of their session that was open: titles, quotas, suggestions."""
        for key, unit in list(self._by_root.items()):
            if _bare(unit) and self._windows[unit.session_id].around(unit.start):
                del self._by_root[key]

    def _go_on(self, facts: Iterable[Fact], askers: Mapping[str, str]) -> None:
        """Join calls that stand alone, where one is given the result of what another asked for."""
        wanted: dict[Name, Unit] = {}
        said: dict[Place, list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.kind in SAYING and fact.span_id:
                said[fact.place].append(fact)
        for fact in facts:
            key = self._roots.of(fact.place) if fact.is_span and fact.kind == "llm" else None
            unit = self._by_root.get(key) if key else None
            if key is None or unit is None or not _bare(unit):
                continue
            told = [fact, *news(said[fact.place])]
            before = next((wanted[name] for one in told for name in given(one, askers) if name in wanted), unit)
            if before is not unit and unit.root is not None:
                before.more.append(unit.root)
                self._by_root[key] = before
            wanted.update((name, before) for one in told for name in asked(one))

    def _last_resort(self, facts: Iterable[Fact]) -> dict[str, Unit]:
        """Make one unit of the calls of a session that has none."""
        found: dict[str, Unit] = {}
        for fact in facts:
            session = fact.session_id
            is_call = fact.kind in ("llm", "tool") and not fact.is_span
            if is_call and session and session not in self._windows and self._find_known(fact) is None:
                found.setdefault(session, Unit(f"{session}:log", None, fact))
        return found

    def _find(self, fact: Fact) -> Unit | None:
        return self._find_known(fact) or self._by_session.get(fact.session_id or "")

    def _find_known(self, fact: Fact) -> Unit | None:
        unit = self._rooted(fact)
        if unit is None and fact.identity.turn_id:
            unit = self._by_turn.get(_turn(fact))
        if unit is None and fact.session_id in self._windows:
            unit = self._windows[fact.session_id].around(fact.start)
        return unit


class _Turns:
    """Find the span of a prompt's turn: it was open, or is the next to begin, before the next prompt."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._held: dict[str | None, list[Unit]] = defaultdict(list)
        for unit in sorted(units, key=_order):
            self._held[unit.session_id].append(unit)

    def around(self, prompt: Fact) -> Unit | None:
        units = self._held.get(prompt.session_id, [])
        following = bisect_right(units, prompt.start, key=lambda unit: unit.first.start)
        for unit in units[max(0, following - 1) : following + 1]:
            assert unit.root is not None
            if not unit.prompts and unit.root.start - NEAR_NS <= prompt.start <= unit.root.end:
                return unit
        return None


class _Windows:
    """Find the unit of a session that was open at a moment, the latest begun of several."""

    def __init__(self, units: Sequence[Unit], ends: Sequence[int]) -> None:
        self._units = [unit for unit in units if not _bare(unit)]
        starts = [unit.start for unit in self._units]
        for unit, following in zip(self._units, [*starts[1:], None], strict=False):
            if unit.root is None:
                _stop(unit, following, ends)
        self._open = Open([(start, unit.end) for start, unit in zip(starts, self._units, strict=True)])

    def around(self, moment: int) -> Unit | None:
        number = self._open.at(moment)
        return None if number is None else self._units[number]


def _stop(unit: Unit, following: int | None, ends: Sequence[int]) -> None:
    """End a unit without a root where the next one of its session begins, or the session ends, unless that is told."""
    if unit.told_end is not None:
        unit.stop, unit.over = unit.told_end, True
        return
    end = bisect_right(ends, unit.start)
    over = ends[end] if end < len(ends) else None
    unit.stop = min((at for at in (following, over) if at is not None), default=None)
    unit.over = over is not None or (following is not None and unit.asked)


def _bare(unit: Unit) -> bool:
    return unit.root is not None and unit.root.kind in CALLS


def _turn(fact: Fact) -> str:
    """Give a turn's id as a job's: with the session, when it only counts the turns of that."""
    if fact.identity.job_id:
        return fact.identity.job_id
    told = fact.identity.turn_id or ""
    return told if len(told) >= NUMBER else f"{fact.session_id}:{told}"


def _rename(unit: Unit, turn: str, prompt: Fact) -> None:
    """Name a unit by its prompt's turn, unless its root names a turn that is as unique."""
    own = unit.root.identity.turn_id if unit.root else None
    if prompt.identity.job_id or (unit.root and unit.root.identity.job_id):
        unit.id = prompt.identity.job_id or unit.id
        return
    if prompt.session_id == unit.session_id and len(own or "") < NUMBER:
        unit.id = turn


def _joined(found: dict[Place, Unit]) -> dict[Place, Unit]:
    """Join roots that name one job."""
    first: dict[str, Unit] = {}
    for key, unit in sorted(found.items(), key=lambda held: _order(held[1])):
        job = unit.root.identity.job_id if unit.root else None
        before = first.setdefault(job, unit) if job else unit
        if before is not unit and unit.root is not None:
            before.more.append(unit.root)
            found[key] = before
    return found


def _order(unit: Unit) -> tuple[int, str]:
    return unit.start, unit.id


def _session_ends(facts: Iterable[Fact]) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = defaultdict(list)
    for fact in facts:
        if fact.identity.signals:
            found[fact.session_id].extend(signal.time for signal in fact.identity.signals if signal.kind == "end")
    return defaultdict(list, {session: sorted(told) for session, told in found.items()})


OF_SESSION: Final = frozenset(("copilot_cli", "copilot_chat"))
"""Programs whose root spans are named with the session."""
NEAR_NS: Final = 2_000_000_000
"""A prompt is told of this long before its turn's span begins, at most."""
