"""Know what is in the database of session directories: by path, by session, and what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mirror.directory import Signature
from mirror.finding import is_below
from store.protocol import ReadSide

PAGE: Final = 1_000
MOST: Final = 10_000


@dataclass(slots=True)
class Known:
    """Hold what was written of a directory; `signature` is None when it has to be read anew in any case."""

    session_id: str
    digest: str
    updated_at: str
    project: str
    missing: bool = False
    signature: Signature | None = None


@dataclass(slots=True)
class Books:
    """Hold everything that was written."""

    sessions: dict[str, Known] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Which directory a session's rows are of."""
    troubles: dict[str, str] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    """The keys of projects that are known by their folders."""

    def below(self, folder: str) -> Iterator[str]:
        """List the directories in a folder that were there when last seen."""
        return (path for path, known in self.sessions.items() if not known.missing and is_below(path, folder))

    def learn(self, path: str, known: Known) -> None:
        """Know what was written of a directory; the session is in no other one from now on."""
        before = self.owners.get(known.session_id)
        if before is not None and before != path and before in self.sessions:
            self.sessions[before].missing = True
        self.sessions[path] = known
        self.owners[known.session_id] = path


def load(side: ReadSide) -> Books:
    """Read what is written."""
    books, after = Books(), ""
    while rows := side.report("mirrored_sessions", after=after, limit=PAGE):
        for row in rows:
            missing = row["missing_since"] is not None
            known = Known(row["session_id"], row["digest"], row["updated_at"] or "", row["project_key"] or "", missing)
            if not missing or row["path"] not in books.sessions:
                books.sessions[row["path"]] = known
            books.owners[row["session_id"]] = row["path"]
        after = rows[-1]["session_id"]
    books.troubles = {row["path"]: row["reason"] for row in side.report("mirror_troubles", limit=MOST)}
    books.projects = projects(side)
    return books


def projects(side: ReadSide) -> dict[str, str]:
    """Read the keys of projects that are known by their folders; one with a name of its own comes before any other."""
    found: dict[str, str] = {}
    for row in side.report("project_paths", limit=MOST):
        if found.setdefault(row["path"], row["key"]) == row["path"]:
            found[row["path"]] = row["key"]
    return found
