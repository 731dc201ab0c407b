"""Keep the gate in step with the tokens in the configuration and in the database."""

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr

from access.gate import Gate
from access.tokens import LOCAL, Grant, Scope, hashed, make, scopes_of
from api.tokens import use
from store.writer import Writer

ALL: Final = frozenset(Scope)
CONFIGURED: Final = "configuration"


class Doors:
    """Own the gate; `secret` is the token of who may read the lock file."""

    def __init__(self, writer: Writer, tokens: Sequence[SecretStr]) -> None:
        """Let in whom the configuration names; `renew` adds the database's."""
        self.secret = make(ALL, secrets.token_bytes)
        self._writer = writer
        self._configured = [Grant(CONFIGURED, hashed(token.get_secret_value()), ALL) for token in tokens]
        local = Grant(LOCAL, hashed(self.secret), ALL)
        self.gate = Gate(self._configured, local=local, clock=time.time)
        self._noted: dict[str, float] = {}

    async def renew(self) -> list[dict[str, Any]]:
        """Let in whom the database names from now on; give its tokens."""
        rows = await asyncio.wrap_future(self._writer.run(lambda side: side.tokens()))
        self.gate.put([*self._configured, *grants(rows)])
        return rows

    async def note_uses(self) -> None:
        """Write down when tokens were last shown."""
        new = {name: at for name, at in self.gate.used.items() if self._noted.get(name) != at}
        if new:
            await asyncio.wrap_future(self._writer.run(lambda side: side.apply(use(new))))
            self._noted |= new


def grants(rows: Iterable[dict[str, Any]]) -> list[Grant]:
    """Read the tokens that are not revoked."""
    return [
        Grant(row["id"], row["hash"], scopes_of(row["scopes"]), _time(row["expires_at"]))
        for row in rows
        if row["revoked_at"] is None
    ]


def _time(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
