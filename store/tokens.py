"""Read who may come in; programs change it by the steps `add_token`, `revoke_token` and `use_token`."""

from typing import Any, Final

import apsw

from store.queries import QUERIES

COLUMNS: Final = ("id", "name", "scopes", "hash", "created_at", "expires_at", "revoked_at", "last_used_at")
HIDDEN: Final = "access_tokens"
"""The table that no reader may see."""


def listed(cursor: apsw.Cursor) -> list[dict[str, Any]]:
    """List every token that was made, the oldest first."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.execute(QUERIES["tokens"])]
