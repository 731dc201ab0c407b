"""Say what a database must do to hold the ledger; what deriving asks of it is in `store/raw_side.py`.

Implementations promise:

- `commit` is durable when it returns, all or nothing for each batch, and idempotent:
  a span is known by (trace_id, span_id), a log record and a metric point by (sort_time, fingerprint),
  a request by its fingerprint for `replay_window_s`.
- After `commit`, received = stored + duplicate + rejected holds for each signal and transport in `ledger`.
- Of two spans with one identity the first is kept, unless it had not ended and the later has: that takes its place.
  Any other difference is counted in `conflicts` and listed among the rejections with reason 'conflict' and 0 items.
- `commit` raises `TryAgain` when the same batches may succeed later,
  and leaves nothing of them behind that a repeat would count twice.
  A batch that cannot be kept at all costs only itself: its place in the answer holds its error.
- One thread calls the write side. Readers may be many, in any thread and process, and never make the writer wait.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schema.derived import Changes
from schema.rows import Batch
from schema.signals import Signal
from search.query import Query
from search.shapes import Filters, Found, IndexState
from store.forgetting import Forgotten, Piece
from store.outlines import Outline
from tracking.commands import Command, Done
from tracking.faults import Fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what became of one batch: `repaired` of the stored items were mended, `conflicts` of the duplicates differed.

    When it is a replay, all of it is `duplicate`, and `message` and `first_rejected` are what the first answer said.
    """

    stored: int
    duplicate: int
    rejected: int
    repaired: int = 0
    conflicts: int = 0
    message: str = ""
    replayed: bool = False
    first_rejected: int = 0


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Count what came in for one signal over one transport since the database was made."""

    signal: Signal
    transport: str
    requests: int
    received: int
    stored: int
    duplicate: int
    rejected: int
    repaired: int
    conflicts: int


class WriteSide(Protocol):
    """Change what is kept; called from one thread only."""

    def commit(self, batches: Sequence[Batch]) -> list[Outcome | Exception]:
        """Keep the batches durably: one Outcome each, in order, or what was wrong with that batch alone.

        Raise TryAgain and keep none when the trouble is the store's.
        """
        ...

    def apply(self, changes: Changes) -> list[int]:
        """Put and remove derived rows durably, all or nothing; the same again changes nothing.

        Rows that a program wrote itself are changed by such rows alone. The days in `daily_metrics` follow
        `job_history` by the same change. Give how many rows each step of the changes changed.
        Raise Missing when a step that must find a row finds none, TryAgain when it may succeed later.
        """
        ...

    def forget(self, piece: Piece) -> Forgotten:
        """Delete rows, or empty them of their texts, and keep the books; all or nothing. It works on a full disk."""
        ...

    def shrink(self, pages: int) -> int:
        """Give pages that hold nothing back to the disk; say how many are left."""
        ...

    def write_anew(self) -> None:
        """Leave no byte of what was deleted in the files, but for logs; it takes seconds for each gigabyte.

        Raise StoreBusy when there is no room for that.
        """
        ...

    def wipe(self) -> bool:
        """Leave no byte of it in a log either; say whether that worked, or readers are in the way for now."""
        ...

    def track(self, commands: Sequence[Command]) -> list[Done | Fault]:
        """Carry out commands about the book of work durably, each all or nothing, in order of event time.

        Each is answered in its place: what became of it, or what is wrong with it alone. One whose `event_id` was done
        before changes nothing and is told the same row. Raise TryAgain and do none when the trouble is the store's.
        """
        ...

    def hear(self, changes: Changes) -> list[Fault]:
        """Apply changes with commands that records told; give what of these is refused or expired for good.

        A command about something that is not there waits for it, bounded in number and time, and is tried again by
        every call. What is refused is noted among the rejections, once however often its record comes.
        """
        ...

    def tokens(self) -> list[dict[str, Any]]:
        """List every token that was made, revoked ones too, the oldest first: its hash, never itself.

        Readers cannot see them.
        """
        ...

    def tidy(self) -> None:
        """Do a bounded slice of upkeep between commits; it must take less than half a second."""
        ...

    def probe(self) -> None:
        """Prove that a write transaction can begin, or raise TryAgain."""
        ...

    def close(self) -> None:
        """Fold the log into the database and let go of it."""
        ...


class ReadSide(Protocol):
    """Ask what is kept; never blocks the write side."""

    def ledger(self) -> list[LedgerLine]:
        """List the ledger's lines."""
        ...

    def items(self, signal: Signal, *, after_id: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """List up to `limit` items in order of arrival, each with its resource's and scope's columns."""
        ...

    def rejections(self, *, after_id: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """List refused items, oldest first, payload included."""
        ...

    def report(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """Answer a question of `store/reports.sql`; a condition whose value is None or not given is left out."""
        ...

    def page(self, name: str, /, *, rows: int, **values: Any) -> tuple[list[dict[str, Any]], bool]:
        """Answer a question of a list with up to so many rows, and some megabytes; say whether there are more."""
        ...

    def outline(self, trace_id: str) -> Outline | None:
        """Say how the spans of a trace hang together; None when there is no such trace."""
        ...

    def sizes(self) -> dict[str, int]:
        """Say how many bytes the database and its log take, and how many of them hold nothing."""
        ...

    def search(self, query: Query, filters: Filters, *, order: str, limit: int, after: int | None = None) -> Found:
        """Find documents by their words, newest first or best first; `after` is where an earlier answer ended.

        Each row has its source, key, kind and time, what it belongs to, and its texts. What was deleted is never found,
        though an index may know of a change a little later than the tables.
        """
        ...

    def search_state(self) -> IndexState:
        """Say how far the index of texts is."""
        ...

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run a read-only statement of the user's; the first tuple holds the column names."""
        ...

    def interrupt(self) -> None:
        """Stop the statement that runs; it raises Refused. May be called from any thread."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Console(Protocol):
    """Run one statement of a user, which reads what is described and nothing else; called from one thread."""

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Give the names of the columns, and then the rows.

        Raise Refused with what is wrong and where, Forbidden for what is not open, TooLong at the deadline.
        """
        ...

    def interrupt(self) -> None:
        """Stop the statement, from any thread; it raises Refused."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
