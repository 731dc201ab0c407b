"""Say what pages ask of the daemon that serves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access.tokens import Scope
from api.rejections import Rejections
from store.protocol import Console, ReadSide

Admit = Callable[[Sequence[str], Scope, str], object]


@dataclass(frozen=True, slots=True)
class Daemon:
    """Hold the daemon's parts as pages see them.

    `version` changes with everything that is written. `admit` takes Authorization headers, a scope and an address,
    and raises Unauthenticated or Forbidden unless a token is shown that is for the scope.
    """

    open_reader: Callable[[], ReadSide]
    open_console: Callable[[], Console]
    version: Callable[[], int]
    deriving: Callable[[], Mapping[str, Any]]
    rejections: Rejections
    admit: Admit
    grpc: Callable[[], str | None]
    http: Callable[[], str | None]
    database: Path
    release: str
