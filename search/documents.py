"""Make of a row what is indexed of it: its words, its labels, and the second that it belongs to."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from search.shapes import ANY, TEXTS, labels
from search.words import indexed

LAST_SECOND: Final = 1 << 34
"""Far in the future: a document's second must leave room for its number."""


@dataclass(frozen=True, slots=True)
class Document:
    """Hold what is indexed: `digest` stands for source and key, `second` is Unix time."""

    digest: int
    source: str
    key: str
    second: int
    text: str
    labels: str


def document(source: str, row: Mapping[str, Any]) -> Document:
    """Make a document of a row with the columns that store/search_texts.sql gives."""
    key = str(row["key"])
    text = indexed([row[name] for name in TEXTS if row.get(name)])
    return Document(digest(source, key), source, key, second(row["at"]), text, " ".join((ANY, *labels(row))))


def digest(source: str, key: str) -> int:
    """Give the number that stands for a document, 64 bits with a sign."""
    told = hashlib.blake2b(f"{source}/{key}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(told, "big", signed=True)


def second(at: str | None) -> int:
    """Read Unix seconds from ISO 8601; what is no time, or before 1970, is 0."""
    return min(max(int(instant(at)), 0), LAST_SECOND)


def instant(at: str | None) -> float:
    """Read a time in Unix seconds from ISO 8601; what is no time is 0."""
    try:
        told = datetime.fromisoformat(at or "")
    except ValueError:
        return 0
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
