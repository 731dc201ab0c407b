"""Find documents by their words: numbers from the index, rows from the database."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import apsw
import orjson

from search.documents import instant, second
from search.query import Query, Term
from search.ranking import Candidate, ranked
from search.shapes import ANY, BEST, FEED, Filters, Found, IndexState
from search.words import humps, phrase
from store import troubles
from store.beginnings import Beginnings
from store.connection import READER_BUSY_MS, Deadline, file_identity, let_go
from store.search_index import BITS, CACHE_KIB, STATEMENTS, check_shape, index_path
from store.search_source import STATEMENTS as TEXTS
from store.search_source import TABLES, read_documents

Row = dict[str, Any]
Numbered = tuple[int, Row]
Begun = Callable[[str], Sequence[str] | None]
Wanted = tuple[str, int, int]
"""An expression, and the numbers that limit it: before, and from."""

AMONG: Final = 2_000
"""The best are looked for among so many of the newest that hold the words at all."""
ROUNDS: Final = 5
SPILL_S: Final = 600
"""A document may bear a number of a later second when there were more of its own than numbers."""
ENDLESS: Final = (1 << 63) - 1


class Searcher:
    """Search one database's index; each thread needs its own."""

    def __init__(self, database: Path, rows: apsw.Connection, *, deadline_s: float) -> None:
        """Open nothing yet; `rows` reads the database."""
        self._path, self._rows, self._seconds = index_path(database), rows, deadline_s
        self._index: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._heard: list[Candidate] = []

    def search(self, query: Query, filters: Filters, *, order: str, limit: int, after: int | None) -> Found:
        """Find up to `limit` documents."""
        index = self._opened()
        if index is None or query.seeks_nothing:
            return Found([], None, self.state())
        beginnings = Beginnings(index, shared=max(1, query.beginnings))
        with troubles.reading(deadline_s=self._seconds):
            wanted = (expression(query, filters, beginnings.phrases), *_numbers(filters))
            if order == BEST:
                found = self._best(index, wanted, filters, limit, after or 0)
            else:
                found = self._newest(index, wanted, filters, limit, after)
        return replace(found, cut=beginnings.cut)

    def state(self) -> IndexState:
        """Say how far the index is."""
        index = self._opened()
        if index is None:
            return IndexState(exists=False)
        with troubles.reading(deadline_s=self._seconds):
            told: list[Any] = index.execute(STATEMENTS["about"]).fetchall()
            ends: list[Any] = self._rows.execute(TEXTS["feed_end"]).fetchall()
        about, end = dict(told), ends[0][0]
        left = sum(max(0, about.get(f"end/{source}", 0) - about.get(f"read/{source}", 0)) for source in TABLES)
        return IndexState(max(0, end - about.get(FEED, 0)), left)

    def interrupt(self) -> None:
        """Stop the statement that runs, from any thread."""
        if self._index is not None:
            self._index.interrupt()

    def close(self) -> None:
        """Let go of the index."""
        if self._index is not None:
            let_go(self._index)
        self._index = None

    def _newest(self, index: apsw.Connection, wanted: Wanted, filters: Filters, limit: int, after: int | None) -> Found:
        """Go through numbers downwards until there are enough rows that are still there."""
        words, end, begin = wanted
        before = min(end, ENDLESS if after is None else after)
        kept: list[Numbered] = []
        for _ in range(ROUNDS):
            missing = limit + 1 - len(kept)
            found: list[Any] = index.execute(STATEMENTS["newest"], (words, before, begin, missing)).fetchall()
            kept += self._read(found, filters)
            if len(found) < missing or len(kept) > limit:
                break
            before = found[-1][0]
        else:
            return Found([row for _, row in kept], before, self.state())
        following = kept[limit - 1][0] if len(kept) > limit else None
        return Found([row for _, row in kept[:limit]], following, self.state())

    def _best(self, index: apsw.Connection, wanted: Wanted, filters: Filters, limit: int, after: int) -> Found:
        """Go through what holds the words best, from a place in that order on."""
        self._heard = []
        for _ in index.execute(STATEMENTS["hear"], (*wanted, AMONG)):
            pass
        order, self._heard = ranked(self._heard), []
        shown = orjson.dumps(order[after : after + limit]).decode()
        found: list[Any] = index.execute(STATEMENTS["documents"], (shown,)).fetchall()
        rows = [row for _, row in self._read(found, filters)]
        return Found(rows, after + limit if len(order) > after + limit else None, self.state())

    def _hear(self, told: apsw.FTS5ExtensionApi, *_: object) -> int:
        """Hear of a document that holds words."""
        held = Counter(words for number in range(told.inst_count) if (words := told.inst_tokens(number)))
        self._heard.append(Candidate(told.rowid, told.column_size(0), held))
        return told.rowid

    def _read(self, found: Sequence[tuple[int, str, str]], filters: Filters) -> list[Numbered]:
        """Read documents as they are now; those that were deleted since they were indexed are left out."""
        rows: dict[tuple[str, str], Row] = {}
        for source, held in groupby(sorted(found, key=itemgetter(1)), key=itemgetter(1)):
            for row in read_documents(self._rows, source, [key for _, _, key in held]):
                rows[source, str(row["key"])] = {"source": source, **row}
        told = [(number, rows.get((source, key))) for number, source, key in found]
        return [(number, row) for number, row in told if row is not None and _within(row["at"], filters)]

    def _opened(self) -> apsw.Connection | None:
        """Open the index, or again when it was made anew; None when there is none, or none yet that can be read."""
        identity = file_identity(self._path)
        if self._index is not None and identity == self._identity:
            self._deadline.restart()
            return self._index
        self.close()
        if identity is None:
            return None
        try:
            self._index = self._open()
        except apsw.Error:
            return None
        self._identity = identity
        return self._index

    def _open(self) -> apsw.Connection:
        index = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            index.set_busy_timeout(READER_BUSY_MS)
            index.pragma("query_only", 1)
            index.pragma("cache_size", -CACHE_KIB)
            check_shape(index)
            index.register_fts5_function("heard", self._hear)
        except BaseException:
            let_go(index)
            raise
        self._deadline = Deadline(index, seconds=self._seconds)
        return index


