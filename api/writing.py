"""Shape a write: what it changes, and what its sender is told when that is durable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import orjson

from access.tokens import By, Scope
from schema.derived import Changes, Step
from store.protocol import WriteSide
from tracking.vocabulary import Attribute

Told = dict[str, Any]
Schema = Mapping[str, Any]

DETAIL: Final = 500
"""Characters of an audited write's values."""
KEPT: Final = 100_000
"""Entries of the audit log."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Give a write what it must not find out by itself.

    That is the time, ISO 8601, ids that nobody has, and bytes that nobody can guess.
    """

    now: str
    new_id: Callable[[], str]
    random: Callable[[int], bytes]


class Work(Protocol):
    """Hold what is to be written."""

    def carry_out(self, side: WriteSide) -> Told:
        """Write it, on the thread that writes, and give what its sender is told."""
        ...


@dataclass(frozen=True, slots=True)
class Write:
    """Hold changes; `answer` makes what the sender is told of how many rows each step changed."""

    changes: Changes
    answer: Callable[[Sequence[int]], Told]

    def carry_out(self, side: WriteSide) -> Told:
        """Apply the changes."""
        return self.answer(side.apply(self.changes))


@dataclass(frozen=True, slots=True)
class Operation:
    """Say where a write is sent to and what makes it; names in braces in the path are fields of its values.

    `make` raises Invalid for values that are not what is wanted. `order` is asked of who derives, when that is durable.
    `scope` is what a token must be for; what an administrator does is written into the audit log with its values.
    `fields` describe the values, `says` explains what becomes of them, `gives` describes the answer.
    """

    name: str
    method: str
    path: str
    status: int
    make: Callable[[Mapping[str, Any], Moment], Work]
    order: str = ""
    scope: Scope = Scope.INGEST
    says: str = ""
    fields: tuple[Attribute, ...] = ()
    gives: Mapping[str, Schema] = field(default_factory=dict)


def telling(**told: Any) -> Callable[[Sequence[int]], Told]:
    """Make an answer that is known before."""
    return lambda _counts: told


def audited(operation: Operation, values: Mapping[str, Any], work: Work, *, at: str, by: By) -> Work:
    """Add to what an administrator changes who did it: in one transaction, so that neither is without the other."""
    if operation.scope is not Scope.ADMIN:
        return work
    assert isinstance(work, Write), "commands of the book of work are nobody's secret: they are open to who sends"
    own = len(work.changes.steps)
    detail = orjson.dumps(values, default=str).decode()
    steps = [*work.changes.steps, *audit(operation.name, detail, at=at, by=by)]
    return Write(replace(work.changes, steps=steps), lambda counts: work.answer(counts[:own]))


def audit(action: str, detail: str, *, at: str, by: By) -> list[Step]:
    """Write down who did something, as much of the detail as is kept."""
    bound = {"at": at, "who": by.who, "address": by.address, "action": action, "detail": detail[:DETAIL]}
    return [Step("audit", bound), Step("forget_audit", {"kept": KEPT})]
