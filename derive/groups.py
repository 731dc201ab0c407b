"""Hold in memory the groups of records that belong together, as far as they are being worked on.

A group is what session ids and traces tie together: all that can change the meaning of any of its records.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from derive.events import Told
from derive.later import Later
from mapping.facts import Fact
from schema.derived import Row
from schema.signals import Signal

HELD_FACTS: Final = 20_000
"""What groups in memory may take, in facts; the longest quiet are forgotten, and read again when needed."""
GROUP_WEIGHT: Final = 2
"""What a group takes by itself, in facts: 4 of the 6 kilobytes of one that has a single fact."""
TEXT: Final = 2_000
"""Characters of prompts and answers that take as much as a fact."""
ASLEEP: Final = 20_000
"""What groups may take, in facts, that wait for the clock without theirs; a sweep finds what the others wait for."""
WEIGHT: Final[Callable[["Group"], int]] = attrgetter("weight")


@dataclass(slots=True, eq=False)
class Group:
    """Hold the facts of one group, and what was written of it; `traces` and `sessions` are those that were read.

    `written` has the digest of each row by table and key. `unread` are the positions before the first record
    that is not derived from yet; None when there is none. `due` is when the clock alone changes something,
    Unix nanoseconds. `rest_until` is when it may be derived again, seconds of the monotonic clock.
    When records of the group were forgotten (derive.sealing), `sealed` has the rows that only steps may change, like
    `written`, `closed` the records that tell nothing more, and `counted` the sessions whose calls are known.
    """

    facts: dict[str, Fact] = field(default_factory=dict)
    events: dict[str, Told] = field(default_factory=dict)
    traces: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    ties: set[str] = field(default_factory=set)
    written: dict[str, dict[Row, int]] = field(default_factory=dict)
    sealed: dict[str, dict[Row, int]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    unread: dict[Signal, int] | None = None
    due: int | None = None
    later: list[Later] = field(default_factory=list)
    rest_until: float = 0.0
    handed: float = 0
    """How many changes were handed over when the last of its own were; none of them is in the store before."""
    texts: int = 0
    """Characters of prompts and answers in it, as of when it was derived last."""
    weight: int = GROUP_WEIGHT
    """How much memory it takes, in facts, as of when it was weighed last."""

    def weigh(self) -> None:
        """Say how much memory it takes now."""
        self.weight = GROUP_WEIGHT + len(self.facts) + self.texts // TEXT

    def add(self, fact: Fact, events: list[Told]) -> None:
        """Take a record's fact, which replaces an earlier one of the same record, and the events it tells of."""
        if fact.key in self.closed:
            return
        self.facts[fact.key] = fact
        for event in events:
            self.events[event.key] = event

    def take(self, other: "Group") -> None:
        """Take everything of another group."""
        self.facts.update(other.facts)
        self.events.update(other.events)
        self.traces |= other.traces
        self.sessions |= other.sessions
        self.ties |= other.ties
        self.closed |= other.closed
        self.counted |= other.counted
        self.take_written(other)
        for table, keys in other.sealed.items():
            self.sealed.setdefault(table, {}).update(keys)
        self.unread = earliest(self.unread, other.unread)

    def take_written(self, other: "Group") -> None:
        """Take what was written of another group."""
        self.handed = max(self.handed, other.handed)
        for table, keys in other.written.items():
            self.written.setdefault(table, {}).update(keys)

    def fall_asleep(self) -> None:
        """Keep nothing but what the clock will change: all else is in the store."""
        self.facts, self.events, self.written = {}, {}, {}
        self.texts = sum(later.texts for later in self.later)
        self.weigh()

    def forget_contents(self) -> None:
        """Let go of texts that are written and never needed again; count the others."""
        for fact in self.facts.values():
            fact.raw_input = fact.raw_output = None
        self.texts = sum(len(fact.prompt or "") + len(fact.answer or "") for fact in self.facts.values())
        for event in self.events.values():
            event.data = None


def sessions_of(fact: Fact) -> set[str]:
    """Give the sessions that a record ties together: its own, and those that this goes on from or works for."""
    who = fact.identity
    return {session for session in (fact.session_id, who.previous_session_id, who.parent_session_id) if session}


