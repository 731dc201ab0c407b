"""Keep the mirror: everything at the start and now and then, and each session directory as it changes.

A thread of its own reads and writes; whoever tells it that something changed never waits. When it stops, what it has
not got to is found at the next start, for the files are the truth.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from core.errors import Forbidden, Stopping, StoreBusy, TryAgain
from mirror import books, folders
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
        self._watched: dict[str, int] = {}
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
            if not self._tried(partial(self._sync_some, places)):
                _fail(
                    [one for waiters in places.values() for one in waiters],
                    StoreBusy("this could not be synced; the log says why"),
                )

    def _sync_all(self, waiters: Waiters) -> None:
        self._tried(self._learn_projects)
        self._sync(list(self.roots), waiters)
        self._tried(self._watch)

    def _sync_some(self, places: dict[str, Waiters]) -> None:
        """Sync each place once, whatever path below it was told."""
        found: dict[Path, Waiters] = {}
        for path, waiters in places.items():
            place = self._asked(Path(path)) if waiters else self._changed(Path(path))
            if place is not None:
                found.setdefault(place, []).extend(waiters)
            elif waiters:
                _fail(waiters, Forbidden(f"{path} leads out of the folders that are mirrored"))
        for place, waiters in found.items():
            before = self._present()
            self._sync([place], waiters)
            self._hope(place)
            if before != self._present() or self._watched.get(str(place)) != folders.number(place):
                self._tried(self._watch)

    def _present(self) -> set[str]:
        """Name all that is worth watching."""
        held = self._syncing.books
        there = {path for path, known in held.sessions.items() if not known.missing}
        return there | held.troubles.keys() | set(map(str, self._hopeful))

    def _watch(self) -> None:
        self._watched = folders.chosen(self.roots, self._hopeful, self._syncing.books)
        self._watching.only(self._watched)

    def _hope(self, place: Path) -> None:
        """Watch a new folder that holds no session yet: its `state.json` may come later."""
        self._hopeful.pop(place, None)
        if place not in self.roots and folders.number(place) and not any(self._syncing.books.below(str(place))):
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

    def _asked(self, path: Path) -> Path | None:
        """Say what to sync when somebody asks for a path: None when it leads out of the folders."""
        real = Path(os.path.realpath(path))
        root = self._root(real)
        return None if root is None else scope(real, root)

    def _changed(self, path: Path) -> Path | None:
        """Say what to sync when something changed at a path: None when it is nothing to us."""
        root = self._root(path)
        if root is None:
            return None
        if path.name == STATE or folders.number(path):
            return scope(path, root)
        if str(path.parent) in self._syncing.books.sessions:
            return path.parent
        return None if os.path.lexists(path) else path

    def _root(self, path: Path) -> Path | None:
        return folders.root_of(path, self.roots)

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
        except Exception:  # it may go a moment later
            self.failures += 1
            log.exception("the mirror has trouble; it goes on")
            return False
        return True


def resolved(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Give folders by their real paths, each once."""
    return tuple(dict.fromkeys(Path(os.path.realpath(path.expanduser())) for path in paths))


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
