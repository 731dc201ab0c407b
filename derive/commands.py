"""Hand over the commands that records tell, behind the rows that are derived from these.

Where a record was told is read from its row in `events`, which its group writes (store/violations.py).
"""

from collections.abc import Iterator
from typing import Final

from derive.calls import Places
from derive.events import Told as Event
from derive.events import event_rows
from derive.hearing import Heard
from mapping.facts import Fact
from schema.derived import EVENTS as EVENT_ROWS
from schema.derived import Changes, Row
from tracking.commands import Command
from tracking.told import Told
from tracking.vocabulary import EVENTS

PIECE: Final = 250
"""Commands that are done in one transaction."""
NOWHERE: Final = Places({}, {}, {})
ALSO_DONE: Final = frozenset(("agent.session.end",))
"""What is derived from its record, and has to be about something that there is all the same."""


class Commands:
    """Hold commands until they can go on."""

    def __init__(self) -> None:
        """Hold none."""
        self._heard: dict[str, Heard] = {}
        self._events: dict[Row, Row] = {}

    def take(self, heard: list[Heard]) -> None:
        """Take what was heard in a record."""
        self._heard.update((one.key, one) for one in heard)

    def take_alone(self, fact: Fact, events: list[Event]) -> None:
        """Take the events of a record that belongs to no session and no trace of an agent's."""
        told = [event for event in events if event.key in self._heard]
        self._events |= event_rows(told, {fact.key: fact}, NOWHERE)

    def changes(self, *, now: int, park: int) -> Iterator[Changes]:
        """Give what was heard; `now` is Unix nanoseconds, `park` how many of them a command waits for its parent."""
        going = list(self._heard.values())
        self._heard.clear()
        commands = [(one.command, one.service) for one in going if one.command is not None and _is_done(one.command)]
        commands.sort(key=lambda told: told[0].at)
        violations = tuple(one.violation for one in going if one.violation is not None)
        put = {EVENT_ROWS.name: list(self._events.values())} if self._events else {}
        self._events = {}
        if put or violations:
            yield Changes(put=put, told=Told((), violations, now, park))
        for start in range(0, len(commands), PIECE):
            yield Changes(told=Told(tuple(commands[start : start + PIECE]), (), now, park))


def _is_done(command: Command) -> bool:
    """Say whether the book of work does it; the rest means what is derived from its record."""
    return command.event in ALSO_DONE or not EVENTS[command.event].derived
