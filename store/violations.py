"""Keep commands that records told and that cannot be done; one whose parent is not there yet waits for it (F.5).

All of it happens inside the caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from schema.rows import Violation
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
RECORD: Final = "record"
COMMAND: Final = "command"


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
        _note(cursor, one, {"received_at": told.now, "signal": RECORD, "transport": RECORD})
        cursor.execute(STATEMENTS["join_event"], {"position": one.position})
    results = tracking.track(cursor, [command for command, _ in told.commands])
    refused = [
        fault
        for (command, service), result in zip(told.commands, results, strict=True)
        if (fault := _settle(cursor, command, service, result, told.now))
    ]
    return refused + _try_again(cursor, told)


def _settle(cursor: apsw.Cursor, command: Command, service: str, result: Done | Fault, now: int) -> Fault | None:
    """Note what became of a command; give it if it is refused for good."""
    if isinstance(result, Done):
        cursor.execute(STATEMENTS["resolve"], {"position": command.record})
        return None
    waits = result.code is Code.NOT_FOUND and _count(cursor) < MOST_PARKED
    bound = {"received_at": now, "signal": RECORD, "transport": RECORD}
    if waits:
        bound |= {"state": PARKED, "payload": orjson.dumps(asdict(command)), "encoding": COMMAND}
    _note(cursor, _violation(command, result, service), bound)
    cursor.execute(STATEMENTS["join_event"], {"position": command.record})
    return None if waits else result


def _try_again(cursor: apsw.Cursor, told: Told) -> list[Fault]:
    """Try the commands that wait, as many as a transaction should hold; those that waited for too long expire."""
    waiting = list(cursor.execute(STATEMENTS["parked"], {"limit": SLICE}))
    commands = [_command(payload) for _, _, payload in waiting]
    refused = []
    for (number, since, _), result in zip(waiting, tracking.track(cursor, commands), strict=True):
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
