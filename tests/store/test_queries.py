"""Mirror `store.queries`: every statement is planned well, complete and explained."""

import re
from pathlib import Path

import apsw
import pytest

from schema import migrate
from schema.rows import COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS
from schema.signals import Signal
from store import queries
from store.queries import QUERIES, load, widen

TEXT = (Path(queries.__file__).parent / "queries.sql").read_text()

FULL_SCANS = {"ledger", "new_span_id", "finish_span", "tokens", "tables", "faults"}
"""A handful of lines: one for each signal and transport, one for each table, one for each token, some faults."""


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    """Open a database with every table."""
    made = apsw.Connection(":memory:")
    migrate.migrate(made)
    return made


@pytest.mark.parametrize("name", list(QUERIES))
def test_no_statement_scans_a_table(connection: apsw.Connection, name: str) -> None:
    """Each statement finds its rows by an index, or is on the list."""
    values = [1] * (len(set(re.findall(r"\?\d+", QUERIES[name]))) or QUERIES[name].count("?"))
    plan = [row[3] for row in connection.execute(f"explain query plan {QUERIES[name]}", values)]

    scans = [line for line in plan if line.startswith("SCAN") and "CONSTANT ROW" not in line]
    assert bool(scans) == (name in FULL_SCANS), plan


def test_nothing_in_the_file_is_overlooked() -> None:
    """Every name in the file is loaded, every statement has a name and a sentence."""
    assert set(QUERIES) == set(re.findall(r"^-- name: (\w+)$", TEXT, re.MULTILINE))
    assert len(QUERIES) == TEXT.count(";")
    assert all(re.search(rf"-- name: {name}\n-- [A-Z].*[.]\n", TEXT) for name in QUERIES)


def test_statements_are_lower_case() -> None:
    """Keywords are written small."""
    assert all(text == text.lower() for text in QUERIES.values())


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("add_resource", RESOURCE_COLUMNS),
        ("add_scope", SCOPE_COLUMNS),
        ("add_span", COLUMNS[Signal.TRACES]),
        ("add_log", COLUMNS[Signal.LOGS]),
        ("add_point", COLUMNS[Signal.METRICS]),
    ],
)
def test_inserts_have_the_columns_of_rows(name: str, columns: tuple[str, ...]) -> None:
    """A row tuple can be bound as it is."""
    found = re.search(r"\(\n(.*?)\n\)\nvalues \((.*?)\)", QUERIES[name], re.DOTALL)

    assert found is not None
    assert tuple(re.split(r",\s+", found[1].strip())) == columns
    assert found[2].count("?") == len(columns)


def test_a_statement_is_widened() -> None:
    """An insert of one row becomes one of several."""
    text = load("-- name: a\n-- Add.\ninsert into t (x, y)\nvalues (?, ?);\n")["a"]

    assert widen(text, rows=3) == "insert into t (x, y)\nvalues (?, ?), (?, ?), (?, ?)"
