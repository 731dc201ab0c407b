"""Bring databases of every earlier shape to the newest: nothing is lost, wherever it is cut off (P17)."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import apsw
import pytest

from core.errors import Misconfigured
from schema import migrate
from store.sqlite import SqliteWriteSide
from tests.durability.cutting import cuts, put_back
from tests.durability.recording_vfs import Operation, watched
from tests.durability.workload import config
from tests.support.corpus import source
from tests.support.derived import Derived, batches
from tests.support.service import running
from tests.support.wait import until

SOURCES: Final = ("claude-code-both", "otel-python-grpc-gzip", "otel-js-json")
STEPS: Final = len(migrate.steps())
CUTS: Final = 4
FILLED: Final = ("usage_days", "tool_days", "names", "entry_hours")
"""Tables that the step which makes them fills from what is there."""
LATER: Final = {
    (2, 15): "delete from derived_positions where signal = 'names/traces'",
    (10, 16): "delete from forgotten where name in ('span_texts', 'log_texts')",
}
"""Rows that a step puts into a table of an earlier one: between the two there were none."""
BY_DAEMON: Final = (2, STEPS)
TABLES: Final = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name"
CHECKED: Final = re.compile(r"(\w+) text[^,]*check \(\1 in \('(\w+)'")
WITHIN_S: Final = 30
Content = dict[str, Counter[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of the newest shape with rows in every table."""
    folder = tmp_path_factory.mktemp("newest")
    with Derived(folder) as made:
        for name in SOURCES:
            made.commit(*batches(source(name).requests))
        made.derive()
        path = made.path
    with closing(apsw.Connection(str(path))) as connection:
        for name in tables(connection):
            if not connection.execute(f"select count(*) from {name}").get:
                make_up(connection, name)
    return path


def make_up(connection: apsw.Connection, table: str) -> None:
    """Put a row into a table that recorded telemetry says nothing of."""
    sql = connection.execute("select sql from sqlite_schema where name = ?", (table,)).get
    allowed = {"valid_from": "2026-01-01", **dict(CHECKED.findall(str(sql)))}
    values = {"integer": 1, "real": 0.5, "blob": b"x" * 32, "text": "{}", "any": 1}
    columns = connection.execute("select name, lower(type) from pragma_table_info(?)", (table,)).fetchall()
    row = [allowed.get(str(name), values[str(kind)]) for name, kind in columns]
    connection.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)


def tables(connection: apsw.Connection) -> list[str]:
    """List the tables."""
    return [name for (name,) in connection.execute(TABLES)]


def columns(connection: apsw.Connection, table: str, *, of: str = "main") -> list[str]:
    """List the columns of a table."""
    return [name for (name,) in connection.execute("select name from pragma_table_info(?, ?)", (table, of))]


def only(number: int, folder: Path) -> Path:
    """Make a folder with the first steps alone."""
    folder.mkdir(exist_ok=True, parents=True)
    for path in sorted(migrate.STEPS.glob("*.sql"))[:number]:
        shutil.copy(path, folder)
    return folder


def made_at(number: int, newest: Path, folder: Path) -> Path:
    """Make a database as it was after so many steps, with all the rows that it could hold."""
    folder.mkdir(parents=True)
    path = folder / "old.db"
    with closing(apsw.Connection(str(path))) as connection:
        migrate.prepare(connection)
        connection.pragma("journal_mode", "wal")
        migrate.migrate(connection, folder=only(number, folder / "steps"))
        found = connection.execute("select name, sql from sqlite_schema where type = 'trigger'")
        triggers = [(str(name), str(sql)) for name, sql in found]
        connection.execute("attach ? as newest", (str(newest),))
        with connection:
            for name, _ in triggers:
                connection.execute(f"drop trigger {name}")
            for name in tables(connection):
                copy(connection, name)
            for sql in (sql for (made, step), sql in LATER.items() if made <= number < step):
                connection.execute(sql)
            for _, sql in triggers:
                connection.execute(sql)
        connection.execute("detach newest")
    shutil.rmtree(folder / "steps")
    return path


def copy(connection: apsw.Connection, table: str) -> None:
    """Copy the columns that there were."""
    shared = ", ".join(name for name in columns(connection, table) if name in columns(connection, table, of="newest"))
    connection.execute(f"delete from {table}")
    connection.execute(f"insert into {table} ({shared}) select {shared} from newest.{table}")


