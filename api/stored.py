"""Answer what is kept and what was refused: books, sizes, rows, refused items."""

import base64
from typing import Final

from api.lists import rejection_shown
from api.pages import Row, limited
from api.times import iso_nano
from core.errors import Missing
from store.protocol import ReadSide

MOST_REASONS: Final = 1_000
OLDEST: Final = ("oldest_span_at", "oldest_log_at", "oldest_point_at")


def storage(side: ReadSide) -> Row:
    """Say how large the database is, how many rows it holds, when the oldest came, and what the books say."""
    rows = side.report("stored_rows")[0]
    oldest = {name: iso_nano(rows.pop(name)) for name in OLDEST}
    return {"bytes": side.sizes(), "rows": rows, "oldest": oldest, "ledger": side.report("books")}


def reasons(side: ReadSide) -> Row:
    """Count refused items by signal and reason, the most frequent first."""
    found = side.report("rejection_reasons", limit=MOST_REASONS)
    for row in found:
        row["last_received_at"] = iso_nano(row["last_received_at"])
    return {"items": found, "next": None}


def names(side: ReadSide, *, kind: str = "span", limit: int | None = None) -> Row:
    """List the names that spans had, or the services that they came from, the most frequent first.

    After 10,000 names, and after 256 in an hour, others are counted together, as `__other__`.
    """
    return {"items": side.report("names", kind=kind, limit=limited(limit)), "next": None}


def rejection(side: ReadSide, number: int) -> Row:
    """Read a refused item. `payload` is a request with just this item, in base64, for another try."""
    found = side.report("rejection", id=number)
    if not found:
        raise Missing(f"there is no refused item {number}; it may have been forgotten")
    row = rejection_shown(found[0])
    row["payload_bytes"] = len(row["payload"] or b"")
    row["payload"] = None if row["payload"] is None else base64.b64encode(row["payload"]).decode()
    return row
