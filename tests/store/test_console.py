"""Mirror `store.console`: what a statement may read, and how much of it (reliability.md 5.11, row 81)."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import Refused, TooLong
from schema import migrate
from store import console
from store.connection import open_writer
from store.console import SqliteConsole, placed

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a database that holds a secret and a row."""
    found = tmp_path_factory.mktemp("console") / "ledger.db"
    writer = open_writer(found)
    migrate.migrate(writer)
    writer.execute(
        "insert into access_tokens (id, name, scopes, hash, created_at) values ('a', 'secret', 'admin', x'00', '2026')"
    )
    writer.execute("insert into trace_settings values ('colour', 'naïve')")
    yield found
    writer.close()


def ask(path: Path, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    """Run one statement."""
    with closing(SqliteConsole(path, **options)) as opened:
        return list(opened.rows(sql))


def test_names_and_rows(path: Path) -> None:
    """The names of the columns come first, also when there are no rows."""
    assert [("key", "n"), ("colour", 1)] == ask(path, "select key, 1 as n from trace_settings where key = 'colour'")
    assert [("key",)] == ask(path, "select key from trace_settings where 0")


@pytest.mark.parametrize(
    "sql",
    [
        "select name, s.value from trace_settings as s, json_each('[1]') as j, pragma_table_info('trace_settings')",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select i from n",
        "select count(*) from spans",
        "select * from agent_trace_sessions",
        "pragma table_info(raw_spans)",
        "values (1)",
    ],
)
def test_reading_is_allowed(path: Path, sql: str) -> None:
    """Tables, views, what is made of values, and what describes them can be read."""
    assert ask(path, sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from access_tokens", "there is no table 'access_tokens' to read"),
        ("select count(*) from access_tokens", "there is no table 'access_tokens'"),
        ("select * from (select hash from access_tokens)", "there is no table 'access_tokens'"),
        ("select name from sqlite_master", "there is no table 'sqlite_master'"),
        ("select sql from sqlite_schema", "there is no table 'sqlite_"),
        ("select * from pragma_table_info('access_tokens')", "pragma table_info cannot be used"),
        ("select * from pragma_table_list", "there is no table|pragma table_list cannot"),
        ("pragma table_list", "pragma table_list cannot be used here"),
        ("pragma journal_mode = delete", "pragma journal_mode cannot be used here"),
        ("select * from dbstat", "no such table|there is no table"),
        ("select * from sqlite_dbpage", "no such table|there is no table"),
        ("vacuum into 'stolen.db'", "only reading is allowed"),
        ("attach 'other.db' as other", "only reading is allowed"),
        ("insert into ledger values (1)", "only reading is allowed|values were supplied"),
        ("create temp table t (a)", "only reading is allowed|cannot"),
        ("begin immediate", "only reading is allowed"),
        ("drop table raw_spans", "only reading is allowed|there is no table 'sqlite_master'"),
        ("select load_extension('x')", "the function load_extension cannot be used"),
        ("select randomblob(1000000000)", "the function randomblob cannot be used"),
        ("select hex(zeroblob(1000000))", "the function zeroblob cannot be used"),
        ("select 1; select 2", "there are several statements"),
        ("select 1; drop table spans", "several statements|only reading|there is no table"),
        ("", "there is no statement"),
        ("-- nothing", "there is no statement"),
        ("select ?", "binding|bindings"),
        ("select colour from spans", "no such column: colour"),
        ("select count(*) from ACCESS_TOKENS", "there is no table"),
        ("with x as (select 1) select count(*) from x, SQLITE_MASTER", "there is no table"),
    ],
)
def test_all_else_is_refused(path: Path, sql: str, message: str) -> None:
    """Nothing is written, opened or switched; what is hidden stays hidden, and the message says why."""
    with pytest.raises(Refused, match=message):
        ask(path, sql)


def test_the_place_of_a_mistake(path: Path) -> None:
    """A mistake is told with its position in characters, its line and its column."""
    with pytest.raises(Refused) as caught:
        ask(path, "select 'é',\n  colour from spans")

    assert {"position": 14, "line": 2, "column": 3} == caught.value.told
    assert {"position": 0, "line": 1, "column": 1} == placed(Refused("x"), "select", 0).told


def test_time_is_bounded(path: Path) -> None:
    """A statement that does not end is ended."""
    began = time.monotonic()
    with pytest.raises(TooLong, match=r"the query ran longer than 0.2 s"):
        ask(path, ENDLESS, deadline_s=0.2)

    assert time.monotonic() - began < 20


def test_memory_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that sorts or gathers too much is ended."""
    monkeypatch.setattr(console, "MAX_MEMORY", 4 << 20)
    sql = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000)"
        " select count(*) from (select distinct hex(i) || i from n)"
    )
    with pytest.raises(TooLong, match="takes more than 4 MiB"):
        ask(path, sql, deadline_s=60)


@pytest.mark.parametrize("sql", ["select replace(hex(123456789), '1', printf('%.*c', 90000000, 'x'))"])
def test_values_are_bounded(path: Path, sql: str) -> None:
    """One value cannot take all the memory."""
    with pytest.raises(Refused, match="too big"):
        ask(path, sql)


def test_a_statement_can_be_stopped(path: Path) -> None:
    """Whoever asked may go away: the statement ends at once."""
    opened = SqliteConsole(path, deadline_s=60)
    timer = threading.Timer(0.2, opened.interrupt)
    timer.start()
    with pytest.raises(Refused, match="nobody waits"):
        list(opened.rows(ENDLESS))

    timer.join()
    opened.close()


def test_the_log_can_be_shortened_afterwards(path: Path) -> None:
    """A statement that was left in the middle holds nothing."""
    with closing(SqliteConsole(path)) as opened:
        rows = opened.rows(
            "with recursive n(i) as (select 1 union all select i + 1 from n) select key from trace_settings, n"
        )
        assert ("key",) == next(rows)
        next(rows)
        rows.close()

        writer = open_writer(path)
        busy, left, _ = next(iter(writer.execute("pragma wal_checkpoint(truncate)")))
        writer.close()
    assert (0, 0) == (busy, left)
