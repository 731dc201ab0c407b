"""Keep the mirror: everything at the start and now and then, and each session directory as it changes.

A thread of its own reads and writes; whoever tells it that something changed never waits. When it stops, what it has
not got to is found at the next start, for the files are the truth.
"""

import logging
import os
import stat
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from core.errors import Forbidden, Stopping, TryAgain
from mirror import books
from mirror.config import Sync
from mirror.fields import STATE
from mirror.finding import scope
from mirror.syncing import Syncing
from mirror.tally import Tally
from mirror.waiting import Waiters, Waiting
from mirror.watching import Watching
from schema.derived import Changes
from store.protocol import ReadSide

log = logging.getLogger(__name__)

MOST_WATCHED: Final = 4_096
"""Folders that are watched, those of the newest sessions first; the others are looked through now and then."""
MOST_HOPEFUL: Final = 256
STOP_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Database:
    """Give the mirror its database: how to read it, and how to write; `write` returns when changes are durable."""

    open_reader: Callable[[], ReadSide]
    write: Callable[[Changes], object]


class Mirror:
    """Mirror the configured folders; every method may be called from any thread and returns at once."""

    def __init__(self, settings: Sync, database: Database, *, clock: Callable[[], int] = time.time_ns) -> None:
        """Open nothing yet."""
        self.roots = resolved(settings.paths)
        self._called = [path.expanduser().absolute() for path in settings.paths]
        self._hopeful: dict[Path, None] = {}
        self.syncs = self.failures = 0
        self._settings, self._database, self._clock = settings, database, clock
        self._syncing = Syncing(books.Books(), database.write, max_bytes=settings.max_bytes, clock=clock)
        self._waiting = Waiting()
        self._watching = Watching(self._waiting.add, self._waiting.add_everything)
        self._over = Event()
        self._thread = Thread(target=self._run, name="mirror", daemon=True)

    @property
    def waiting(self) -> Waiting:
        """Give what is to be synced."""
        return self._waiting

    @property
    def sessions(self) -> int:
        """Count the session directories that are there."""
        return sum(not known.missing for known in list(self._syncing.books.sessions.values()))

    @property
    def broken(self) -> dict[str, str]:
        """Say why directories cannot be read, by path."""
        return dict(self._syncing.books.troubles)

    def start(self) -> None:
        """Begin, when there is anything to mirror."""
        if self.roots:
            self._waiting.add_everything()
            self._watching.start()
            self._thread.start()

    def stop(self) -> None:
        """End, in the middle of everything if need be."""
        self._over.set()
        self._waiting.stop()
        if self.roots:
            self._watching.stop()
            self._thread.join(STOP_S)
        places, everything = self._waiting.take()
        _fail([*(one for waiters in places.values() for one in waiters), *(everything or [])], _stopping())

    def order(self, path: str) -> "Future[Tally]":
        """Have a path synced; raise Forbidden when it is in none of the configured folders."""
        place = Path(os.path.normpath(path))
        if not any(place.is_relative_to(folder) for folder in (*self.roots, *self._called)):
            told = ", ".join(map(str, self.roots)) or "none is set"
            raise Forbidden(f"{path[:1000]} is in none of the folders that are mirrored ([sync] paths: {told})")
        waiter: Future[Tally] = Future()
        waiter.set_running_or_notify_cancel()
        self._waiting.add([str(place)], waiter)
        return waiter

    def state(self) -> dict[str, Any]:
        """Say what is mirrored, and what cannot be."""
        return {
            "paths": [str(root) for root in self.roots],
            "sessions": self.sessions,
            "broken": [{"path": path, "reason": reason} for path, reason in sorted(self.broken.items())],
            "waiting": len(self._waiting),
            "syncs": self.syncs,
            "coalesced": self._waiting.coalesced,
            "overflows": self._waiting.overflows,
            "failures": self.failures,
        }

    def _run(self) -> None:
        """Live on the thread."""
        while not self._over.is_set() and not self._tried(self._load):
            self._over.wait(1.0)
        due = 0.0
        while self._waiting.wait(due - time.monotonic()):
            self._over.wait(self._settings.settle)
            places, everything = self._waiting.take()
            if everything is not None or time.monotonic() >= due:
                self._sync_all(everything or [])
                due = time.monotonic() + self._settings.rescan
                places = {path: waiters for path, waiters in places.items() if waiters}
            self._sync_some(places)
            self._watching.only(self._folders())

    def _sync_all(self, waiters: Waiters) -> None:
        self._tried(self._learn_projects)
        self._sync(list(self.roots), waiters)

    def _sync_some(self, places: dict[str, Waiters]) -> None:
        """Sync each place once, whatever path below it was told."""
        chosen: dict[Path, Waiters] = {}
        for path, waiters in places.items():
            place = self._place(Path(path), is_asked=bool(waiters))
            if place is not None:
                chosen.setdefault(place, []).extend(waiters)
            elif waiters:
                _fail(waiters, Forbidden(f"{path} leads out of the folders that are mirrored"))
        for place, waiters in chosen.items():
            self._sync([place], waiters)
            self._hope(place)

    def _hope(self, place: Path) -> None:
        """Watch a new folder that holds no session yet: its `state.json` may come later."""
        self._hopeful.pop(place, None)
        if place.is_dir() and place not in self.roots and not any(self._syncing.books.below(str(place))):
            self._hopeful[place] = None
        while len(self._hopeful) > MOST_HOPEFUL:
            del self._hopeful[next(iter(self._hopeful))]

    def _sync(self, places: Sequence[Path], waiters: Waiters) -> None:
        """Sync places until it is done, or has failed for good; tell who waits."""
        try:
            tallies = [self._patiently(place) for place in places]
        except Exception as error:  # it is tried again when something changes, or when everything is looked through
            self.failures += 1
            if not self._over.is_set():
                log.exception("session directories cannot be mirrored", extra={"path": str(places[0])})
            _fail(waiters, error)
            return
        self.syncs += 1
        for waiter in waiters:
            waiter.set_result(_together(tallies))

    def _patiently(self, place: Path) -> Tally:
        root = self._root(place)
        assert root is not None, "a place is in a root"
        while True:
            try:
                tally = self._syncing.run(str(place), str(root))
            except TryAgain as trouble:
                if self._over.wait(trouble.retry_after_s):
                    raise _stopping() from None
            else:
                _log(tally)
                return tally

    def _place(self, path: Path, *, is_asked: bool) -> Path | None:
        """Say what to sync when something changed at a path, or somebody asks for it: None when that is nothing."""
        known = self._syncing.books.sessions
        root = self._root(Path(os.path.realpath(path)) if is_asked else path)
        if root is None:
            return None
        if is_asked or path.is_dir() or path.name == STATE:
            return scope(Path(os.path.realpath(path)) if is_asked else path, root)
        if str(path.parent) in known:
            return path.parent
        return None if os.path.lexists(path) else path

    def _root(self, path: Path) -> Path | None:
        """Give the innermost configured folder that a path is in."""
        found = [root for root in self.roots if path.is_relative_to(root)]
        return max(found, key=lambda root: len(root.parts), default=None)

    def _folders(self) -> dict[str, int]:
        """Choose what to watch, with numbers: sessions, newest first, and the folders that new ones may come into."""
        held = self._syncing.books
        newest = sorted(held.sessions.items(), key=lambda item: item[1].updated_at, reverse=True)
        places = [path for path, known in newest if not known.missing] + list(held.troubles)
        chosen = dict.fromkeys(map(str, (*self.roots, *self._hopeful)))
        for path in places[:MOST_WATCHED]:
            root = self._root(Path(path))
            chosen[path] = None
            if root is not None:
                above = (str(folder) for folder in Path(path).parents if folder.is_relative_to(root))
                chosen.update(dict.fromkeys(above))
        numbered = ((path, _number(path)) for path in list(chosen)[:MOST_WATCHED])
        return {path: number for path, number in numbered if number}

    def _load(self) -> None:
        side = self._database.open_reader()
        try:
            self._syncing.books = books.load(side)
        finally:
            side.close()

    def _learn_projects(self) -> None:
        side = self._database.open_reader()
        try:
            self._syncing.books.projects = books.projects(side)
        finally:
            side.close()

    def _tried(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception:  # the database may be readable a moment later
            log.exception("what is mirrored cannot be read from the database")
            return False
        return True


def resolved(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Give folders by their real paths, each once."""
    return tuple(dict.fromkeys(Path(os.path.realpath(path.expanduser())) for path in paths))


def _number(path: str) -> int:
    """Give the number of a folder, which another of the same name does not have; 0 when it is not there."""
    try:
        about = Path(path).stat()
    except OSError:
        return 0
    return about.st_ino if stat.S_ISDIR(about.st_mode) else 0


def _together(tallies: Sequence[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _log(tally: Tally) -> None:
    """Tell once of what breaks, heals, vanishes."""
    for path in tally.broke:
        log.warning("session directory cannot be read", extra={"path": path, "reason": tally.broken[path]})
    for path in tally.healed:
        log.info("session directory can be read again", extra={"path": path})
    for path in tally.vanished:
        log.info("session directory is gone; its rows stay", extra={"path": path})


def _fail(waiters: Waiters, error: Exception) -> None:
    for waiter in waiters:
        with suppress(Exception):  # it may have been told already
            waiter.set_exception(error)


def _stopping() -> Stopping:
    return Stopping("the daemon is stopping; everything is synced at the next start")
