"""Bring what is written of session directories up to what they hold now.

A directory is read anew when it looks different from last time, and written when what it tells is different.
What cannot be read keeps its last good rows; what is gone keeps them and is marked. The same again changes nothing.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mirror import projects
from mirror.books import Books, Known
from mirror.directory import Listing, look, read
from mirror.facts import NotASession, read_session
from mirror.fields import STATE
from mirror.finding import Obstacle, find, is_below
from mirror.json_text import Unreadable
from mirror.projects import Homes
from mirror.rows import digest, missing, session_changes, trouble
from mirror.session import Held, Session
from mirror.tally import Tally
from mirror.values import iso, iso_nano
from schema.derived import MIRROR_TROUBLES, Changes

PIECE: Final = 300
PIECE_BYTES: Final = 2 << 20
"""Rows, and bytes of the files that they are from, that are written in one transaction: others wait for the writer."""
FRESH_NS: Final = 2_000_000_000
"""A file that was changed less than this ago may change once more without looking different."""


@dataclass(slots=True)
class _Round:
    """Hold one sync under way: what it counts, and what is to be written next."""

    root: str
    tally: Tally = field(default_factory=Tally)
    homes: Homes = field(default_factory=Homes)
    changes: Changes = field(default_factory=Changes)
    learned: list[str] = field(default_factory=list)
    read_bytes: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.changes) >= PIECE or self.read_bytes >= PIECE_BYTES

    def add(self, changes: Changes) -> None:
        for name, rows in changes.put.items():
            self.changes.put.setdefault(name, []).extend(rows)
        self.changes.steps.extend(changes.steps)


class Syncing:
    """Sync folders, one at a time; `write` returns when changes are durable, and `clock` gives Unix nanoseconds."""

    def __init__(
        self, books: Books, write: Callable[[Changes], object], *, max_bytes: int, clock: Callable[[], int]
    ) -> None:
        """Go on from what the books say."""
        self.books = books
        self._write, self._max_bytes, self._clock = write, max_bytes, clock

    def run(self, place: str, root: str) -> Tally:
        """Sync what is at or below a place in a root; raise what writing raises, and do it all again the next time."""
        now = _Round(root)
        found: set[str] = set()
        hidden: list[str] = []
        for one in find(place):
            if isinstance(one, Obstacle):
                hidden.append(one.path)
                self._break(one.path, one.reason, now)
            else:
                found.add(one)
                self._sync(one, now)
            if now.is_full:
                self._flush(now)
        self._miss(place, found, hidden, now)
        self._flush(now)
        return now.tally

    def _sync(self, path: str, now: _Round) -> None:
        known = self.books.sessions.get(path)
        try:
            if known is not None and self._looks_the_same(path, known):
                self._count_unchanged(known, now)
                return
            held, listing = read(path, max_bytes=self._max_bytes)
            session = read_session(held)
        except NotASession as reason:
            if known is not None:
                self._break(path, str(reason), now)
            else:
                now.tally.ignored += 1
        except Unreadable as reason:
            self._break(path, str(reason), now)
        else:
            self._take(session, held, listing, now)

    def _looks_the_same(self, path: str, known: Known) -> bool:
        if known.signature is None or known.missing or path in self.books.troubles:
            return False
        return look(path).signature == known.signature

    def _take(self, session: Session, held: Held, listing: Listing, now: _Round) -> None:
        """Write a session that was read, unless that has been done."""
        folder = now.homes.home(held.path, now.root)
        project = projects.key(session.project, folder, self.books.projects)
        updated = session.updated_at or iso_nano(held.modified_ns) or ""
        other = self._told_better(session.session_id, held.path, updated)
        if other is not None:
            now.tally.of(project).doubled += 1
            now.tally.doubled[held.path] = f"{session.session_id} is told by {other} as well, which was saved later"
            return
        self._heal(held.path, now)
        known, told = self.books.sessions.get(held.path), digest(held, project)
        signature = listing.signature if self._clock() - listing.newest_ns > FRESH_NS else None
        now.tally.of(project).read += 1
        if known is not None and known.digest == told and not known.missing:
            known.signature = signature
            now.tally.of(project).unchanged += 1
            return
        now.add(session_changes(session, held, project, folder, self._now()))
        self.books.learn(held.path, Known(session.session_id, told, updated, project, signature=signature))
        now.learned.append(held.path)
        now.read_bytes += len(held.state)
        now.tally.of(project).changed += 1

    def _told_better(self, session_id: str, path: str, updated: str) -> str | None:
        """Name another directory that tells of the same session and was saved later."""
        other = self.books.owners.get(session_id)
        known = None if other is None or other == path else self.books.sessions.get(other)
        if other is None or known is None or known.missing or known.session_id != session_id:
            return None
        if not os.path.lexists(Path(other) / STATE):
            return None
        return None if (updated, other) > (known.updated_at, path) else other

    def _count_unchanged(self, known: Known, now: _Round) -> None:
        count = now.tally.of(known.project)
        count.read += 1
        count.unchanged += 1

    def _break(self, path: str, reason: str, now: _Round) -> None:
        """Say why a path cannot be read; once, as long as it stays so."""
        now.tally.broken[path] = reason
        if self.books.troubles.get(path) == reason:
            return
        if path not in self.books.troubles:
            now.tally.broke.append(path)
        self.books.troubles[path] = reason
        now.changes.put.setdefault(MIRROR_TROUBLES.name, []).append(trouble(path, reason, self._now()))

    def _heal(self, path: str, now: _Round) -> None:
        if self.books.troubles.pop(path, None) is not None:
            now.tally.healed.append(path)
            now.changes.gone.setdefault(MIRROR_TROUBLES.name, []).append((path,))

    def _miss(self, place: str, found: set[str], hidden: list[str], now: _Round) -> None:
        """Mark directories that are gone; of what could not be looked into nothing is known."""
        broken = now.tally.broken
        for path in [path for path in self.books.troubles if is_below(path, place) and path not in broken]:
            self._heal(path, now)
        for path in [path for path in self.books.below(place) if path not in found]:
            if not any(is_below(path, folder) for folder in hidden):
                known = self.books.sessions[path]
                known.missing, known.signature = True, None
                now.changes.steps.append(missing(path, self._now()))
                now.tally.vanished.append(path)
                now.tally.of(known.project).missing += 1
                now.learned.append(path)

    def _flush(self, now: _Round) -> None:
        """Write what has come together."""
        changes, now.changes = now.changes, Changes()
        learned, now.learned = now.learned, []
        now.read_bytes = 0
        if not changes.put and not changes.gone and not changes.steps:
            return
        try:
            self._write(changes)
        except BaseException:
            self._unlearn(changes, learned)
            raise

    def _unlearn(self, changes: Changes, learned: list[str]) -> None:
        """Do it all again the next time."""
        for path in learned:
            known = self.books.sessions[path]
            known.digest, known.signature, known.missing = "", None, False
        for path, *_ in changes.put.get(MIRROR_TROUBLES.name, []):
            self.books.troubles.pop(path, None)
        for (path,) in changes.gone.get(MIRROR_TROUBLES.name, []):
            self.books.troubles[path] = ""

    def _now(self) -> str:
        return iso(datetime.fromtimestamp(self._clock() / 1e9, UTC))
