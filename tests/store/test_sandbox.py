"""Mirror `store.sandbox`: what a user's SQL must not do (reliability.md 5.11)."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from schema import migrate
from store.connection import open_reader, open_writer
from store.sandbox import confine


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """Open a confined reader."""
    path = tmp_path / "ledger.db"
    writer = open_writer(path)
    migrate.migrate(writer)
    reader = open_reader(path)
    confine(reader)
    yield reader
    reader.close()
    writer.close()


@pytest.mark.parametrize(
    "sql",
    [
        "vacuum into 'stolen.db'",
        "attach 'other.db' as other",
        "pragma query_only = 0",
        "pragma journal_mode = delete",
        "pragma user_version",
        "insert into ledger values (1)",
        "create temp table t (a)",
        "begin immediate",
        "select load_extension('x')",
        "drop table raw_spans",
        "analyze",
        "reindex",
    ],
)
def test_all_but_reading_is_refused(connection: apsw.Connection, sql: str) -> None:
    """Nothing can be written, opened or switched."""
    with pytest.raises((apsw.AuthError, apsw.SQLError), match=r"not authorized|prohibited|authorization denied"):
        connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    "sql", ["select randomblob(1000000000)", "select replace(hex(zeroblob(60000000)), '0', 'aaaa')"]
)
def test_values_are_bounded(connection: apsw.Connection, sql: str) -> None:
    """One value cannot take all the memory."""
    with pytest.raises(apsw.TooBigError):
        connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from spans",
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 3) select i from n",
        "select json_extract('[1]', '$[0]'), upper('a')",
        "explain query plan select * from spans",
        "pragma table_info(raw_spans)",
        "select name from sqlite_schema",
    ],
)
def test_reading_is_allowed(connection: apsw.Connection, sql: str) -> None:
    """Queries over tables, views and the schema work."""
    assert connection.execute(sql).fetchall()
