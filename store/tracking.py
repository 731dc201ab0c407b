"""Carry out commands about the book of work, each all or nothing, in order of event time (mapping.md F.2).

All of it happens inside the caller's transaction.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import apsw

from store import entities, issue_work
from store.desk import NO_SESSION, Desk, Handler
from tracking.commands import APPLIED, DUPLICATE, Command, Done
from tracking.faults import Code, Fault
from tracking.vocabulary import EVENTS

HANDLERS: Final[Mapping[str, Handler]] = {**entities.HANDLERS, **issue_work.HANDLERS}
CONSTRAINTS: Final = {
    apsw.SQLITE_CONSTRAINT_NOTNULL: Code.MISSING_FIELD,
    apsw.SQLITE_CONSTRAINT_FOREIGNKEY: Code.NOT_FOUND,
}
"""What a constraint of the database says when nothing else has found it; any other is about a bad value."""
TWICE: Final = frozenset({apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY})
MAX_TEXT: Final = 500
MAX_ITEMS: Final = 100
"""Characters of one value, and items of a list, that an event shows."""


def track(cursor: apsw.Cursor, commands: Sequence[Command]) -> list[Done | Fault]:
    """Do each command in a savepoint of its own, the oldest first; answer in the order in which they were given."""
    results: dict[int, Done | Fault] = {}
    for place in sorted(range(len(commands)), key=lambda place: commands[place].at):
        results[place] = _alone(cursor, commands[place])
    return [results[place] for place in range(len(commands))]


def _alone(cursor: apsw.Cursor, command: Command) -> Done | Fault:
    try:
        with _savepoint(cursor):
            return _do(Desk(cursor, command))
    except Fault as fault:
        return fault.of(command.event, command.entity)
    except apsw.ConstraintError as error:
        return _broken(command, error)


def _do(desk: Desk) -> Done:
    """Do what was not done before, and keep its event and its receipt."""
    receipt = desk.find("find_receipt")
    if receipt is not None:
        return Done(DUPLICATE, receipt[0])
    if desk.command.origin.project_key:
        desk.change("see_project")
    handler = HANDLERS.get(desk.command.event)
    done = handler(desk) if handler else Done(APPLIED, None)
    desk.set_time(desk.command.at)
    desk.change("add_event", **_event(desk.command))
    desk.change("add_receipt", row_id=done.row_id)
    desk.change("forget_receipts")
    return done


def _event(command: Command) -> dict[str, Any]:
    job, session = command.origin.job_id, command.origin.session_id
    return {
        "record": command.record or f"tracking/{command.event}/{command.event_id}",
        "event_job": job or (f"session:{session}" if session else NO_SESSION),
        "data": json.dumps({name: _short(value) for name, value in command.values.items()}, ensure_ascii=False),
    }


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return value[:MAX_ITEMS]
    return f"{value[:MAX_TEXT]}…" if isinstance(value, str) and len(value) > MAX_TEXT else value


def _broken(command: Command, error: apsw.ConstraintError) -> Done | Fault:
    """Tell what a constraint found in the same words as everything else (mapping.md F.5)."""
    kind = getattr(error, "extendedresult", 0)
    if kind in TWICE:
        return Done(DUPLICATE, None)
    code = CONSTRAINTS.get(kind, Code.BAD_TYPE)
    return Fault(code, f"{EVENTS[command.event].table} does not take it: {error}").of(command.event, command.entity)


@contextmanager
def _savepoint(cursor: apsw.Cursor) -> Iterator[None]:
    cursor.execute("savepoint command")
    try:
        yield
    except BaseException:
        if cursor.connection.in_transaction:  # SQLite gives the whole transaction up by itself when the disk is full
            cursor.execute("rollback to command")
            cursor.execute("release command")
        raise
    cursor.execute("release command")
