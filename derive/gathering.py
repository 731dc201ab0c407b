"""Bring records to the groups that they belong to, reading what a group had before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from derive.events import Told, events_of
from derive.groups import Group, Groups
from derive.inventory import Inventory
from derive.records import SIGNALS, Records
from mapping.emitters import UNKNOWN
from mapping.facts import Fact, fact_of
from mapping.kinds import OTHER
from mapping.record import Record
from schema.signals import Signal
from store.protocol import RawSide

Positions = dict[Signal, int]
Seen = tuple[Fact, list[Told]]
GENERIC: Final = UNKNOWN.id


class Gathering:
    """Take records in, whatever their order."""

    def __init__(self, side: RawSide, records: Records, groups: Groups, inventory: Inventory) -> None:
        """Read what came before through `side`; note the keys of what comes in `inventory`."""
        self._side, self._records, self._groups, self._inventory = side, records, groups, inventory

    def take(self, came: Iterable[tuple[int, Record]], unread: Positions) -> None:
        """Add records to their groups, which then wait to be derived from; `unread` are the positions before them."""
        traces: dict[str, list[Seen]] = defaultdict(list)
        for number, record in came:
            seen = _see(record)
            self._inventory.see(number, record, seen[0])
            if record.trace_id:
                traces[record.trace_id].append(seen)
            elif seen[0].session_id:
                self._add(self._session(seen[0].session_id), [seen], unread)
        for trace_id, held in traces.items():
            group = self._trace(trace_id, held)
            if group is not None:
                self._add(group, held, unread)

    def group_of(self, session_id: str) -> Group:
        """Give a session's group, read again if need be."""
        return self._session(session_id)

    def _add(self, group: Group, held: Sequence[Seen], unread: Positions) -> None:
        for fact, events in held:
            group.add(fact, events)
        for session in {fact.session_id for fact, _ in held if fact.session_id}:
            other = self._session(session)
            if other is not group:
                group = self._groups.enter(group)
        self._groups.wait(self._groups.enter(group), unread)

    def _trace(self, trace_id: str, held: Sequence[Seen]) -> Group | None:
        """Give a trace's group; None when nothing in it says what an agent does."""
        group = self._groups.of_trace(trace_id)
        if group is not None:
            return group
        known = self._side.is_known(trace_id)
        if not known and not any(matters(fact) for fact, _ in held):
            return None
        if known or self._had_more(trace_id, held):
            return self._load({trace_id}, set())
        group = Group()
        group.traces.add(trace_id)
        return group

    def _had_more(self, trace_id: str, held: Sequence[Seen]) -> bool:
        """Say whether the store has records of a trace that are not among these."""
        counts = Counter(Signal.TRACES if fact.is_span else Signal.LOGS for fact, _ in held)
        return any(self._side.trace_size(signal, trace_id) > counts[signal] for signal in SIGNALS)

    def _session(self, session_id: str) -> Group:
        group = self._groups.of_session(session_id)
        return group if group is not None else self._load(set(), {session_id})

    def _load(self, traces: set[str], sessions: set[str]) -> Group:
        """Read a group again: all records of its traces and sessions, and of those that these name."""
        group = Group(traces=set(traces), sessions=set(sessions))
        read: set[str] = set()
        while todo := (group.traces | group.sessions) - read:
            read |= todo
            for trace in todo & group.traces:
                self._read_trace(group, trace)
            for session in todo & group.sessions:
                self._read_session(group, session)
        return self._groups.enter(group)

    def _read_trace(self, group: Group, trace_id: str) -> None:
        for record in self._records.of_trace(trace_id):
            group.add(*_see(record))
        group.sessions.update(self._side.sessions_of(trace_id))

    def _read_session(self, group: Group, session_id: str) -> None:
        group.traces.update(self._side.traces_of(session_id))
        for record in self._records.of_logs(session_id):
            group.add(*_see(record))
        for table, key in self._side.keys_of(session_id):
            group.written.setdefault(table, {})[key] = 0


def matters(fact: Fact) -> bool:
    """Say whether a record tells of an agent's work by itself."""
    return fact.kind != OTHER or fact.session_id is not None or (not fact.is_span and fact.emitter != GENERIC)


def _see(record: Record) -> Seen:
    fact = fact_of(record)
    return fact, events_of(record, fact) if record.events or not record.is_span else []
