"""Keep the books: ledger, requests that were answered, items that were refused.

All of it happens inside the caller's transaction, beside the rows that it is about.
"""

from dataclasses import dataclass

import apsw

from schema.rows import Batch, Rejection
from schema.signals import Signal
from store import violations
from store.protocol import LedgerLine, Outcome
from store.queries import QUERIES

FORGET_ROWS = 500
"""Rows that are forgotten at a time."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Count refused items: how many are kept, their bytes, and how many had to be forgotten."""

    kept: int
    bytes: int
    forgotten: int


def replay(cursor: apsw.Cursor, batch: Batch, *, window_ns: int) -> Outcome | None:
    """Say what was answered when the same bytes came within the window, or None."""
    if batch.fingerprint is None:
        return None
    since = batch.received_at - window_ns
    found: list[tuple[int, str]] = list(cursor.execute(QUERIES["find_request"], (batch.fingerprint, since)))
    if not found:
        return None
    rejected, message = found[0]
    return Outcome(0, batch.received, 0, message=message, replayed=True, first_rejected=rejected)


def enter(cursor: apsw.Cursor, batch: Batch, outcome: Outcome, conflicts: list[Rejection]) -> None:
    """Write a batch into the ledger, remember its answer, and keep what was refused of it."""
    counts = (
        1,
        batch.received,
        outcome.stored,
        outcome.duplicate,
        outcome.rejected,
        outcome.repaired,
        outcome.conflicts,
    )
    cursor.execute(QUERIES["add_to_ledger"], (batch.signal, batch.transport, *counts))
    if batch.fingerprint is not None and not outcome.replayed:
        answer = (batch.fingerprint, batch.received_at, batch.told_rejected, batch.message)
        cursor.execute(QUERIES["add_request"], answer)
    if not outcome.replayed:
        _reject(cursor, batch, batch.rejections, encoding=batch.encoding)
        _reject(cursor, batch, conflicts, encoding="row")
        violations.note(
            cursor,
            batch.violations,
            received_at=batch.received_at,
            signal=batch.signal,
            transport=batch.transport,
        )


def forget_requests(cursor: apsw.Cursor, *, before: int) -> int:
    """Forget a slice of the requests that came before a time, and count them."""
    cursor.execute(QUERIES["forget_requests"], (before, FORGET_ROWS))
    return cursor.connection.changes()


def forget_rejections(cursor: apsw.Cursor, *, kept: int, size: int) -> bool:
    """Forget a slice of the oldest refused items if there are too many; say whether too many are left."""
    found = tally(cursor)
    count, total, last = found.kept, found.bytes, None
    if count <= kept and total <= size:
        return False
    oldest: list[tuple[int, int]] = list(cursor.execute(QUERIES["oldest_rejections"], (FORGET_ROWS,)))
    for row_id, row_bytes in oldest:
        if count <= kept and total <= size:
            break
        count, total, last = count - 1, total - row_bytes, row_id
    cursor.execute(QUERIES["forget_rejections"], (last,))
    return count > kept or total > size


def tally(cursor: apsw.Cursor) -> Tally:
    """Read how many refused items are kept and were forgotten."""
    return Tally(*next(cursor.execute(QUERIES["rejection_tally"])))


def ledger(cursor: apsw.Cursor) -> list[LedgerLine]:
    """List the ledger's lines."""
    return [LedgerLine(Signal(signal), *rest) for signal, *rest in cursor.execute(QUERIES["ledger"])]


def _reject(cursor: apsw.Cursor, batch: Batch, rejections: list[Rejection], *, encoding: str) -> None:
    origin = (batch.received_at, batch.signal, batch.transport, encoding)
    rows = [(*origin, r.position, r.reason, r.message, r.items, r.payload) for r in rejections]
    cursor.executemany(QUERIES["add_rejection"], rows)
