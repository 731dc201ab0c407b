"""Say what a database must do so that old rows can be forgotten: find them, and delete them a piece at a time.

Finding reads and never makes the writer wait. Deleting is between commits, each piece a transaction of its own with
the books about it, and small enough that nobody who sends notices. Raw rows that are deleted are counted in
`forgotten`, so that stored = kept + forgotten holds at every moment. A piece found before something was pinned
deletes nothing: it is found again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schema.derived import Row, Step
from schema.signals import Signal

PINNED = -1
"""The rule of what is pinned."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hold a row that may be old: when it came in Unix nanoseconds, about how large it is.

    `rules` are the rules that the sessions it belongs to fall under, by their place in the list; `key` tells it
    from the others of its kind, and where to go on from.
    """

    key: Any
    came: int
    size: int
    rules: frozenset[int]


@dataclass(frozen=True, slots=True)
class Piece:
    """Name rows to forget; `what` is a kind of store/retention.sql or store/erasing.sql.

    `keys` of raw rows that lose their texts are triples: number, attributes that are left, marks (see `stripped`).
    `pins` is the newest pin that was looked at; None when no pin is about what goes.

    `jobs` are finished jobs of which these rows tell: they are frozen. `until` are the ids of each signal up to which
    it was looked for what uses them. `steps` are written with it. Calls leave the sums of their days behind them.
    """

    what: str = ""
    keys: Sequence[Any] = ()
    pins: int | None = None
    jobs: Sequence[str] = ()
    until: Mapping[str, int] = field(default_factory=dict)
    steps: Sequence[Step] = field(default=())
    leaves_sums: bool = True


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Say what became of a piece: how many rows went, and how many bytes of the file hold nothing now."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """Say how large the database file is, and how much of it holds nothing."""

    file_bytes: int
    free_bytes: int

    @property
    def live_bytes(self) -> int:
        """Count the bytes that hold something."""
        return self.file_bytes - self.free_bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """Say what a look at all tables found: what is wrong, and which tables took too long."""

    faults: list[str]
    unread: list[str]


class OldSide(Protocol):
    """Find what is old."""

    def room(self) -> Room:
        """Say how large the file is."""
        ...

    def ends(self) -> dict[Signal, int]:
        """Say what the newest id of each signal is."""
        ...

    def derived_until(self) -> dict[Signal, int]:
        """Say up to which id each signal is known to be derived from."""
        ...

    def sent_until(self) -> dict[Signal, int]:
        """Say up to which id each signal is sent on, by the exporter farthest behind; none that nobody sends."""
        ...

    def newest_pin(self) -> int:
        """Give the number of the newest pin; 0 when nothing is pinned."""
        ...

    def find(self, what: str, after: Found | None, limit: int, **values: Any) -> list[Found]:
        """List rows of a kind in order of arrival, behind one that was found before or None; see `store/old.sql`."""
        ...

    def jobs_of(self, what: str, keys: Sequence[Any]) -> list[str]:
        """List the finished jobs that raw rows tell of."""
        ...

    def records(self, signal: Signal, keys: Sequence[int]) -> list[dict[str, Any]]:
        """Read raw rows whole, in order of arrival, with their resources and scopes."""
        ...

    def unused(self) -> Iterator[tuple[str, list[Any], Mapping[Signal, int]]]:
        """List the resources, scopes and names that no raw row has, each with up to which ids this was looked at."""
        ...

    def state(self) -> dict[str, str]:
        """Read what retention keeps of itself."""
        ...

    def rows(self, name: str, **values: Any) -> list[Row]:
        """Answer a question of `store/old.sql`, or of `store/holdings.sql`: what is held of a session or a user."""
        ...

    def look_through(self, *, seconds: float, stopped: Callable[[], bool]) -> Looked:
        """Look whether each table is whole and agrees with its indexes, for so many seconds each at most."""
        ...

    def interrupt(self) -> None:
        """Stop what is being read; it raises Refused. May be called from any thread."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
