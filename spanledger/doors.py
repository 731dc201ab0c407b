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
from collector.config import Collector
from collector.guard import LOOPBACK_NAMES
from core.errors import Misconfigured
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

    def check_exposure(self, settings: Collector) -> None:
        """Refuse to listen beyond this machine without a token unless told to (otlp.md S01)."""
        endpoints = (settings.grpc.endpoint, settings.http.endpoint)
        open_to_all = [str(one) for one in endpoints if one is not None and one.host not in LOOPBACK_NAMES]
        if open_to_all and not self.gate.closed and not settings.insecure_no_auth:
            raise Misconfigured(
                f"{', '.join(open_to_all)} can be reached from other machines and no token is set; "
                "make one with `spanledger token make NAME`, or set insecure_no_auth = true if the network is trusted"
            )


def grants(rows: Iterable[dict[str, Any]]) -> list[Grant]:
    """Read the tokens that are not revoked."""
    return [
        Grant(row["id"], row["hash"], scopes_of(row["scopes"]), _time(row["expires_at"]))
        for row in rows
        if row["revoked_at"] is None
    ]


def _time(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
