"""Mirror `store.desk`: every statement about the book of work is planned well, complete and explained."""

import re
from pathlib import Path

import apsw
import pytest

from schema import migrate
from store import desk
from store.desk import STATEMENTS

TEXT = (Path(desk.__file__).parent / "tracking.sql").read_text()


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    """Open a database with every table."""
    made = apsw.Connection(":memory:")
    migrate.migrate(made)
    return made


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_no_statement_scans_a_table(connection: apsw.Connection, name: str) -> None:
    """Each statement finds its rows by an index."""
    values = dict.fromkeys(re.findall(r":([a-z_]+)", STATEMENTS[name]), 1)
    plan = [row[3] for row in connection.execute(f"explain query plan {STATEMENTS[name]}", values)]

    assert not [line for line in plan if line.startswith("SCAN") and "CONSTANT ROW" not in line], plan


def test_nothing_in_the_file_is_overlooked() -> None:
    """Every name in the file is loaded, every statement has a name and a sentence."""
    assert set(STATEMENTS) == set(re.findall(r"^-- name: (\w+)$", TEXT, re.MULTILINE))
    assert len(STATEMENTS) == TEXT.count(";")
    assert all(re.search(rf"-- name: {name}\n-- [A-Z].*[.]\n", TEXT) for name in STATEMENTS)
