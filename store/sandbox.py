"""Confine a connection to reading tables: `mode=ro` alone still writes files and takes any amount of memory."""

import apsw

from store.tokens import HIDDEN

MAX_VALUE_BYTES = 128 << 20

_ALLOWED = frozenset(
    {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE},
)
_PRAGMAS = frozenset(
    {
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info"),
        *("page_count", "page_size", "freelist_count"),
    }
)
_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer"})

_LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: MAX_VALUE_BYTES,
    apsw.SQLITE_LIMIT_SQL_LENGTH: 1 << 20,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
}


def confine(connection: apsw.Connection) -> None:
    """Let statements read and compute, nothing else; anything else raises `apsw.AuthError`."""
    for limit, value in _LIMITS.items():
        connection.limit(limit, value)
    connection.authorizer = _authorize


def _is_hidden(action: int, table: str | None) -> bool:
    """Say whether a statement wants what no reader may see."""
    return action == apsw.SQLITE_READ and table == HIDDEN


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
    if action == apsw.SQLITE_PRAGMA:
        allowed = first in _PRAGMAS
    elif action == apsw.SQLITE_FUNCTION:
        allowed = second not in _FUNCTIONS
    else:
        allowed = action in _ALLOWED and not _is_hidden(action, first)
    return apsw.SQLITE_OK if allowed else apsw.SQLITE_DENY
