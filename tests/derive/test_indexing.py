"""Prove that the index of texts says what the tables say, whatever happens in between."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from derive.indexing import PURGE_S, Indexing
from schema.derived import AGENT_TRACES, TABLES, Changes, Row, Step, row
from search.documents import Document
from search.query import parse
from search.shapes import Filters
from store.config import Store
from store.reading import SqliteReadSide
from store.search_index import SearchIndex, index_path
from store.search_source import SqliteTextSource
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span

WORDS = ("alpha", "beta", "gamma", "delta")


class Died(Exception):
    """Stand for a process that is killed."""


@dataclass(slots=True)
class Mortal:
    """Be an index whose keeper is killed at one of its writes."""

    index: SearchIndex
    lives: int

    def about(self) -> dict[str, int]:
        """Say how far it is."""
        return self.index.about()

    def put(self, documents: Sequence[Document], gone: Sequence[int], about: Mapping[str, int]) -> int:
        """Write, or die before it or after it."""
        self.lives -= 1
        if self.lives == 0:
            raise Died
        count = self.index.put(documents, gone, about)
        if self.lives == 1:
            raise Died
        return count

    def clear(self, about: Mapping[str, int]) -> None:
        """Forget everything."""
        self.index.clear(about)

    def merge(self, *, anew: bool) -> bool:
        """Bring pieces together."""
        return self.index.merge(anew=anew)

    def shrink(self) -> None:
        """Give room back."""
        self.index.shrink()

    def settle(self) -> bool:
        """Make everything durable."""
        return self.index.settle()

    def wipe(self) -> bool:
        """Leave no byte of what was removed."""
        return self.index.wipe()

    def log_bytes(self) -> int:
        """Give the size of the log."""
        return self.index.log_bytes()


@dataclass(slots=True)
class Bench:
    """Hold a database and its index."""

    path: Path
    side: SqliteWriteSide
    entries: dict[str, Row] = field(default_factory=dict)

    def put(self, *rows: Row) -> None:
        """Write entries."""
        self.side.apply(Changes(put={AGENT_TRACES.name: list(rows)}))
        self.entries |= {one[0]: one for one in rows}

    def remove(self, *keys: str) -> None:
        """Remove entries."""
        self.side.apply(Changes(gone={AGENT_TRACES.name: [(key,) for key in keys]}))
        for key in keys:
            self.entries.pop(key, None)

    def shorten(self, until: int) -> None:
        """Shorten the list of changes as the daemon does."""
        self.side.apply(Changes(positions={"search": until}, steps=[Step("shorten_search_feed", {"until": until})]))

    def follow(self, *, lives: int = 0) -> int:
        """Index until there is nothing more to do, or until the keeper dies; give what is there for good."""
        source, index = SqliteTextSource(self.path), SearchIndex(self.path)
        try:
            indexing = Indexing(source, Mortal(index, lives))
            while indexing.step():
                pass
            indexing.rest()
            return indexing.settled
        finally:
            index.close()
            source.close()

    def agrees(self) -> None:
        """Assert that every word finds the entries that hold it, and no others."""
        reader = SqliteReadSide(self.path)
        for word in WORDS:
            found = reader.search(parse(word), Filters(), order="newest", limit=100)
            assert {key for key, one in self.entries.items() if word in str(one)} == {one["key"] for one in found.rows}
            sessions = {one["session_id"] for one in found.rows}
            for session in sessions:
                held = reader.search(parse(word), Filters(session=session), order="newest", limit=100).rows
                assert {one["key"] for one in found.rows if one["session_id"] == session} == {
                    one["key"] for one in held
                }
        reader.close()


def entry(number: int, text: str, session: str = "s") -> Row:
    """Make an entry's row."""
    at = f"2026-11-{1 + number % 20:02}T10:00:00.000000Z"
    told = {"trace_id": f"e{number}", "type": "step", "kind": "tool", "timestamp": at, "counted": 0}
    return row(AGENT_TRACES, {**told, "session_id": session, "raw_input": text, "truncated_in": 0, "truncated_out": 0})


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Make a database."""
    path = tmp_path / "spanledger.db"
    side = SqliteWriteSide(Store(path=path, reserve=0, durability="relaxed"))
    yield Bench(path, side)
    side.close()


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment_it_goes_on(bench: Bench, seed: int) -> None:
    """Entries come, change and go while the keeper is killed again and again: in the end the index is right."""
    random = Random(seed)
    for _ in range(25):
        numbers = random.sample(range(40), k=random.randrange(1, 8))
        bench.put(*(entry(one, " ".join(random.sample(WORDS, 2)), random.choice("st")) for one in numbers))
        bench.remove(*(f"e{one}" for one in random.sample(range(40), k=random.randrange(4))))
        with suppress(Died):
            bench.shorten(bench.follow(lives=random.randrange(8)))
    bench.follow()
    bench.agrees()


def test_a_power_cut_takes_no_change(bench: Bench) -> None:
    """An index that is as old as what was last there for good follows what came since."""
    kept = bench.path.with_name("kept")
    bench.put(*(entry(number, "alpha beta") for number in range(5)))
    settled = bench.follow()
    shutil.copy(index_path(bench.path), kept)
    bench.put(*(entry(number, "gamma") for number in range(3, 9)))
    bench.shorten(settled)
    bench.follow()
    shutil.copy(kept, index_path(bench.path))

    bench.follow()
    bench.agrees()


def test_an_index_that_missed_changes_is_made_anew(bench: Bench) -> None:
    """When the list was shortened further than an index has followed it, everything is read again."""
    kept = bench.path.with_name("kept")
    bench.put(entry(1, "alpha"))
    bench.follow()
    shutil.copy(index_path(bench.path), kept)
    bench.put(entry(2, "beta"))
    bench.remove("e1")
    bench.shorten(bench.follow())
    shutil.copy(kept, index_path(bench.path))

    bench.follow()
    bench.agrees()


def test_many_documents_of_one_second(bench: Bench) -> None:
    """More documents than a second has numbers run into the next; times still limit what is found."""
    rows = [
        row(AGENT_TRACES, {**dict(zip(AGENT_TRACES.columns, entry(1, "alpha"), strict=True)), "trace_id": f"m{at}"})
        for at in range(5_000)
    ]
    bench.put(*rows)
    bench.put(entry(2, "alpha"), entry(0, "alpha"))
    bench.follow()
    reader = SqliteReadSide(bench.path)
    day = Filters(since="2026-11-02T00:00:00Z", until="2026-11-03T00:00:00Z")
    seen: set[str] = set()
    after: int | None = None
    while True:
        found = reader.search(parse("alpha"), day, order="newest", limit=500, after=after)
        seen |= {one["key"] for one in found.rows}
        if (after := found.after) is None:
            break
    reader.close()

    assert {f"m{at}" for at in range(5_000)} == seen


def test_words_of_what_was_deleted_leave_the_file(bench: Bench) -> None:
    """Once a day nothing is left in the index of texts that were deleted or changed."""
    others = [entry(number, f"other {number}") for number in range(100, 400)]  # with few, pieces are merged at once
    bench.put(entry(1, "alpha unspeakable"), entry(2, "beta quixotry"), entry(3, "gamma"), *others)
    bench.follow()
    bench.remove("e1")
    bench.put(entry(2, "beta"))
    bench.follow()
    assert {"unspeakable", "quixotry"} <= held(bench.path)
    source, index = SqliteTextSource(bench.path), SearchIndex(bench.path)
    indexing = Indexing(source, index, clock=lambda: PURGE_S * 30_000)
    while indexing.step():
        pass
    index.close()
    source.close()

    assert {"gamma"} == held(bench.path)
    bench.agrees()


def held(path: Path) -> set[str]:
    """Say which of some words stand in an index's file, wherever that is."""
    content = index_path(path).read_bytes()
    return {word for word in ("unspeakable", "quixotry", "gamma") if word.encode() in content}


def test_every_source_can_be_read(bench: Bench) -> None:
    """Each kind of document has its statement, and is found by it in an empty database too."""
    source = SqliteTextSource(bench.path)
    for name in source.ends():
        assert [] == source.documents(name, ["1", "none"])
        assert [] == source.keys(name, 0, 10, 10)
    source.close()
    assert AGENT_TRACES is TABLES["agent_traces"]


def test_records_that_nothing_is_derived_from_yet_are_counted(bench: Bench) -> None:
    """The index rests while there are many; what was read and is gone since does not count."""
    source = SqliteTextSource(bench.path)
    assert 0 == source.underived()
    bench.side.commit([batch([span(number) for number in range(5)])])
    assert 5 == source.underived()
    bench.side.apply(Changes(positions={"traces": 3}))
    assert 2 == source.underived()
    bench.side.apply(Changes(positions={"traces": 9, "logs": 9}))
    assert 0 == source.underived()
    source.close()
