"""Mirror `mirror.syncing`: what is written follows what directories hold, over a real database."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreBusy
from mirror import books
from mirror.syncing import Syncing
from mirror.tally import Count, Tally
from schema.derived import AGENTS, Changes, row
from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tests.mirror.test_directory import as_nobody
from tests.support import sessions

MAX = 1 << 20


class Bench:
    """Sync a project into a database, whose writing can be made to fail."""

    def __init__(self, folder: Path) -> None:
        """Open the database."""
        self.root = folder / "shop"
        self.places = sessions.project(self.root, 5)
        self.now = 1_771_276_457_000_000_000
        self.written = 0
        self.trouble: Exception | None = None
        self._side = SqliteWriteSide(Store(path=folder / "some.db", reserve=0))
        self.reader = SqliteReadSide(folder / "some.db")
        self.syncing = self.fresh()

    def fresh(self) -> Syncing:
        """Begin anew with what the database says, as after a restart."""
        return Syncing(books.load(self.reader), self.write, max_bytes=MAX, clock=lambda: self.now)

    def sync(self, place: Path | None = None) -> Tally:
        """Sync the project, or a part of it."""
        return self.syncing.run(str(place or self.root), str(self.root))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return list(self.reader.query(sql))[1:]

    def close(self) -> None:
        """Close the database."""
        self.reader.close()
        self._side.close()

    def write(self, changes: Changes) -> None:
        """Write, or fail."""
        if self.trouble is not None:
            raise self.trouble
        self.written += 1
        self._side.apply(changes)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a project of five sessions and a database."""
    made = Bench(tmp_path)
    yield made
    made.close()


def test_the_same_again_changes_nothing(bench: Bench) -> None:
    """What was read is written once, by the same process and by one that comes after it."""
    assert Count(read=5, changed=5) == bench.sync().projects[str(bench.root)]
    before = bench.rows("select * from sessions order by 1"), bench.written
    assert Count(read=5, unchanged=5) == bench.sync().projects[str(bench.root)]
    bench.syncing = bench.fresh()
    assert Count(read=5, unchanged=5) == bench.sync().projects[str(bench.root)]

    assert before == (bench.rows("select * from sessions order by 1"), bench.written)


def test_a_change_within_the_clocks_step(bench: Bench) -> None:
    """A file that changes without looking different is read anew while it is fresh."""
    state = bench.places[0] / "state.json"
    bench.now = state.stat().st_mtime_ns
    bench.sync()
    times = (state.stat().st_atime_ns, state.stat().st_mtime_ns)
    state.write_text(state.read_text().replace('"active"', '"frozen"'[:7] + '"'))
    os.utime(state, ns=times)

    assert 1 == bench.sync().projects[str(bench.root)].changed


def test_what_a_session_no_longer_tells_is_forgotten(bench: Bench) -> None:
    """Checkpoints, phases, agents, links and lines follow the file, and other sessions keep theirs."""
    place = bench.places[0]
    sessions.save(place, sdk_session_id="told", history=[{"event": "a"}, {"event": "b"}])
    bench.sync()
    tables = ("session_checkpoints", "session_phases", "session_agents", "session_links", "agents", "agent_log_entries")
    one = f"session_id = '{place.name}'"
    counts = [bench.rows(f"select sum({one}), sum(not {one}) from {table}")[0] for table in tables]
    assert [(4, 16), (3, 13), (2, 8), (2, 4), (2, 8), (3, 4)] == counts
    (place / "state.json").write_text(f'{{"session_id": "{place.name}", "phase": "docs"}}')
    bench.sync()

    after = [bench.rows(f"select ifnull(sum({one}), 0), sum(not {one}) from {table}")[0] for table in tables]
    assert [0, 1, 0, 1, 0, 0] == [own for own, _ in after]
    assert [rest for _, rest in counts] == [rest for _, rest in after]


def test_a_directory_moves(bench: Bench) -> None:
    """A session that moves is the same row at another path, however the news come."""
    bench.sync()
    moved = bench.places[0].rename(bench.places[0].with_name("elsewhere"))
    bench.sync(moved)
    assert [(str(moved), None)] == bench.rows(
        f"select path, missing_since from sessions where session_id = '{bench.places[0].name}'"
    )
    assert [] == bench.sync(bench.places[0]).vanished
    back = moved.rename(bench.places[0])
    assert [str(moved)] == bench.sync(moved).vanished
    bench.sync(back)

    assert [(5,)] == bench.rows("select count(*) from sessions where missing_since is null")


def test_two_directories_of_one_session(bench: Bench) -> None:
    """Of copies the one that was saved later tells; when it is gone the other does."""
    name = bench.places[0].name
    other = bench.root / "worktree" / "sessions" / name
    sessions.save(other, session_id=name, updated_at="2027-01-01T00:00:00Z", status="newer")
    tally = bench.sync()
    assert [(str(other), "newer")] == bench.rows(f"select path, status from sessions where session_id = '{name}'")
    tally = bench.sync()
    assert {str(bench.places[0])} == set(tally.doubled)
    assert 1 == tally.projects[str(bench.root)].doubled
    assert [] == tally.vanished
    shutil.rmtree(other)
    bench.sync()
    bench.sync()

    assert [(str(bench.places[0]), None)] == bench.rows(
        f"select path, missing_since from sessions where session_id = '{name}'"
    )


