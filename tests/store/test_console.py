"""Mirror `store.console` and `store.console_apart`: what a statement may read, and how much of it (row 81).

Both keep the same rules (reliability.md 5.11); a process of its own has some more to say.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.errors import Misconfigured, Refused, StoreBusy, TooLong
from schema import migrate
from schema.described import described
from store import console
from store.connection import open_writer
from store.console import SqliteConsole, placed
from store.console_apart import ConsoleApart

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


Kind = type[SqliteConsole] | type[ConsoleApart]
Ask = Callable[..., list[tuple[Any, ...]]]
BOTH = pytest.mark.parametrize("kind", [SqliteConsole, ConsoleApart])


@pytest.fixture(scope="module")
def ask(path: Path) -> Ask:
    """Run one statement."""

    def asked(sql: str, *, kind: Kind = SqliteConsole, **options: Any) -> list[tuple[Any, ...]]:
        with closing(kind(path, described(), **options)) as opened:
            return list(opened.rows(sql))

    return asked


@BOTH
def test_names_and_rows(ask: Ask, kind: Kind) -> None:
    """The names of the columns come first, also when there are no rows."""
    assert [("key", "n"), ("colour", 1)] == ask(
        "select key, 1 as n from trace_settings where key = 'colour'", kind=kind
    )
    assert [("key",)] == ask("select key from trace_settings where 0", kind=kind)


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
def test_reading_is_allowed(ask: Ask, sql: str) -> None:
    """Tables, views, what is made of values, and what describes them can be read."""
    assert ask(sql)


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
def test_all_else_is_refused(ask: Ask, sql: str, message: str) -> None:
    """Nothing is written, opened or switched; what is hidden stays hidden, and the message says why."""
    with pytest.raises(Refused, match=message):
        ask(sql)


@BOTH
def test_the_place_of_a_mistake(ask: Ask, kind: Kind) -> None:
    """A mistake is told with its position in characters, its line and its column."""
    with pytest.raises(Refused) as caught:
        ask("select 'é',\n  colour from spans", kind=kind)

    assert {"position": 14, "line": 2, "column": 3} == caught.value.told
    assert {"position": 0, "line": 1, "column": 1} == placed(Refused("x"), "select", 0).told


@BOTH
def test_time_is_bounded(ask: Ask, kind: Kind) -> None:
    """A statement that does not end is ended."""
    began = time.monotonic()
    with pytest.raises(TooLong, match=r"the query ran longer than 0.2 s"):
        ask(ENDLESS, kind=kind, deadline_s=0.2)

    assert time.monotonic() - began < 20


def test_memory_is_bounded(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that sorts or gathers too much is ended."""
    monkeypatch.setattr(console, "MAX_MEMORY", 4 << 20)
    sql = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000)"
        " select count(*) from (select distinct hex(i) || i from n)"
    )
    with pytest.raises(TooLong, match="takes more than 4 MiB"):
        ask(sql, deadline_s=60)


@pytest.mark.parametrize("sql", ["select replace(hex(123456789), '1', printf('%.*c', 90000000, 'x'))"])
def test_values_are_bounded(ask: Ask, sql: str) -> None:
    """One value cannot take all the memory."""
    with pytest.raises(Refused, match="too big"):
        ask(sql)


@BOTH
def test_a_statement_can_be_stopped(path: Path, kind: Kind) -> None:
    """Whoever asked may go away: the statement ends at once."""
    opened = kind(path, described(), deadline_s=60)
    timer = threading.Timer(0.2, opened.interrupt)
    timer.start()
    with pytest.raises(Refused, match="nobody waits"):
        list(opened.rows(ENDLESS))

    timer.join()
    opened.close()


@BOTH
def test_the_log_can_be_shortened_afterwards(path: Path, kind: Kind) -> None:
    """A statement that was left in the middle holds nothing."""
    with closing(kind(path, described())) as opened:
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


def test_a_process_that_is_gone_is_told(path: Path) -> None:
    """What ended it, too little memory maybe, is not the statement's mistake: it may be asked again."""
    with closing(ConsoleApart(path, described(), deadline_s=60)) as opened:
        timer = threading.Timer(0.2, opened._process.kill)
        timer.start()
        with pytest.raises(StoreBusy, match="send the same again"):
            list(opened.rows(ENDLESS))
        timer.join()


def test_what_cannot_be_opened_is_told_across(tmp_path: Path) -> None:
    """The process says why, and its words arrive."""
    with (
        closing(ConsoleApart(tmp_path / "none.db", described())) as opened,
        pytest.raises(Misconfigured, match="cannot open the database"),
    ):
        list(opened.rows("select 1"))


def test_a_statement_in_a_process_is_nice(path: Path) -> None:
    """Those who send come first."""
    with closing(ConsoleApart(path, described(), deadline_s=60)) as opened:
        rows = opened.rows("with recursive n(i) as (select 1 union all select i + 1 from n) select i from n")
        assert ("i",) == next(rows)
        assert 19 == os.getpriority(os.PRIO_PROCESS, opened._process.pid)
        rows.close()
