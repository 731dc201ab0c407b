"""Mirror `store.drift`: every question is planned well, complete and explained."""

import re
from pathlib import Path

import apsw
import pytest

from schema import migrate
from store import drift
from store.drift import DRIFT

TEXT = (Path(drift.__file__).parent / "drift.sql").read_text()

SCANS = {"watched_keys": {"SCAN inventory"}}
"""The inventory is bounded, and most of it is asked for."""
OWN = re.compile(r"SCAN (\w+)(?: USING .*)?$")


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    """Open a database with every table."""
    made = apsw.Connection(":memory:")
    migrate.migrate(made)
    return made


@pytest.mark.parametrize("name", list(DRIFT))
def test_no_question_scans_a_table(connection: apsw.Connection, name: str) -> None:
    """Each finds its rows by an index, or is on the list."""
    values = dict.fromkeys(re.findall(r":(\w+)", DRIFT[name]), 1)
    plan = [row[3] for row in connection.execute(f"explain query plan {DRIFT[name]}", values)]

    tables = {row[0] for row in connection.execute("select name from sqlite_schema where type = 'table'")}
    aliases = {*tables, "s", "o", "b", "j", "i", "r"}
    scans = {line for line in plan if (found := OWN.match(line)) and found[1] in aliases}
    assert scans == SCANS.get(name, set()), plan


def test_nothing_in_the_file_is_overlooked() -> None:
    """Every name in the file is loaded, every question has a name and a sentence, and is lower-case."""
    assert set(DRIFT) == set(re.findall(r"^-- name: (\w+)$", TEXT, re.MULTILINE))
    assert len(DRIFT) == TEXT.count(";")
    assert all(re.search(rf"-- name: {name}\n-- [A-Z].*[.]\n", TEXT) for name in DRIFT)
    assert all(text == text.lower() for text in DRIFT.values())
