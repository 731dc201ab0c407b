"""Run the statements of `tracking.sql` for one command: its fields and its time are bound by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import apsw

from schema.derived import BY_HAND, COMMANDED
from store.queries import load
from tracking.commands import Command, Done
from tracking.moments import micros, seconds
from tracking.vocabulary import EVENTS

STATEMENTS: Final = load((Path(__file__).parent / "tracking.sql").read_text())
NO_SESSION: Final = "session:none"
"""What stands for the job of an event that belongs to no session."""

Row = tuple[Any, ...]
Values = dict[str, Any]


class Desk:
    """Hold a command and what its statements are bound to."""

    def __init__(self, cursor: apsw.Cursor, command: Command) -> None:
        """Bind the fields of the command."""
        self.command = command
        self._cursor = cursor
        self._bound = {**_origin(command), **_fields(command)}
        self.set_time(command.at)

    def value(self, name: str) -> Any:
        """Give the value of an attribute; None when it was not told or emptied."""
        return self.command.values.get(name)

    def set_time(self, at: int) -> None:
        """Bind the event time, Unix nanoseconds."""
        self._bound |= {"at": seconds(at), "at_micros": micros(at), "at_ns": at}

    def is_stale(self, told_ns: int | None) -> bool:
        """Say whether what is there was told later; a command of now is the latest whatever clocks say."""
        if told_ns is None or self.command.at >= told_ns:
            self.set_time(self.command.at)
            return False
        if self.command.is_now:
            self.set_time(told_ns)
            return False
        return True

    def find(self, name: str, **values: Any) -> Row | None:
        """Give the first row that a statement finds."""
        return next(iter(self.find_all(name, **values)), None)

    def find_all(self, name: str, **values: Any) -> list[Row]:
        """Give all rows that a statement finds."""
        return list(self._cursor.execute(STATEMENTS[name], {**self._bound, **values}))

    def add(self, name: str, **values: Any) -> int:
        """Insert a row and give its number."""
        self.change(name, **values)
        return self._cursor.connection.last_insert_rowid()

    def change(self, name: str, **values: Any) -> None:
        """Run a statement."""
        self._cursor.execute(STATEMENTS[name], {**self._bound, **values})


Handler = Callable[[Desk], Done]
"""Carries out a command, or raises Fault."""


def _fields(command: Command) -> Values:
    bound: Values = {}
    for name, attribute in EVENTS[command.event].attributes.items():
        bound[f"has_{attribute.field}"] = int(name in command.values)
        bound[attribute.field] = command.values.get(name)
    return bound


def _origin(command: Command) -> Values:
    origin = command.origin
    project = origin.project_key or command.values.get("project.key")
    return {
        "event": command.event,
        "event_id": command.event_id,
        "agent_session_id": origin.session_id,
        "job_id": origin.job_id,
        "trace_id": origin.trace_id,
        "span_id": origin.span_id,
        "project_key": project,
        "project_name": _last_part(project or ""),
        "agent_name": origin.agent_name,
        "emitter": COMMANDED if command.record else BY_HAND,
    }


def _last_part(key: str) -> str:
    return key.rstrip("/").rsplit("/", 1)[-1] or key
