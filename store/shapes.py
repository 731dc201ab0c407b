"""Say what each question of `reports.sql` answers: its columns, with their types and what they say.

The columns are what SQLite makes of the statement: one that is a table's own is described as there,
another in `answers` of `schema/columns.toml`.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Final

import apsw

from schema.described import WORDS, Column, described
from schema.migrate import migrate
from store.reports import REPORTS, names_in

LEFT: Final = "left join"
Origin = tuple[str, str | None, str | None, str | None, str | None]
"""Name, declared type, database, table and column: the last four are None for an expression."""


@cache
def columns(report: str) -> Mapping[str, Column]:
    """Describe the columns of a report's answer, in order."""
    statement = REPORTS[report]
    return {origin[0]: _column(origin, optional=LEFT in statement) for origin in _origins(statement)}


def _origins(statement: str) -> list[Origin]:
    """Let SQLite prepare a statement over empty tables, and run nothing."""
    found: list[Origin] = []

    def look(cursor: apsw.Cursor, _sql: str, _values: object) -> bool:
        found.extend(cursor.description_full)
        return False  # so that it is not run

    cursor = _empty().cursor()
    cursor.exec_trace = look
    with suppress(apsw.ExecTraceAbort):
        cursor.execute(statement, dict.fromkeys(names_in(statement)))
    return found


@cache
def _empty() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    return connection


def _column(origin: Origin, *, optional: bool) -> Column:
    name, _, _, table, source = origin
    told = WORDS["answers"].get(name)
    if table is not None and source is not None and table in described():
        own = described()[table].columns[source]
        return Column(name, own.type, own.nullable or optional, told[1] if told and source != name else own.about)
    kind, about = told or ("any", "")
    return Column(name, kind.rstrip("!"), not kind.endswith("!"), about)
