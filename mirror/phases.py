"""Read the phases of a session: an object by name, a list of visits, or a pair of times for each name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mirror import fields
from mirror.checkpoints import COMPLETED, IN_PROGRESS
from mirror.fields import first
from mirror.session import Phase
from mirror.values import Object, entries, moment, named, text, word

MOST: Final = 200
STARTED: Final = re.compile(r"(\w+?)_(?:started|entered|began)(?:_at)?")
ENDED: Final = re.compile(r"(\w+?)_(?:completed|finalized|ended|finished|exited)(?:_at)?")


def read_phases(sources: Sequence[Object], current: str | None) -> list[Phase]:
    """Give phases in the order in which they are told; the current one is among them."""
    found: list[Phase] = []
    for source in sources:
        for name in fields.PHASES:
            for visit in _visits(source.get(name)):
                _add(found, visit)
        for name in fields.PHASES_DONE:
            for _, value in entries(source.get(name), most=MOST):
                if (phase := word(value)) is not None:
                    _add(found, Phase(phase, COMPLETED))
    if current is not None and all(one.phase != current for one in found):
        found.append(Phase(current, IN_PROGRESS))
    for one in found:
        one.status = one.status or _status(one)
    return found[:MOST]


def _visits(value: object) -> Iterator[Phase]:
    for key, inner in entries(value, most=MOST * 2):
        visit = _timed(key, inner) if key is not None else None
        visit = visit or _visit(key, inner)
        if visit is not None:
            yield visit


def _timed(key: str, value: object) -> Phase | None:
    """Read `spec_started_at` and `spec_completed_at`; one that is null names its phase all the same."""
    if isinstance(value, Mapping):
        return None
    name = key.strip().lower()
    if (match := STARTED.fullmatch(name)) is not None:
        return Phase(match[1], started_at=moment(value))
    if (match := ENDED.fullmatch(name)) is not None:
        return Phase(match[1], ended_at=moment(value))
    return None


def _visit(key: str | None, value: Any) -> Phase | None:
    if isinstance(value, Mapping):
        return _described(key, value)
    if key is not None:
        told = moment(value)
        return _phase(key, None if told else word(value), told, value)
    if isinstance(value, list) and value:
        return _phase(text(value[0]), None, moment(value[1]) if len(value) > 1 else None, value)
    return _phase(text(value), None, None, None)


def _described(key: str | None, value: Mapping[Any, Any]) -> Phase | None:
    told = named(value)
    phase = word(key) or first(told, fields.PHASE_NAME, word)
    if phase is None:
        return None
    status = first(told, ("status", "state", "outcome"), word)
    return Phase(phase, status, first(told, fields.STARTED, moment), first(told, fields.ENDED, moment), value)


def _phase(name: str | None, status: str | None, started: str | None, data: Any) -> Phase | None:
    phase = word(name)
    return None if phase is None else Phase(phase, status, started, data=data)


def _add(found: list[Phase], visit: Phase) -> None:
    """Add a visit, or what it says to the last visit of that phase; a second start is a second visit."""
    held = next((one for one in reversed(found) if one.phase == visit.phase), None)
    if held is None or (held.started_at and visit.started_at and held.started_at != visit.started_at):
        found.append(visit)
        return
    for name in ("status", "started_at", "ended_at", "data"):
        if getattr(held, name) is None:
            setattr(held, name, getattr(visit, name))


def _status(phase: Phase) -> str | None:
    if phase.ended_at:
        return COMPLETED
    return IN_PROGRESS if phase.started_at else None
