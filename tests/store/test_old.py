"""Mirror `store.old` and `store.retention`: what retention and erasing ask and delete is found by an index."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import apsw
import pytest

from schema import migrate
from store import old, retention

FOLDER: Final = Path(old.__file__).parent
HARMLESS: Final = re.compile("VIRTUAL|CONSTANT|SCAN [(]subquery|SCAN (told|pinned_sessions|h|held)$")
"""Keys in JSON, pins (some dozens at most, made by hand), and the sessions of what is erased."""
SHORT: Final = {
    "archives",
    "audit_log",
    "derived_positions",
    "erased",
    "export_cursors",
    "forgotten",
    "pins",
    "resources",
    "retention_state",
    "scopes",
    "sqlite_sequence",
}
"""Bounded, a line for each signal or kind of row, or some thousand rows at most."""
BY_HAND: Final = {
    "debug_notes",
    "experiment_artifacts",
    "experiment_runs",
    "experiments",
    "feature_plans",
    "plan_tasks",
    "refactors",
    "debug_sessions",
    "summaries",
}
"""The book of work: thousands of rows in years, looked through once for each erasure."""
SCANS: Final[Mapping[str, set[str]]] = {
    "last_sweeps": {"sweeps"},  # from its end, until the page is full
    "oldest": {"raw_spans", "raw_logs", "raw_points"},  # the first row of each
    "sessions_of_users": {"agent_sessions"},  # read once for each erasure of a user
    "sessions_since": {"agent_sessions"},  # read once a round, while something erased is remembered
    "erase_receipts": {"ingest_requests"},  # a quarter of an hour of receipts; those without a message are passed over
}
"""Statements that look through other tables."""
STATEMENTS: Final = {
    **{f"read {name}": text for name, text in old.QUERIES.items() if name not in old.RULES},
    **{f"write {name}": text for name, text in retention.QUERIES.items()},
}


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    """Open a database with every table."""
    made = apsw.Connection(":memory:")
    migrate.migrate(made)
    return made


def scanned(connection: apsw.Connection, statement: str) -> set[str]:
    """Name the tables that a statement looks through."""
    of_trace = {"t"} if "{rules_of" in statement else set[str]()  # the sessions of one trace
    for name in old.RULES:
        statement = statement.replace(f"{{{name}}}", f"({old.QUERIES[name]})")
    values = dict.fromkeys(re.findall(r":([a-z_]+)", statement), 1)
    plan = [row[3] for row in connection.execute(f"explain query plan {statement}", values)]
    scans = {line.split()[1] for line in plan if line.startswith("SCAN ") and not HARMLESS.search(line)}
    return scans - of_trace


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_no_statement_scans_a_table(connection: apsw.Connection, name: str) -> None:
    """Rows are found by their keys; what is looked through is short, or named with its reason."""
    found = scanned(connection, STATEMENTS[name])

    assert found - SHORT - BY_HAND == SCANS.get(name.split()[1], set())


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        (("old.sql", "holdings.sql"), old.QUERIES),
        (("retention.sql", "erasing.sql"), retention.QUERIES),
    ],
)
def test_nothing_in_the_files_is_overlooked(files: tuple[str, ...], loaded: dict[str, str]) -> None:
    """Every name is loaded and in one file alone, every statement has a name and a sentence."""
    text = "\n".join((FOLDER / file).read_text() for file in files)
    names = re.findall(r"^-- name: (\w+)$", text, re.MULTILINE)

    assert sorted(loaded) == sorted(names)
    assert all(re.search(rf"-- name: {name}\n-- [A-Z]", text) for name in loaded)
