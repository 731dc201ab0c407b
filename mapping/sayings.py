"""What a record says in the words of the tracking vocabulary, read and checked (mapping.md F)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Saying:
    """Hold one event of the vocabulary with its values by attribute; `at` is Unix nanoseconds, `body` free text."""

    key: str
    event: str
    at: int
    values: Mapping[str, Any]
    body: str | None = None
    level: str | None = None
