"""Shape what is found by its text: documents, and which of them are asked for."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SOURCES: Final = (
    "entry",
    "job",
    "call",
    "plan",
    "task",
    "refactor",
    "debug",
    "note",
    "experiment",
    "run",
    "artifact",
    "summary",
    "issue",
    "work",
    "log",
)
"""What documents are made of: each has a statement in store/search_texts.sql that gives its columns."""
TEXTS: Final = ("title", "input", "output", "error", "notes", "record")
"""The columns of a document that hold text, in the order in which they are shown; the last is there when it is needed:
what a record holds beyond what its entry does."""
NEWEST, BEST = "newest", "best"
ORDERS: Final = (NEWEST, BEST)


@dataclass(frozen=True, slots=True)
class Filters:
    """Say which documents are wanted; times are ISO 8601, `failed` wants only what went wrong."""

    kind: str | None = None
    session: str | None = None
    agent: str | None = None
    project: str | None = None
    tool: str | None = None
    failed: bool = False
    since: str | None = None
    until: str | None = None

    def labels(self) -> list[str]:
        """Give the labels that documents must bear."""
        told = [label(letter, getattr(self, name)) for letter, name in LABELS.items() if getattr(self, name)]
        return [*told, FAILED] if self.failed else told


@dataclass(frozen=True, slots=True)
class IndexState:
    """Say how far the index is: changes that it does not know yet, and rows that are left of a first reading."""

    behind: int = 0
    unread: int = 0
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Hold documents, best or newest first, and where to go on; None at the end.

    `cut` says that more words begin as was asked than were looked for.
    """

    rows: list[dict[str, Any]]
    after: int | None
    state: IndexState
    cut: bool = False


LABELS: Final = {"k": "kind", "s": "session", "a": "agent", "p": "project", "t": "tool"}
"""By which letter a label begins that says what a document belongs to."""
FAILED: Final = "e1"
ANY: Final = "x"
"""A label that every document bears."""
ENTRIES: Final = "entries"
"""What the list of changes names when all entries of a session are to be indexed again."""
FEED: Final = "feed"
"""Under which name an index keeps how far it followed the list of changes."""


def label(letter: str, value: str) -> str:
    """Write what a document belongs to as one word of the index; any value has one, of letters and digits."""
    digest = hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8).digest()
    return letter + base64.b32encode(digest).rstrip(b"=").decode().lower()


def labels(row: Mapping[str, Any]) -> list[str]:
    """Give the labels of a document."""
    told = [label(letter, str(row[name])) for letter, name in COLUMNS.items() if row[name]]
    return [*told, FAILED] if row["failed"] else told


COLUMNS: Final = {"k": "kind", "s": "session_id", "a": "agent_name", "p": "project_key", "t": "tool_name"}
