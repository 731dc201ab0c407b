"""Hand over the commands that records tell, once it is known which session and job they were told in.

A command goes on when the group of its record is derived; one that needs no session does not wait for that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
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

JOB, SESSION = EVENT_ROWS.columns.index("job_id"), EVENT_ROWS.columns.index("session_id")
SESSION_KEY: Final = "agent.session.id"
JOBLESS: Final = "session:"
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

    def place(self, rows: Mapping[str, Mapping[Row, Row]]) -> None:
        """Know where commands were told by the rows of their group; only sessions that there are count."""
        if not self._heard:
            return
        for key, one in self._heard.items():
            row = rows["events"].get((key,))
            if row is not None and one.command is not None:
                self._heard[key] = replace(one, command=_placed(one.command, row, rows["agent_sessions"]))

    def changes(self, *, now: int, park: int, any_waits: bool) -> Iterator[Changes]:
        """Give what can go on; `any_waits` says that there are groups whose sessions are not known yet."""
        going = [one for one in self._heard.values() if not (any_waits and _needs_session(one.command))]
        for one in going:
            del self._heard[one.key]
        commands = [(one.command, one.service) for one in going if one.command is not None and _is_done(one.command)]
        commands.sort(key=lambda told: told[0].at)
        violations = tuple(one.violation for one in going if one.violation is not None)
        put = {EVENT_ROWS.name: list(self._events.values())} if self._events else {}
        self._events = {}
        if put or commands or violations:
            yield Changes(put=put, told=Told(tuple(commands), violations, now, park))


def _is_done(command: Command) -> bool:
    """Say whether the book of work does it; the rest means what is derived from its record."""
    return command.event in ALSO_DONE or not EVENTS[command.event].derived


def _needs_session(command: Command | None) -> bool:
    if command is None or command.origin.trace_id is None or command.origin.session_id is not None:
        return False
    return SESSION_KEY in EVENTS[command.event].attributes and SESSION_KEY not in command.values


def _placed(command: Command, row: Row, sessions: Mapping[Row, Row]) -> Command:
    origin = command.origin
    session = origin.session_id or (row[SESSION] if (row[SESSION],) in sessions else None)
    job = origin.job_id or (None if row[JOB].startswith(JOBLESS) else row[JOB])
    return replace(command, origin=replace(origin, session_id=session, job_id=job))
