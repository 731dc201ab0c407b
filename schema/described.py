"""Describe tables for those who read them: every column with its type and what it says.

Names and types are what the migrations come to; the words are in `columns.toml`.
"""

import tomllib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import apsw

from schema.migrate import migrate

WORDS: Final[Mapping[str, Any]] = tomllib.loads((Path(__file__).parent / "columns.toml").read_text())
TABLES: Final = "select name, type from sqlite_schema where type in ('table', 'view') order by rowid"
COLUMNS: Final = 'select name, type, "notnull" or pk > 0, hidden from pragma_table_xinfo(?) order by cid'


@dataclass(frozen=True, slots=True)
class Column:
    """Describe a column; `type` is SQLite's, empty for an expression of a view."""

    name: str
    type: str
    nullable: bool
    about: str


@dataclass(frozen=True, slots=True)
class Described:
    """Describe a table or a view."""

    name: str
    is_view: bool
    about: str
    columns: Mapping[str, Column]


@cache
def described() -> Mapping[str, Described]:
    """Describe every table that may be read, in the order of making."""
    with closing(apsw.Connection(":memory:")) as connection:
        migrate(connection)
        found = [(name, kind == "view") for name, kind in connection.execute(TABLES) if name in WORDS["tables"]]
        return {
            name: Described(name, is_view, WORDS["tables"][name], _columns(connection, name, is_view=is_view))
            for name, is_view in found
        }


def _columns(connection: apsw.Connection, table: str, *, is_view: bool) -> Mapping[str, Column]:
    """Describe columns; what a view says of its columns' nulls is not known."""
    own = WORDS["own"].get(table, {})
    return {
        name: Column(name, kind.lower(), is_view or not needed, own.get(name) or WORDS["common"].get(name, ""))
        for name, kind, needed, _ in connection.execute(COLUMNS, (table,))
    }
