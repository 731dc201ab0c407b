"""Bring records to the groups that they belong to, reading what a group had before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from derive.commands import Commands
from derive.events import Told, events_of
from derive.groups import Group, Groups, sessions_of
from derive.hearing import Heard, heard_in, understood
from derive.inventory import Inventory
from derive.names import Names
from derive.records import Records
from derive.sealing import seal
from derive.ties import TRACE, cause_of, ties_of, trace_tie
from mapping.emitters import GENERIC
from mapping.facts import Fact, fact_of
from mapping.kinds import OTHER
from mapping.record import Record
from schema.signals import Signal
from store.raw_side import RawSide

Positions = dict[Signal, int]
Seen = tuple[Fact, list[Told]]


class Gathering:
    """Take records in, whatever their order."""

    def __init__(
        self, side: RawSide, records: Records, groups: Groups, notes: tuple[Inventory, Names], commands: Commands
    ) -> None:
        """Read what came before through `side`; note keys and names of what comes, and what it tells in `commands`."""
        self._side, self._records, self._groups = side, records, groups
        self._inventory, self._names = notes
        self._commands = commands

    def take(self, came: Iterable[tuple[int, Record]], unread: Positions) -> None:
        """Add records to their groups, which then wait to be derived from; `unread` are the positions before them."""
        traces: dict[str, list[Seen]] = defaultdict(list)
        for number, record in came:
            heard = heard_in(record)
            if heard:
                self._commands.take(heard)
            seen = _see(record, heard)
            self._inventory.see(number, record, seen[0])
            self._names.see(number, record)
            if record.trace_id:
                traces[record.trace_id].append(seen)
            elif seen[0].session_id:
                self._add(self._session(seen[0].session_id), [seen], unread)
            elif heard:
                self._commands.take_alone(*seen)
        for trace_id, held in traces.items():
            group = self._trace(trace_id, held)
            if group is not None:
                self._add(group, held, unread)
            else:
                self._leave(held)

    def _leave(self, held: Iterable[Seen]) -> None:
        """Leave records of a trace in which no agent does anything; only what they tell is of interest."""
        for seen in held:
            if seen[1]:
                self._commands.take_alone(*seen)

    def group_of(self, session_id: str) -> Group:
        """Give a session's group, read again if need be."""
        return self._session(session_id)

    def _add(self, group: Group, held: Sequence[Seen], unread: Positions) -> None:
        """Add records, and join their group with those of all traces and sessions that they name."""
        for fact, events in held:
            group.add(fact, events)
        for session in set().union(*(sessions_of(fact) for fact, _ in held)):
            group = self._groups.join(group, self._session(session))
        for tie in set().union(*(ties_of(fact) for fact, _ in held)):
            group = self._groups.join(group, self._tied(tie))
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

    def _tied(self, tie: str) -> Group:
        """Give the group of the traces that a tie holds together."""
        return self._groups.of_tie(tie) or self._load(set(), set(), {tie})

    def _load(self, traces: Collection[str], sessions: Collection[str], ties: Collection[str] = ()) -> Group:
        """Read a group again: all records of its traces and sessions, and of those that these are tied to."""
        group, wanted = Group(), Group(traces=set(traces), sessions=set(sessions), ties=set(ties))
        while (wanted.traces, wanted.sessions, wanted.ties) != (group.traces, group.sessions, group.ties):
            for tie in wanted.ties - group.ties:
                self._read_tie(group, tie, wanted)
            for trace in wanted.traces - group.traces:
                self._read_trace(group, trace, wanted)
            for session in wanted.sessions - group.sessions:
                self._read_session(group, session, wanted)
        if self._side.forgets():
            seal(group, self._side)
        return self._groups.enter(group)

    def _read_tie(self, group: Group, tie: str, wanted: Group) -> None:
        group.ties.add(tie)
        wanted.traces.update(self._side.tied(tie))
        if tie.startswith(TRACE):
            wanted.traces.add(tie.removeprefix(TRACE))

    def _read_trace(self, group: Group, trace_id: str, wanted: Group) -> None:
        """Read a trace, and want what it is tied to."""
        group.traces.add(trace_id)
        self._read(group, self._records.of_trace(trace_id), wanted)
        wanted.sessions.update(self._side.sessions_of(trace_id))
        wanted.traces.update(self._side.tied(trace_tie(trace_id)))

    def _read_session(self, group: Group, session_id: str, wanted: Group) -> None:
        """Read a session's log records outside of any trace, and want what it is tied to."""
        group.sessions.add(session_id)
        self._read(group, self._records.of_logs(session_id), wanted)
        wanted.traces.update(self._side.traces_of(session_id))
        wanted.sessions.update(self._side.relatives_of(session_id))
        for table, key in self._side.keys_of(session_id):
            group.written.setdefault(table, {})[key] = 0

    def _read(self, group: Group, records: Iterable[Record], wanted: Group) -> None:
        for record in records:
            fact, events = _see(record, heard_in(record))
            group.add(fact, events)
            wanted.sessions |= sessions_of(fact)
            wanted.ties |= ties_of(fact)


def matters(fact: Fact) -> bool:
    """Say whether a record tells of an agent's work by itself: it is then an entry or an event."""
    if fact.kind != OTHER or fact.session_id is not None:
        return True
    return fact.emitter != GENERIC and (not fact.is_span or cause_of(fact) is not None)


def _see(record: Record, heard: list[Heard]) -> Seen:
    fact = fact_of(record)
    if heard:
        understood(record, fact, heard)
    return fact, events_of(record, fact, heard) if record.events or heard or not record.is_span else []
