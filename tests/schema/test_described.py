"""Prove that every table and column that users see is described."""

import apsw

from schema.described import TABLES, WORDS, described
from schema.migrate import migrate


def test_every_table_is_described_or_hidden() -> None:
    """A new table is described in columns.toml, or is hidden on purpose."""
    connection = apsw.Connection(":memory:")
    migrate(connection)
    there = {name for name, _ in connection.execute(TABLES) if not name.startswith("sqlite_")}

    assert there == {*WORDS["tables"], *WORDS["hidden"]}


def test_every_column_is_described() -> None:
    """Each column says what it holds."""
    silent = [
        f"{table.name}.{column.name}"
        for table in described().values()
        for column in table.columns.values()
        if not column.about
    ]

    assert [] == silent


def test_nothing_is_described_that_is_not_there() -> None:
    """Words about a column that is gone are taken out."""
    columns = {name for table in described().values() for name in table.columns}

    assert set() == WORDS["common"].keys() - columns
    left = {table: words.keys() - described()[table].columns.keys() for table, words in WORDS["own"].items()}
    assert {} == {table: words for table, words in left.items() if words}
