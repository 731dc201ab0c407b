"""Bring records to the groups that they belong to, reading what a group had before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from derive.events import Told, events_of
from derive.groups import Group, Groups, cause_of, sessions_of
from derive.records import Records
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

    def __init__(self, side: RawSide, records: Records, groups: Groups) -> None:
        """Read what came before through `side`."""
        self._side, self._records, self._groups = side, records, groups

    def take(self, came: Iterable[Record], unread: Positions) -> None:
        """Add records to their groups, which then wait to be derived from; `unread` are the positions before them."""
        traces: dict[str, list[Seen]] = defaultdict(list)
        for record in came:
            seen = _see(record)
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
        """Add records, and join their group with those of all traces and sessions that they name."""
        for fact, events in held:
            group.add(fact, events)
        for session in set().union(*(sessions_of(fact) for fact, _ in held)):
            group = self._groups.join(group, self._session(session))
        for trace in {cause for fact, _ in held if (cause := cause_of(fact))}:
            group = self._groups.join(group, self._groups.of_trace(trace) or self._load({trace}, set()))
        self._groups.wait(group, unread)

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
        return self._groups.enter(Group(traces={trace_id}))

    def _had_more(self, trace_id: str, held: Sequence[Seen]) -> bool:
        """Say whether the store has records of a trace that are not among these."""
        return self._side.trace_size(trace_id) > len({fact.key for fact, _ in held})

    def _session(self, session_id: str) -> Group:
        group = self._groups.of_session(session_id)
        if group is not None:
            return group
        if self._side.is_session(session_id):
            return self._load(set(), {session_id})
        return self._groups.enter(Group(sessions={session_id}))

    def _load(self, traces: set[str], sessions: set[str]) -> Group:
        """Read a group again: all records of its traces and sessions, and of those that these name."""
        group = Group()
        while (more := traces - group.traces) or sessions - group.sessions:
            for trace in more:
                self._read_trace(group, trace, traces, sessions)
            for session in sessions - group.sessions:
                self._read_session(group, session, traces, sessions)
        return self._groups.enter(group)

    def _read_trace(self, group: Group, trace_id: str, traces: set[str], sessions: set[str]) -> None:
        """Read a trace, and add the traces and sessions that it is tied to."""
        group.traces.add(trace_id)
        self._read(group, self._records.of_trace(trace_id), traces, sessions)
        sessions.update(self._side.sessions_of(trace_id))
        traces.update(self._side.caused_by(trace_id))

    def _read_session(self, group: Group, session_id: str, traces: set[str], sessions: set[str]) -> None:
        """Read a session's log records outside of any trace, and add the traces and sessions that it is tied to."""
        group.sessions.add(session_id)
        self._read(group, self._records.of_logs(session_id), traces, sessions)
        traces.update(self._side.traces_of(session_id))
        sessions.update(self._side.relatives_of(session_id))
        for table, key in self._side.keys_of(session_id):
            group.written.setdefault(table, {})[key] = 0

    def _read(self, group: Group, records: Iterable[Record], traces: set[str], sessions: set[str]) -> None:
        for record in records:
            fact, events = _see(record)
            group.add(fact, events)
            sessions |= sessions_of(fact)
            if cause := cause_of(fact):
                traces.add(cause)


def matters(fact: Fact) -> bool:
    """Say whether a record tells of an agent's work by itself: it is then an entry or an event."""
    if fact.kind != OTHER or fact.session_id is not None:
        return True
    return fact.emitter != GENERIC and (not fact.is_span or cause_of(fact) is not None)


def _see(record: Record) -> Seen:
    fact = fact_of(record)
    return fact, events_of(record, fact) if record.events or not record.is_span else []