def expression(query: Query, filters: Filters, begun: Begun) -> str:
    """Write a question in the index's language; every word in it is quoted. `begun` gives the words for a beginning."""
    parts = [f"labels : ({' AND '.join(filters.labels() or [ANY])})"] if filters.labels() or not query.groups else []
    if query.groups:
        parts.append(f"text : ({' AND '.join(_one_of(group, begun) for group in query.groups)})")
    wanted = f"({' AND '.join(parts)})"
    return f"{wanted} NOT text : {_one_of(query.without, begun)}" if query.without else wanted


def _one_of(terms: Sequence[Term], begun: Begun) -> str:
    return f"({' OR '.join(told for term in terms for told in _term(term, begun))})"


def _term(term: Term, begun: Begun) -> Iterator[str]:
    """Give a term as a phrase, and a name that was parted as one word as well."""
    yield from _phrases(*phrase(term.text, prefix=term.prefix), begun)
    if humps(term.text) != term.text:
        yield from _phrases(term.text, term.prefix, begun)


def _phrases(text: str, prefix: bool, begun: Begun) -> Iterator[str]:
    """Give a phrase, or one for each word that its last may be the beginning of."""
    words = begun(text) if prefix else None
    if words is None:
        yield _quoted(text) + (" *" if prefix else "")
    else:
        yield from map(_quoted, words)


def _quoted(text: str) -> str:
    written = text.replace('"', '""')
    return f'"{written}"'


def _numbers(filters: Filters) -> tuple[int, int]:
    """Give the numbers before which, and from which on, documents may be of the time that is wanted."""
    end = ENDLESS if filters.until is None else second(filters.until) + SPILL_S << BITS
    return end, 0 if filters.since is None else second(filters.since) << BITS


def _within(at: str | None, filters: Filters) -> bool:
    told = instant(at)
    if filters.since is not None and told < instant(filters.since):
        return False
    return filters.until is None or told < instant(filters.until)
