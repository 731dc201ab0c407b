"""Make tokens, and name what each may do (reliability.md section 4).

A token has 256 random bits, so its SHA-256 is as hard to invert as it is to guess; nothing slower is needed.
"""

import base64
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import Invalid

RANDOM_BYTES: Final = 32
PREFIX: Final = "sl"
"""Tokens begin with it and their scope, so that scanners for leaked secrets know them."""


class Scope(StrEnum):
    """Name what a token is for; each opens that alone, `admin` opens everything."""

    INGEST = "ingest"
    """Send telemetry, and write what programs tell of their work."""
    READ = "read"
    """Ask, look at pages, read metrics."""
    ADMIN = "admin"
    """Change what is kept and who may come in."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Hold what is known of one token: never the token itself. `expires_at` is Unix seconds, None for never."""

    id: str
    hash: bytes
    scopes: frozenset[Scope]
    expires_at: float | None = None

    def opens(self, scope: Scope) -> bool:
        """Say whether the token is for something."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


@dataclass(frozen=True, slots=True)
class By:
    """Say who asks for something: a token's id, and the address that it came from."""

    who: str
    address: str


ANYBODY: Final = "anybody"
"""Who asks while no token is needed."""
LOCAL: Final = "local"
"""Who asks with the daemon's own secret, or writes to the database without a daemon."""


def make(scopes: Collection[Scope], random: Callable[[int], bytes]) -> str:
    """Make a token of 32 bytes of `random`; its prefix names its widest scope."""
    widest = max(scopes, key=list(Scope).index)
    return f"{PREFIX}_{widest}_{base64.urlsafe_b64encode(random(RANDOM_BYTES)).rstrip(b'=').decode()}"


def hashed(token: str) -> bytes:
    """Hash a token the way it is kept; text that is not Unicode hashes too."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def scopes_of(words: str) -> frozenset[Scope]:
    """Read scopes with commas between them, or raise Invalid."""
    found = [word.strip() for word in words.split(",")]
    for word in found:
        if word not in list(Scope):
            raise Invalid(f"scope {word[:60]!r} is not known; use one or more of {', '.join(Scope)}")
    return frozenset(map(Scope, found))
