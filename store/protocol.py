"""Say what a database must do to hold the ledger.

Implementations promise:

- `commit` is all or nothing over the batches it is given, durable when it returns, and idempotent:
  a span is known by (trace_id, span_id), a log record and a metric point by (sort_time, fingerprint),
  a request by its fingerprint for `replay_window_s`.
- After `commit`, received = stored + duplicate + rejected holds for each signal and transport in `ledger`.
- `commit` raises `TryAgain` when the same batches may succeed later, and leaves nothing of them behind that a repeat would count twice.
- One thread calls the write side. Readers may be many, in any thread and process, and never make the writer wait.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schema.rows import Batch
from schema.signals import Signal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what became of one batch; `message` is the first answer's when the batch is a replay."""

    stored: int
    duplicate: int
    rejected: int
    message: str = ""
    replayed: bool = False


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

    def commit(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Keep all batches durably, one Outcome each in order, or raise and keep none."""
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

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Run a read-only statement of the user's; the first tuple holds the column names."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
