"""Shape a write: what it changes, and what its sender is told when that is durable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schema.derived import Changes
from store.protocol import WriteSide
from tracking.vocabulary import Attribute

Told = dict[str, Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """Give a write what it must not find out by itself: the time, ISO 8601, and ids that nobody has."""

    now: str
    new_id: Callable[[], str]


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
    `fields` describe the values, `says` explains what becomes of them, `gives` describes the answer.
    """

    name: str
    method: str
    path: str
    status: int
    make: Callable[[Mapping[str, Any], Moment], Work]
    order: str = ""
    says: str = ""
    fields: tuple[Attribute, ...] = ()
    gives: Mapping[str, Schema] = field(default_factory=dict)


def telling(**told: Any) -> Callable[[Sequence[int]], Told]:
    """Make an answer that is known before."""
    return lambda _counts: told
