"""Keep the derived tables in step with the raw records: read on, gather, derive, hand over what changed.

The database is the queue: where to read on from is kept in it, and is not moved past a record before what was derived
from it is written. Whatever happens in between, reading on from there comes to the same rows.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from derive.again import Again
from derive.changes import Pending
from derive.channel import Backlog
from derive.commands import Commands
from derive.gathering import Gathering
from derive.groups import Group, Groups, earliest
from derive.inventory import Inventory
from derive.meaning import Meaning, Rules, meaning
from derive.names import Names
from derive.points import Points
from derive.prices import catalogue, new_costs
from derive.records import Records
from derive.text import iso
from schema.derived import CallCost, Changes
from schema.signals import Signal
from store.raw_side import RawSide
from tracking.told import Told

log = logging.getLogger(__name__)

READ_ROWS: Final = 1_500
"""Rows of each signal that are read before what they changed is derived: the writer has nothing to do meanwhile."""
REST: Final = 4
"""A group rests for so many times as long as it took: large ones that keep changing must not take all the time."""
MAX_REST_S: Final = 10.0
RETRY_S: Final = 1.0
"""Commands that wait for what they are about are tried again so often."""
SWEEP_S: Final = 5.0
SWEEP_SESSIONS: Final = 100


class Deriver:
    """Derive what is new, a bounded piece at a time."""

    def __init__(
        self,
        side: RawSide,
        write: Callable[[Changes], object],
        rules: Rules,
        *,
        written: Callable[[], float] = lambda: math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read through `side`, on this thread; `write` takes changes over in order, and may raise TryAgain.

        `written` says how many of those that it took are durable: what is not cannot be read from the store yet.
        """
        self._side, self._rules, self._written, self._clock = side, rules, written, clock
        self._pending = Pending(write)
        self._groups = Groups()
        self._records = Records(side)
        self._inventory = Inventory(*side.inventory())
        self._names = Names(*side.names())
        self._commands = Commands()
        self._gathering = self._gathered()
        self._points = Points(side)
        self._position = earliest(side.positions(), self._inventory.positions) or {}
        self._position[Signal.TRACES] = min(self._position[Signal.TRACES], self._names.position)
        self._again: Again | None = None
        self._costs: Iterator[list[CallCost]] | None = None
        self._lets_go = self._begins_again = False
        self._derived: list[Group] = []
        self._swept = self._retried = float("-inf")
        self._swept_to = ""
        self.failures = 0

    def step(self, now: int) -> bool:
        """Read on and derive; say whether there may be more to do at once. `now` is Unix nanoseconds.

        Raise TryAgain when the store has trouble; nothing is lost, and the next step goes on.
        """
        self._pending.write()
        if self._lets_go and not self._has_let_go():
            return False
        for session in self._points.due(now):
            self._groups.wait(self._gathering.group_of(session), self._position)
        more = self._read() or self._points.read()
        self._sweep(now)
        due = self._groups.due(now)
        for group in due:
            self._pass_time(group, now)
        for group in self._ready(due, now):
            self._derive(group, now)
        self._tell(now)
        self._pending.add_whole(self._points.changes(self._clock()))
        self._pending.add_whole(self._inventory.changes(self._clock()))
        self._pending.add_whole(self._names.changes(self._clock()))
        self._flush()
        self._finish_again()
        self._groups.forget(self._written())
        return more or self._price_on()

    def rebuild(self) -> None:
        """Derive everything again from now on, as far as new records leave time for it."""
        self._lets_go = self._begins_again = True

    def let_go(self) -> None:
        """Hold nothing in memory from a next step on: what was erased must not be written again from there."""
        self._lets_go = True

    def reprice(self, *, past: bool) -> None:
        """Read the prices anew for the calls to come, and for those of the past as well if that is wanted."""
        self._rules = replace(self._rules, prices=catalogue(self._side))
        self._groups.expect_nothing()
        if past:
            self._costs = new_costs(self._side, self._rules.prices)

    @property
    def looks_back(self) -> bool:
        """Say whether the past is being derived or priced again."""
        return self._again is not None or self._costs is not None or self._lets_go

    def reached(self) -> tuple[int, int]:
        """Say how many records have come, and how many of them are read: both counted from the first one on."""
        return sum(self._side.ends().values()), sum(self._position.values())

    def backlog(self) -> Backlog:
        """Say how far behind this is."""
        came, read = self.reached()
        oldest = self._side.oldest_after({**self._settled(), Signal.METRICS: self._points.position})
        again = self._again.left if self._again else 0
        return Backlog(came - read + self._points.left, len(self._groups.busy), again, oldest or 0)

    def _gathered(self) -> Gathering:
        return Gathering(self._side, self._records, self._groups, (self._inventory, self._names), self._commands)

    def _read(self) -> bool:
        """Take the next rows in; say whether there are more."""
        came = self._records.next(self._position, self._side.ends(), READ_ROWS)
        for each in came:
            self._gathering.take(each.records, dict(self._position))
            self._position[each.signal] = each.position
        if any(each.count for each in came) and self._position != self._side.ends():
            return True
        if self._again is None:
            return False
        return self._again.read(self._records, self._gathering, self._position, READ_ROWS)

    def _has_let_go(self) -> bool:
        """Drop what is held, once all that was derived from it is in the store: there it is looked for from then on."""
        self._pending.add_whole(self._points.changes(math.inf))
        self._flush()
        if self._pending.handed > self._written():
            return False
        self._position = self._settled()
        self._groups = Groups()
        self._gathering = self._gathered()
        self._names.hurry()
        if self._begins_again:
            self._again = Again(self._side.ends())
            self._pending.add_whole(self._points.again())
            self._pending.write()
        else:
            self._points = Points(self._side)
        self._lets_go = self._begins_again = False
        return True

    def _flush(self) -> None:
        """Hand over what is left, and note by when all of it is handed over."""
        self._pending.flush(self._settled())
        for group in self._derived:
            group.handed = self._pending.handed
        self._derived.clear()

    def _price_on(self) -> bool:
        """Price the next of the past's calls; say whether there are more."""
        if self._costs is None:
            return False
        costs = next(self._costs, None)
        self._pending.price(costs or [])
        if costs is None:
            self._costs = None
        return costs is not None

    def _finish_again(self) -> None:
        """Add the days up anew once everything is derived again."""
        if self._again is not None and not (self._again.left or self._points.looks_back or self._groups.busy):
            self._again = None
            self._pending.recount(self._side.days())

    def _ready(self, due: Iterable[Group], now: int) -> Iterator[Group]:
        """Give the groups to derive: those with something new that have rested, and those whose time has come."""
        clock = self._clock()
        yield from [group for group in self._groups.busy if group.rest_until <= clock]
        yield from (group for group in due if group.due is not None and group.due <= now)

    def _pass_time(self, group: Group, now: int) -> None:
        """Hand over what the clock has changed in a group, as far as that is known: nothing has come since then."""
        while group.later and group.later[0].at <= now:
            later = group.later.pop(0)
            self._pending.add_later(group, later)
            self._derived.append(group)
            group.handed, group.due = math.inf, later.due

    def _derive(self, group: Group, now: int) -> None:
        began = self._clock()
        try:
            found = meaning(group, now, self._rules, self._points.of)
        except Exception:  # a mistake of ours in one group must not cost the others
            self.failures += 1
            log.exception("cannot derive from sessions %s, traces %s", *map(_some, (group.sessions, group.traces)))
            found = Meaning()
        else:
            self._derived.append(group)
            group.handed = math.inf
            self._pending.add(group, found.rows)
        group.due, group.later = found.due, found.later
        group.forget_contents()
        self._groups.rest(group)
        took = self._clock() - began
        group.rest_until = began + min(took * (1 + REST), MAX_REST_S)

    def _tell(self, now: int) -> None:
        """Hand over what records told, behind the rows of their groups; let what waits for others be tried again."""
        told = list(self._commands.changes(now=now, park=self._rules.park))
        if not told and self._clock() - self._retried >= RETRY_S:
            self._retried = self._clock()
            told = [Changes(told=Told((), (), now, self._rules.park))] if self._side.has_parked() else []
        self._pending.tell(told)

    def _settled(self) -> dict[Signal, int]:
        """Say up to where everything is derived."""
        settled = dict(self._position)
        for group in self._groups.busy:
            settled = earliest(settled, group.unread) or settled
        return settled

    def _sweep(self, now: int) -> None:
        """Look for sessions and jobs that the clock alone closes, also those that are in no group here."""
        if self._clock() - self._swept < SWEEP_S:
            return
        self._swept = self._clock()
        idle = self._side.idle_sessions(self._rules.idle_since(now), SWEEP_SESSIONS)
        quiet = self._side.open_job_sessions(self._swept_to, iso(now - self._rules.grace), SWEEP_SESSIONS)
        self._swept_to = quiet[-1] if len(quiet) == SWEEP_SESSIONS else ""
        for session in {*idle, *quiet}:
            if not self._groups.is_asleep(session) and (group := self._gathering.group_of(session)).due is None:
                self._groups.wait(group, self._position)


def _some(ids: set[str]) -> str:
    """Name a few."""
    return ", ".join(sorted(ids)[:3]) or "-"
