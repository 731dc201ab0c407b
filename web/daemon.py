"""Say what pages ask of the daemon that serves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.protocol import ReadSide


@dataclass(frozen=True, slots=True)
class Daemon:
    """Hold the daemon's parts as pages see them.

    `version` changes with everything that is written. `admit` raises Unauthenticated for headers without a token.
    """

    open_reader: Callable[[], ReadSide]
    version: Callable[[], int]
    deriving: Callable[[], Mapping[str, Any]]
    admit: Callable[[Sequence[str]], None]
    grpc: Callable[[], str | None]
    http: Callable[[], str | None]
    database: Path
    release: str
