"""Forget rows in SQLite, a piece at a time, inside the caller's transaction (see `store.forgetting`)."""

from pathlib import Path
from typing import Final

import apsw
import orjson

from store import derived
from store.forgetting import Forgotten, Piece
from store.queries import load

HERE: Final = Path(__file__).parent
QUERIES: Final = {**load((HERE / "retention.sql").read_text()), **load((HERE / "erasing.sql").read_text())}
COUNTED: Final = frozenset(("raw_spans", "raw_logs", "raw_points", "span_texts", "log_texts"))
FIRST: Final = {
    "session_jobs": "close_days",
    "loose_jobs": "close_loose_days",
    "session_model_calls": "keep_usage",
    "loose_model_calls": "keep_usage",
    "session_tool_calls": "keep_tools",
    "loose_tool_calls": "keep_tools",
}
"""What is written down before rows go, so that the days keep their sums."""
LIMIT: Final = 500
"""Rows of a session that go at a time."""


def forget(cursor: apsw.Cursor, piece: Piece) -> Forgotten:
    """Forget a piece and keep the books; give how many bytes of the file hold nothing because of it."""
    pragma = cursor.connection.pragma
    before = pragma("freelist_count")
    rows = _forget(cursor, piece) if piece.what else 0
    for step in piece.steps:
        cursor.execute(derived.STEPS[step.name], dict(step.values))
    return Forgotten(rows, max(0, pragma("freelist_count") - before) * pragma("page_size"))


def shrink(connection: apsw.Connection, pages: int) -> int:
    """Give free pages at the end of the file back, and say how many free ones are left."""
    for _ in connection.execute(f"pragma incremental_vacuum({pages:d})"):
        pass
    left: int = connection.pragma("freelist_count")
    return left


def _forget(cursor: apsw.Cursor, piece: Piece) -> int:
    newest: int = cursor.execute(QUERIES["newest_pin"]).get
    if piece.pins is not None and newest > piece.pins:
        return 0
    values = {"keys": orjson.dumps(list(piece.keys)).decode(), "limit": LIMIT, **piece.until}
    if piece.jobs:
        cursor.execute(QUERIES["freeze_jobs"], {"jobs": orjson.dumps(list(piece.jobs)).decode()})
    if piece.what == "erase_jobs":
        derived.count(cursor, list(map(str, piece.keys)), -1)
    if piece.leaves_sums and piece.what in FIRST:
        cursor.execute(QUERIES[FIRST[piece.what]], values)
    cursor.execute(QUERIES[piece.what], values)
    rows = cursor.connection.changes()
    if piece.what in COUNTED:
        cursor.execute(QUERIES["count_forgotten"], {"name": piece.what, "rows": rows})
    return rows