def test_another_session_in_a_directory(bench: Bench) -> None:
    """A directory that tells of another session from now on leaves the first one missing."""
    bench.sync()
    sessions.save(bench.places[0], session_id="another")
    bench.sync()

    assert [(bench.places[0].name, 1), ("another", 0)] == bench.rows(
        f"select session_id, missing_since is not null from sessions where path = '{bench.places[0]}' order by 1"
    )


def test_trouble_is_told_once(bench: Bench) -> None:
    """A directory that breaks is told of once, keeps its rows, and heals; one that broke and went is forgotten."""
    bench.sync()
    for place in bench.places[:2]:
        (place / "state.json").write_bytes(b"\xff\xfe")
    first, again = bench.sync(), bench.sync()
    assert sorted(map(str, bench.places[:2])) == sorted(first.broke)
    assert ([], first.broken) == (again.broke, again.broken)
    assert [("is not UTF-8: byte 0",)] * 2 == bench.rows("select reason from mirror_troubles")
    assert [(5,)] == bench.rows("select count(*) from sessions where missing_since is null")
    sessions.save(bench.places[0])
    shutil.rmtree(bench.places[1])
    last = bench.sync()

    assert sorted(map(str, bench.places[:2])) == sorted(last.healed)
    assert [] == bench.rows("select * from mirror_troubles")
    assert [(bench.places[1].name,)] == bench.rows("select session_id from sessions where missing_since is not null")


def test_what_cannot_be_looked_into_is_not_gone(bench: Bench) -> None:
    """Sessions in a folder that may not be listed now are neither missing nor changed."""
    bench.sync()
    folder = bench.places[0].parent
    for above in folder.parents:
        if above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o111)
    bench.root.chmod(0o755)
    (bench.root / "agents").chmod(0o755)
    folder.chmod(0)
    with as_nobody():
        tally = bench.sync()
    folder.chmod(0o755)

    assert ({str(folder): "cannot be listed: Permission denied"}, []) == (tally.broken, tally.vanished)
    assert {} == bench.sync().broken


def test_a_write_that_fails_is_done_again(bench: Bench) -> None:
    """What could not be written is written the next time: changes, troubles, healing and vanishing."""
    bench.sync()
    sessions.save(bench.places[0], status="done")
    (bench.places[1] / "state.json").write_text("{")
    shutil.rmtree(bench.places[2])
    for _ in range(2):
        bench.trouble = StoreBusy("not now")
        with pytest.raises(StoreBusy):
            bench.sync()
    bench.trouble = None
    bench.sync()
    assert [("done", None)] == bench.rows(
        f"select status, missing_since from sessions where session_id = '{bench.places[0].name}'"
    )
    assert [(1, 1)] == bench.rows(
        "select (select count(*) from mirror_troubles), (select count(*) from sessions where missing_since is not null)"
    )
    sessions.save(bench.places[1])
    bench.trouble = StoreBusy("not now")
    with pytest.raises(StoreBusy):
        bench.sync()
    bench.trouble = None
    bench.sync()

    assert [] == bench.rows("select * from mirror_troubles")


def test_projects(bench: Bench) -> None:
    """What a session tells is its project; another in the same folder belongs to the project that the folder is of."""
    sessions.save(bench.places[0], project={"name": "shop-front"})
    bench.sync()
    bench.syncing = bench.fresh()
    bench.sync()

    assert [("shop-front", 5)] == bench.rows("select project_key, count(*) from sessions group by 1")
    assert [("shop-front", "shop-front", str(bench.root))] == bench.rows(
        f"select key, name, path from projects where key <> '{bench.root}'"
    )


def test_agents_of_telemetry_come_first(bench: Bench) -> None:
    """An agent that telemetry tells of keeps that row; mirrored ones count no tokens and no money."""
    own = "0e0e0e0e-1111-2222-3333-444444444444"
    told = row(AGENTS, {"agent_id": f"{own}:main", "session_id": own, "name": "by telemetry", "emitter": "x"})
    bench.write(Changes(put={AGENTS.name: [told]}))
    sessions.save(bench.places[0], agents=[{"name": "told", "sdk_session_id": own, "status": "failed", "cost_usd": 5}])
    bench.sync()

    assert [("by telemetry", "x")] == bench.rows(f"select name, emitter from agents where agent_id = '{own}:main'")
    assert [("told", "failed", 5.0)] == bench.rows(
        f"select name, status, told_cost_usd from session_agents where agent_id = '{own}:main'"
    )
    assert [(0,)] == bench.rows("select count(*) from agents where emitter = 'mirror' and cost_nanos is not null")
    assert [(2,)] == bench.rows(f"select count(*) from session_links where session_id = '{bench.places[0].name}'")
