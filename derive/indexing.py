"""Keep the index of texts in step with the tables, a bounded piece at a time.

The list of changes in the database is followed first; the rows that were there before the index are read beside it.
How far that is stands in the index itself, so that whatever happens, it goes on from where its words are.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from search.documents import Document, digest, document
from search.shapes import ENTRIES, FEED, SOURCES

log = logging.getLogger(__name__)

ROWS: Final = 1_000
"""Changes that are followed at a time."""
PLACES: Final = {f"{place}/{source}" for place in ("read", "end") for source in SOURCES}
"""Under which names it is kept how far the old rows of each source are read, and how far they go."""
WRITTEN: Final = 500
"""Documents that are written at a time."""
REMOVED, PURGING, PURGED = "removed", "purging", "purged"
"""Under which names it is kept how many documents' former words may be in the file, whether they are being taken out,
and when they last were, Unix seconds."""
PURGE_S: Final = 86_400.0
SETTLE_BYTES: Final = 16 << 20


class TextSource(Protocol):
    """Read texts and what changed in them."""

    identity: tuple[int, int]

    def feed(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """List what changed: place, source, key."""
        ...

    def feed_end(self) -> int:
        """Give the last place that there ever was in the list."""
        ...

    def feed_begins(self) -> int:
        """Say up to where the list was shortened."""
        ...

    def documents(self, source: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Read rows by their keys."""
        ...

    def entries_of(self, session: str, after: str, limit: int) -> list[str]:
        """List the entries of a session after one of them."""
        ...

    def ends(self) -> dict[str, int]:
        """Give the last row of each source."""
        ...

    def keys(self, source: str, after: int, until: int, limit: int) -> list[tuple[int, str]]:
        """List rows of a source in the order of their making."""
        ...


class Index(Protocol):
    """Keep words."""

    def about(self) -> dict[str, int]:
        """Say how far it is."""
        ...

    def put(self, documents: Sequence[Document], gone: Sequence[int], about: dict[str, int]) -> int:
        """Index documents, forget others, and write down how far that is; count those that were known."""
        ...

    def merge(self, *, anew: bool) -> bool:
        """Bring some scattered pieces together, and say whether there may be more."""
        ...

    def shrink(self) -> None:
        """Give room back."""
        ...

    def clear(self, about: dict[str, int]) -> None:
        """Forget everything."""
        ...

    def settle(self) -> bool:
        """Make everything durable, and say whether it is."""
        ...

    def wipe(self) -> bool:
        """Leave no byte of what was removed in the files, and say whether readers allow it."""
        ...

    def log_bytes(self) -> int:
        """Give the size of what is not folded yet."""
        ...


