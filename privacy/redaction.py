"""Apply what the configuration says to a request on its way in, after decoding and before anything is written.

One look at the bytes of a request says whether it may hold a secret; only then are its texts looked through.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
import re2

from privacy.names import Names
from privacy.rules import Rules
from privacy.shapes import WHAT, Shapes, shipped
from privacy.wanted import Wanted
from schema.rows import COLUMNS, RESOURCE_COLUMNS, Batch, Rejection, Row
from schema.signals import Signal

Mask = Callable[[str], str]
NOTE: Final = "redacted"
PROJECT_KEYS: Final = ("project.key", "service.namespace")
FULL: Final = "full"
ESCAPED: Final = b"\\u00"
"""How JSON may hide ASCII, which no encoder does."""
RESOURCE_ATTRIBUTES: Final = RESOURCE_COLUMNS.index("attributes")
ATTRIBUTES: Final = {signal: COLUMNS[signal].index("attributes") for signal in Signal}
SPOKEN: Final[dict[Signal, dict[str, str | None]]] = {
    Signal.TRACES: {"status_message": "", "events": None, "links": None},
    Signal.LOGS: {"body": None},
    Signal.METRICS: {"exemplars": None},
}
"""What else people and models may have written, and what stands for it."""
EMPTIED: Final = {
    signal: {COLUMNS[signal].index(name): value for name, value in columns.items()}
    for signal, columns in SPOKEN.items()
}


class Redaction:
    """Hold the rules; any thread may apply them."""

    def __init__(self, wanted: Wanted) -> None:
        """Make ready what is wanted."""
        shapes = shipped(secrets=wanted.secrets, emails=wanted.emails)
        names = Names([*(WHAT["names"] if wanted.secrets else ()), *wanted.names])
        self._rules = Rules(wanted.rules)
        self._masks: list[Mask] = [Shapes(shapes).masked, names.masked]
        needs = [need for need in (*(one.needs for one in shapes), names.needs) if need]
        self._any = re2.compile("|".join(needs).encode()) if needs else None
        self._mode, self._projects = wanted.mode, dict(wanted.projects)
        self._leaves_out = any(mode != FULL for mode in (wanted.mode, *self._projects.values()))

    def apply(self, batch: Batch, body: bytes) -> None:
        """Mask and leave out, in place, what is never kept of a request that was decoded from a body."""
        masks = self._masks_for(body)
        if masks:
            _mask(batch, masks)
            batch.rejections[:] = [self._rejection(one, masks) for one in batch.rejections]
        if self._leaves_out:
            self._leave_out(batch)

    def payload(self, body: bytes) -> bytes | None:
        """Give what may be kept of a request that could not be decoded; None when it may hold a secret."""
        return None if self._leaves_out or self._masks_for(body) else body

    def _masks_for(self, body: bytes) -> list[Mask]:
        suspicious = self._any is not None and (self._any.search(body) is not None or ESCAPED in body)
        return [*(self._masks if suspicious else ()), *([self._rules.masked] if self._rules else ())]

    def _rejection(self, rejection: Rejection, masks: list[Mask]) -> Rejection:
        """Keep why an item was refused; its bytes only if nobody need look for anything in them."""
        payload = None if rejection.payload is None else self.payload(rejection.payload)
        return replace(rejection, message=_text(rejection.message, masks), payload=payload)

    def _leave_out(self, batch: Batch) -> None:
        modes = {number: self._mode_of(row) for number, row in batch.resources.items()}
        batch.rows[:] = [_left(batch.signal, row, modes[row[0]]) for row in batch.rows]
        batch.rejections[:] = [replace(one, payload=None) for one in batch.rejections]

    def _mode_of(self, resource: Row) -> str:
        """Say what is kept of a resource's records: as its project says, or as all others."""
        if not self._projects:
            return self._mode
        attributes = orjson.loads(resource[RESOURCE_ATTRIBUTES])
        named = (attributes.get(key) for key in PROJECT_KEYS)
        return next((self._projects[name] for name in named if name in self._projects), self._mode)


def _mask(batch: Batch, masks: list[Mask]) -> None:
    batch.rows[:] = [_marked(row, _masked(row, masks)) for row in batch.rows]
    batch.resources = {number: _masked(row, masks) for number, row in batch.resources.items()}
    batch.scopes = {number: _masked(row, masks) for number, row in batch.scopes.items()}
    batch.message = _text(batch.message, masks)


def _masked(row: Row, masks: list[Mask]) -> Row:
    return tuple(_text(value, masks) if isinstance(value, str) else value for value in row)


def _text(text: str, masks: list[Mask]) -> str:
    for mask in masks:
        text = mask(text)
    return text


def _marked(before: Row, row: Row) -> Row:
    """Say on a row that something in it was masked."""
    return row if row == before else (*row[:-1], _noted(row[-1], "masked"))


def _left(signal: Signal, row: Row, mode: str) -> Row:
    from privacy.modes import LEAVE  # it brings the vocabulary, which most daemons need not hold

    if mode == FULL:
        return row
    made = list(row)
    for place, value in EMPTIED[signal].items():
        made[place] = value
    held: Mapping[str, Any] = orjson.loads(made[ATTRIBUTES[signal]])
    made[ATTRIBUTES[signal]] = orjson.dumps(LEAVE[mode](held)).decode()
    made[-1] = _noted(made[-1], mode)
    return tuple(made)


def _noted(notes: str | None, told: str) -> str:
    held = orjson.loads(notes) if notes else {}
    return orjson.dumps({**held, NOTE: told}).decode()