class Groups:
    """Find groups by trace and by session."""

    def __init__(self) -> None:
        """Start with none."""
        self._by_trace: dict[str, Group] = {}
        self._by_session: dict[str, Group] = {}
        self._by_tie: dict[str, Group] = {}
        self._quiet: OrderedDict[Group, None] = OrderedDict()
        self._busy: dict[Group, None] = {}
        self._asleep: dict[Group, None] = {}

    def __iter__(self) -> Iterator[Group]:
        """Give all groups that are held whole."""
        yield from self._busy
        yield from self._quiet

    @property
    def busy(self) -> list[Group]:
        """Give the groups with records that are not derived from, the longest waiting first."""
        return list(self._busy)

    def due(self, now: int) -> list[Group]:
        """Give the groups in which the clock has changed something, those asleep included."""
        asleep = [group for group in self._asleep if group.later]
        return [group for group in (*self, *asleep) if group.due is not None and group.due <= now]

    def expect_nothing(self) -> None:
        """Let what the clock will change be found when it has: it would be something else by then."""
        for group in (*self, *self._asleep):
            group.later = []

    def of_trace(self, trace_id: str) -> Group | None:
        """Find the group of a trace, if it is held whole."""
        return self._whole(self._by_trace.get(trace_id))

    def of_session(self, session_id: str) -> Group | None:
        """Find the group of a session, if it is held whole."""
        return self._whole(self._by_session.get(session_id))

    def of_tie(self, tie: str) -> Group | None:
        """Find the group of the traces that a tie holds together, if it is held whole."""
        return self._whole(self._by_tie.get(tie))

    def is_asleep(self, session_id: str) -> bool:
        """Say whether it is known what the clock will change in a session."""
        return self._by_session.get(session_id) in self._asleep

    def enter(self, group: Group) -> Group:
        """Make a group known, joined with those that hold anything of it; give the one that is left.

        Of one that was asleep the group has everything from the store, but for what was changed by the clock just now.
        """
        known = {by.get(name) for by, names in self._indexes(group) for name in names}
        for other in known:
            if other is None:
                continue
            if other in self._asleep:
                group.take_written(other)
                self._drop(other)
            else:
                group = self.join(group, other)
        self._index(group)
        return group

    def wait(self, group: Group, unread: dict[Signal, int]) -> None:
        """Note that a group has records that are not derived from."""
        group.later = []
        group.unread = earliest(group.unread, unread)
        self._quiet.pop(group, None)
        self._busy[group] = None

    def rest(self, group: Group) -> None:
        """Note that all of a group is derived from."""
        group.unread = None
        group.weigh()
        self._busy.pop(group, None)
        self._quiet[group] = None
        self._quiet.move_to_end(group)

    def forget(self, written: float) -> None:
        """Forget the longest quiet groups that are too many; they can be read again once all changes are `written`.

        Those in which the clock will change something soon fall asleep until it did.
        """
        held = sum(map(WEIGHT, self._busy)) + sum(map(WEIGHT, self._quiet))
        while held > HELD_FACTS and (group := next(iter(self._quiet), None)) and group.handed <= written:
            held -= group.weight
            del self._quiet[group]
            self._asleep[group] = None
            group.fall_asleep()
        held = sum(map(WEIGHT, self._asleep))
        for group in [*self._asleep]:
            if (held > ASLEEP or not group.later) and group.handed <= written:
                held -= group.weight
                self._drop(group)

    def _whole(self, group: Group | None) -> Group | None:
        return None if group in self._asleep else group

    def _drop(self, group: Group) -> None:
        del self._asleep[group]
        for by, names in self._indexes(group):
            for name in names:
                by.pop(name, None)

    def join(self, one: Group, other: Group) -> Group:
        """Join two groups into the larger one."""
        if one is other:
            return one
        large, small = (one, other) if len(one.facts) >= len(other.facts) else (other, one)
        large.take(small)
        large.weigh()
        large.later = []
        waits = small in self._busy or large in self._busy
        for group in (small, large):
            self._busy.pop(group, None)
            self._quiet.pop(group, None)
        (self._busy if waits else self._quiet)[large] = None
        for by, names in self._indexes(small):
            by.update(dict.fromkeys(names, large))
        return large

    def _index(self, group: Group) -> None:
        for by, names in self._indexes(group):
            by.update(dict.fromkeys(names, group))

    def _indexes(self, group: Group) -> tuple[tuple[dict[str, Group], set[str]], ...]:
        """Give each index with the names that a group has in it."""
        return (self._by_trace, group.traces), (self._by_session, group.sessions), (self._by_tie, group.ties)


def earliest(one: dict[Signal, int] | None, other: dict[Signal, int] | None) -> dict[Signal, int] | None:
    """Give the earlier of two positions, signal by signal."""
    if one is None or other is None:
        return one or other
    return {signal: min(after, other[signal]) for signal, after in one.items()}