class Indexing:
    """Follow one database."""

    def __init__(self, source: TextSource, index: Index, *, clock: Callable[[], float] = time.time) -> None:
        """Go on from where the index is; one that knows another database, or missed changes, begins anew."""
        self._source, self._index, self._clock = source, index, clock
        self._about = index.about()
        self.failures = 0
        self.settled = 0
        """Up to where the list of changes is in the index for good."""
        if not self._fits():
            self.begin_anew()
        self._settle()

    def begin_anew(self) -> None:
        """Forget everything, and read all rows again."""
        device, inode = self._source.identity
        ends = {f"end/{source}": end for source, end in self._source.ends().items()}
        read = {f"read/{source}": 0 for source in SOURCES}
        told = {FEED: self._source.feed_end(), "device": device, "inode": inode, PURGED: int(self._clock())}
        self._about = {**told, **ends, **read}
        self._index.clear(self._about)

    def step(self) -> bool:
        """Follow some changes, and read some of the old rows; say whether there may be more to do at once."""
        more = self._follow()
        more |= self._read_on()
        more = more or self._purge()
        if self._index.log_bytes() > SETTLE_BYTES:
            self._settle()
        return more

    def purge(self) -> None:
        """Begin to take words that documents no longer hold out of the file, without waiting for the day to end."""
        self._tell({PURGING: 1, REMOVED: 0})
        self._index.merge(anew=True)

    @property
    def purges(self) -> bool:
        """Say whether such words are being taken out."""
        return bool(self._about.get(PURGING))

    def wipe(self) -> bool:
        """Leave no byte of them in the files; say whether readers allow it."""
        return self._index.wipe()

    def rest(self) -> bool:
        """Make what was done durable; there is nothing more to do then."""
        if self.settled != self._about[FEED]:
            self._settle()
        return False

    @property
    def behind(self) -> int:
        """Count the changes that are not followed yet."""
        return max(0, self._source.feed_end() - self._about[FEED])

    @property
    def unread(self) -> int:
        """Count the old rows that are not read yet."""
        return sum(max(0, self._about[f"end/{source}"] - self._about[f"read/{source}"]) for source in SOURCES)

    def _fits(self) -> bool:
        told = self._about
        if (told.get("device"), told.get("inode")) != self._source.identity or not told.keys() >= PLACES:
            return False
        return self._source.feed_begins() <= told.get(FEED, -1) <= self._source.feed_end()

    def _settle(self) -> None:
        if self._index.settle():
            self.settled = self._about[FEED]

    def _follow(self) -> bool:
        changes = self._source.feed(self._about[FEED], ROWS)
        if not changes:
            return False
        changed: dict[str, dict[str, None]] = {}
        for _, source, key in changes:
            changed.setdefault(source, {})[key] = None
        for session in changed.pop(ENTRIES, ()):
            self._follow_session(session)
        keys = [(source, key) for source, held in changed.items() for key in held]
        for some in _pieces(keys, WRITTEN):
            self._write(some, {})
        self._tell({FEED: changes[-1][0], REMOVED: self._about.get(REMOVED, 0)})
        return True

    def _follow_session(self, session: str) -> None:
        """Index a session's entries again: what they belong to has changed."""
        after = ""
        while keys := self._source.entries_of(session, after, WRITTEN):
            self._write([("entry", key) for key in keys], {})
            after = keys[-1]

    def _read_on(self) -> bool:
        """Read the next of the rows that were there before."""
        for source in SOURCES:
            read, end = self._about[f"read/{source}"], self._about[f"end/{source}"]
            if read >= end:
                continue
            rows = self._source.keys(source, read, end, WRITTEN)
            self._write([(source, key) for _, key in rows], {f"read/{source}": rows[-1][0] if rows else end})
            return True
        return False

    def _purge(self) -> bool:
        """Once a day, take words that documents no longer hold out of the file; say whether there is more to do."""
        told = self._about
        if told.get(PURGING):
            more = self._index.merge(anew=False)
            if not more:
                self._index.shrink()
                self._tell({PURGING: 0, PURGED: int(self._clock())})
            return more
        if not told.get(REMOVED) or self._clock() - told.get(PURGED, 0) < PURGE_S:
            return False
        self.purge()
        return True

    def _write(self, keys: Sequence[tuple[str, str]], about: dict[str, int]) -> None:
        """Index what is there of these, and forget what is not."""
        wanted: dict[str, list[str]] = {}
        for source, key in keys:
            wanted.setdefault(source, []).append(key)
        found = [*self._documents(wanted)]
        there = {one.digest for one in found}
        gone = [number for source, key in keys if (number := digest(source, key)) not in there]
        self._about.update(about)
        self._about[REMOVED] = self._about.get(REMOVED, 0) + self._index.put(found, gone, about)

    def _documents(self, wanted: dict[str, list[str]]) -> Iterator[Document]:
        for source in SOURCES:
            for row in self._source.documents(source, keys) if (keys := wanted.get(source)) else ():
                try:
                    yield document(source, row)
                except Exception:  # a mistake of ours in one text must not cost the others
                    self.failures += 1
                    log.exception("cannot index %s %s; it is not found by its text", source, row["key"])

    def _tell(self, about: dict[str, int]) -> None:
        self._about.update(about)
        self._index.put([], [], about)


def _pieces(items: Sequence[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
