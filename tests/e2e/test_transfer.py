"""Take everything out, put it into an empty database, and find the same rows."""

from pathlib import Path

import apsw
import pytest

from schema.rows import LOG_COLUMNS, POINT_COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS, SPAN_COLUMNS
from spanledger.cli import run
from tests.support.corpus import SOURCES, send, source
from tests.support.service import TABLES, Running

ALL_COLUMNS = {
    "raw_spans": SPAN_COLUMNS,
    "raw_logs": LOG_COLUMNS,
    "raw_points": POINT_COLUMNS,
    "resources": RESOURCE_COLUMNS,
    "scopes": SCOPE_COLUMNS,
}
OF_THE_WAY = {"received_at", "repaired"}
"""What belongs to the way in: when it came, and what had to be mended then."""


def contents(db: Path) -> dict[str, list[tuple[object, ...]]]:
    """Read every table, row numbers and the way in aside, in an order that does not depend on arrival."""
    connection = apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = {}
        for table, columns in ALL_COLUMNS.items():
            chosen = ", ".join(column for column in columns if column not in OF_THE_WAY)
            found[table] = sorted(connection.execute(f"select {chosen} from {table}"), key=repr)
        return found
    finally:
        connection.close()


def spanledger(db: Path, *arguments: str) -> None:
    """Run a command on a database."""
    assert run([*arguments, "--db", str(db)]) == 0


def test_what_is_exported_imports_as_the_same_rows(service: Running, tmp_path: Path) -> None:
    """The whole corpus, exported as JSON lines and imported elsewhere, is the same to the nanosecond and the type."""
    for name in SOURCES:
        for request in source(name).requests:
            send(service, request)
    lines, copy = tmp_path / "all.jsonl", tmp_path / "copy.db"
    spanledger(service.db, "export", str(lines))
    spanledger(copy, "import", str(lines))

    assert contents(copy) == contents(service.db)
    assert all(service.count(signal) > 500 for signal in TABLES)


def test_importing_twice_stores_nothing_new(service: Running, tmp_path: Path) -> None:
    """A file imported again, while the collector runs, is all duplicates."""
    for request in source("otel-python-grpc-gzip").requests:
        send(service, request)
    before = contents(service.db)
    lines = tmp_path / "all.jsonl.gz"
    spanledger(service.db, "export", str(lines))
    spanledger(service.db, "import", str(lines))

    assert contents(service.db) == before


@pytest.mark.parametrize("name", ["otel-js-json", "codex-cli-grpc"])
def test_recorded_requests_import_as_they_would_arrive(service: Running, tmp_path: Path, name: str) -> None:
    """A folder of recorded requests gives the rows that sending them gives."""
    folder, copy = tmp_path / "recorded", tmp_path / "copy.db"
    folder.mkdir()
    for request in source(name).requests:
        send(service, request)
        (folder / request.meta["file"]).write_bytes(request.body)
    spanledger(copy, "import", str(folder))

    assert contents(copy) == contents(service.db)
