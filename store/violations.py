"""Keep commands that records told and that cannot be done; one whose parent is not there yet waits for it (F.5).

All of it happens inside the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from schema.rows import Violation
from schema.signals import Signal
from store import tracking
from store.queries import load
from tracking.commands import Command, Done, Origin
from tracking.faults import Code, Fault
from tracking.moments import micros
from tracking.told import Told

STATEMENTS: Final = load((Path(__file__).parent / "violations.sql").read_text())
REJECTED, PARKED, RESOLVED, EXPIRED = "rejected", "parked", "resolved", "expired"
MOST_PARKED: Final = 1_000
"""Commands that may wait; one more is refused at once."""
SLICE: Final = 100
"""Commands that wait and are tried again in one transaction."""
UNNAMED: Final = 30_000_000_000
"""Nanoseconds after which a trace that names no session is one by itself (mapping.md C.1)."""
SESSION: Final = "agent.session.id"
OF_SESSIONS: Final = frozenset(("issue.work.start", "skill.load"))
"""What cannot be done without a session."""
RECORD: Final = "record"
COMMAND: Final = "command"
DERIVED: Final = "derived"
"""The transport of what is found out when a record is derived from."""
LOG: Final = "log/"


def note(
    cursor: apsw.Cursor, violations: Iterable[Violation], *, received_at: int, signal: str, transport: str
) -> None:
    """Keep what was found wrong while records came in; once, however often these come."""
    bound = {"received_at": received_at, "signal": signal, "transport": transport}
    for one in violations:
        _note(cursor, one, bound)


def hear(cursor: apsw.Cursor, told: Told) -> list[Fault]:
    """Do commands, try again those that wait, and give what is refused or expired for good."""
    for one in told.violations:
        _note(cursor, one, _heard(one.position, told.now))
        cursor.execute(STATEMENTS["join_event"], {"position": one.position})
    commands = [_placed(cursor, command, waited=0) for command, _ in told.commands]
    results = _track(cursor, commands)
    refused = [
        fault
        for command, (_, service), result in zip(commands, told.commands, results, strict=True)
        if (fault := _settle(cursor, command, service, result, told.now))
    ]
    return refused + _try_again(cursor, told)


def _track(cursor: apsw.Cursor, commands: Sequence[Command]) -> list[Done | Fault]:
    """Do commands; one whose session nobody knows yet is like one whose parent is missing."""
    faults = {place: fault for place, command in enumerate(commands) if (fault := _lost(command))}
    done = iter(tracking.track(cursor, [command for place, command in enumerate(commands) if place not in faults]))
    return [faults.get(place) or next(done) for place in range(len(commands))]


def _placed(cursor: apsw.Cursor, command: Command, *, waited: int) -> Command:
    """Know a command's session and job from the row of its event; a session of a trace alone may get its name yet."""
    place = next(cursor.execute(STATEMENTS["find_place"], {"record": command.record}), None)
    if place is None or (place[2] and waited < UNNAMED):
        return command
    origin = command.origin
    told = replace(origin, session_id=origin.session_id or place[0], job_id=origin.job_id or place[1])
    return replace(command, origin=told)


def _lost(command: Command) -> Fault | None:
    """Say that a command needs a session, which its trace may still name."""
    origin = command.origin
    known = origin.session_id is not None or SESSION in command.values
    if origin.trace_id is None or known or command.event not in OF_SESSIONS:
        return None
    text = f"nothing in trace {origin.trace_id} names a session"
    return Fault(Code.NOT_FOUND, text, attribute=SESSION, key=origin.trace_id).of(command.event, command.entity)


def _settle(cursor: apsw.Cursor, command: Command, service: str, result: Done | Fault, now: int) -> Fault | None:
    """Note what became of a command; give it if it is refused for good."""
    if isinstance(result, Done):
        cursor.execute(STATEMENTS["resolve"], {"position": command.record})
        return None
    waits = result.code is Code.NOT_FOUND and _count(cursor) < MOST_PARKED
    bound = _heard(command.record or "", now)
    if waits:
        bound |= {"state": PARKED, "payload": orjson.dumps(asdict(command)), "encoding": COMMAND}
    _note(cursor, _violation(command, result, service), bound)
    cursor.execute(STATEMENTS["join_event"], {"position": command.record})
    return None if waits else result


def _try_again(cursor: apsw.Cursor, told: Told) -> list[Fault]:
    """Try the commands that wait, as many as a transaction should hold; those that waited for too long expire."""
    waiting = list(cursor.execute(STATEMENTS["parked"], {"limit": SLICE}))
    commands = [_placed(cursor, _command(payload), waited=told.now - since) for _, since, payload in waiting]
    refused = []
    for (number, since, _), result in zip(waiting, _track(cursor, commands), strict=True):
        if isinstance(result, Done):
            cursor.execute(STATEMENTS["settle"], {"id": number, "state": RESOLVED})
        elif result.code is not Code.NOT_FOUND:
            cursor.execute(STATEMENTS["refuse"], {"id": number, "code": result.code, "message": result.line()})
            refused.append(result)
        elif told.now - since >= told.park:
            cursor.execute(STATEMENTS["settle"], {"id": number, "state": EXPIRED})
            refused.append(result)
        else:
            cursor.execute(STATEMENTS["try_again"], {"id": number})
    return refused


def _count(cursor: apsw.Cursor) -> int:
    return int(next(cursor.execute(STATEMENTS["count_parked"]))[0])


def _note(cursor: apsw.Cursor, one: Violation, bound: dict[str, Any]) -> None:
    values = {"state": REJECTED, "payload": None, "encoding": RECORD, **asdict(one), **bound}
    cursor.execute(STATEMENTS["note"], values | {"event_time": micros(one.event_time)})


def _heard(position: str, now: int) -> dict[str, Any]:
    """Say when, and in which signal, a command was heard; a log record's key begins with what it is."""
    signal = Signal.LOGS if position.startswith(LOG) else Signal.TRACES
    return {"received_at": now, "signal": signal, "transport": DERIVED}


def _violation(command: Command, fault: Fault, service: str) -> Violation:
    origin = command.origin
    return Violation(
        position=command.record or "",
        event_time=command.at,
        event_name=command.event,
        entity_key=fault.entity or None,
        code=str(fault.code),
        message=fault.line(),
        attribute=fault.attribute or None,
        value_preview=None if fault.key is None else str(fault.key)[:SHOWN],
        session_id=origin.session_id,
        service_name=service,
        trace_id=origin.trace_id,
        span_id=origin.span_id,
        command_id=None if command.event_id == command.record else command.event_id,
    )


SHOWN: Final = 200


def _command(payload: bytes) -> Command:
    held = orjson.loads(payload)
    return Command(**{**held, "origin": Origin(**held["origin"])})