def content(path: Path, shape: Mapping[str, list[str]] | None = None) -> tuple[Content, dict[str, list[str]]]:
    """Read all rows, of the tables and columns of a shape; give them and the shape."""
    with closing(apsw.Connection(str(path))) as connection:
        shape = shape or {name: columns(connection, name) for name in tables(connection)}
        rows = {
            name: Counter(connection.execute(f"select {', '.join(one)} from {name}")) for name, one in shape.items()
        }
        assert [("ok",)] == connection.execute("pragma integrity_check").fetchall()
        return rows, dict(shape)


def lost(before: Content, after: Content) -> dict[str, int]:
    """Count the rows of each table that are not there any more as they were."""
    gone = {name: (rows - after[name]).total() for name, rows in before.items()}
    return {name: count for name, count in gone.items() if count}


def version(path: Path) -> int:
    """Read the number of the last step."""
    with closing(apsw.Connection(str(path))) as connection:
        return int(connection.pragma("user_version"))


@pytest.fixture
def memory() -> Iterator[Path]:
    """Give a folder that is in memory where there is one."""
    home = Path("/dev/shm")
    with TemporaryDirectory(dir=home if home.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("number", range(1, STEPS))
def test_nothing_is_lost(newest: Path, memory: Path, number: int) -> None:
    """All rows of a database of an earlier shape are there in the newest, and what a step adds up is added up."""
    path = made_at(number, newest, memory / "old")
    before, shape = content(path)
    assert all(before.values()), [name for name, rows in before.items() if not rows]

    SqliteWriteSide(config(path)).close()

    assert STEPS == version(path)
    assert {} == lost(before, content(path, shape)[0])
    if "model_calls" in shape:
        with closing(apsw.Connection(str(newest))) as connection:
            wanted = {name: columns(connection, name) for name in FILLED}
        assert content(newest, wanted)[0] == content(path, wanted)[0]


@pytest.mark.parametrize("number", range(1, STEPS))
def test_row_88_a_step_that_is_cut_off_leaves_the_one_before(newest: Path, memory: Path, number: int) -> None:
    """Whenever the power goes, the shape is the earlier or the next one, whole, and the next start goes on."""
    path = made_at(number, newest, memory / "old")
    before, shape = content(path)
    durable, log, steps = {"": path.read_bytes()}, list[Operation](), only(number + 1, memory / "steps")
    with watched(path, log.append) as vfs, closing(apsw.Connection(str(path), vfs=vfs)) as connection:
        connection.pragma("locking_mode", "exclusive")
        connection.pragma("synchronous", "full")
        migrate.migrate(connection, folder=steps)
    seen = set()
    for files, _ in cuts(log, CUTS, seed=number, before=durable):
        cut = put_back(memory / "cut", files)
        seen.add(version(cut))
        assert {} == lost(before, content(cut, shape)[0])
        SqliteWriteSide(config(cut)).close()
        assert STEPS == version(cut)
        assert {} == lost(before, content(cut, shape)[0])

    assert seen <= {number, number + 1}


@pytest.mark.parametrize("number", BY_DAEMON)
def test_the_daemon_brings_it_to_the_newest_shape(newest: Path, tmp_path: Path, number: int) -> None:
    """Started on a database of an earlier shape, it derives what was not derived, and the books balance."""
    path = made_at(number - 1, newest, tmp_path / "old")
    raw, shape = content(path, {name: ["id"] for name in ("raw_spans", "raw_logs", "raw_points")})
    sessions = {row[0] for row in content(newest, {"agent_sessions": ["session_id"]})[0]["agent_sessions"]} - {"{}"}
    with running(path) as service:
        until(lambda: service.service.following.is_level, within_s=WITHIN_S)
        found = {row["session_id"] for row in service.rows("select session_id from agent_sessions")}

    assert raw == content(path, shape)[0]
    assert sessions <= found


def test_a_newer_database_is_not_touched(newest: Path, tmp_path: Path) -> None:
    """A daemon that is older than the database says so and changes no byte of it."""
    path = tmp_path / "newer.db"
    shutil.copy(newest, path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("user_version", STEPS + 1)
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match=r"made by a newer spanledger .*upgrade"), running(path):
        pass

    assert before == path.read_bytes()
    assert not list(tmp_path.glob("newer.db-*"))
