"""Mirror `schema.migrate`."""

from pathlib import Path

import apsw
import pytest

from core.errors import Misconfigured
from schema import migrate

TABLES = Path(migrate.__file__).parent / "tables.sql"


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    """Open an empty database."""
    return apsw.Connection(str(tmp_path / "some.db"))


def test_all_steps_add_up_to_the_committed_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """`tables.sql` is what `python -m schema.migrate` prints."""
    migrate.main()

    assert TABLES.read_text() == capsys.readouterr().out


def test_steps_are_applied_once(connection: apsw.Connection) -> None:
    """A second run finds nothing to do; the number and the owner are in the header."""
    known = len(migrate.steps())

    assert migrate.migrate(connection) == known
    assert migrate.migrate(connection) == 0
    assert connection.pragma("user_version") == known
    assert connection.pragma("application_id") == migrate.APPLICATION_ID


def test_an_empty_file_is_prepared(connection: apsw.Connection) -> None:
    """Page size and vacuuming are set before the first table, so that they hold."""
    migrate.prepare(connection)
    connection.pragma("journal_mode", "wal")
    migrate.migrate(connection)

    assert connection.pragma("page_size") == migrate.PAGE_BYTES
    assert connection.pragma("auto_vacuum") == 2


def test_missing_steps_are_added(connection: apsw.Connection, tmp_path: Path) -> None:
    """A database of an older version is brought to the newest, what it holds stays."""
    folder = _steps(tmp_path, "create table one (a)")
    migrate.migrate(connection, folder=folder)
    connection.execute("insert into one values (1)")
    _steps(tmp_path, "", "create table two (a); insert into two select a from one", start=2)

    assert migrate.migrate(connection, folder=folder) == 1
    assert list(connection.execute("select a from two")) == [(1,)]


def test_a_step_that_fails_leaves_nothing(connection: apsw.Connection, tmp_path: Path) -> None:
    """Neither its tables nor its number remain, and the steps before it do."""
    folder = _steps(tmp_path, "create table one (a)", "create table two (a); create table one (a)")
    with pytest.raises(apsw.SQLError, match="already exists"):
        migrate.migrate(connection, folder=folder)

    assert connection.pragma("user_version") == 1
    assert list(connection.execute("select name from sqlite_schema")) == [("one",)]
    assert not connection.in_transaction


def test_a_statement_with_a_result_does_not_end_its_step(connection: apsw.Connection, tmp_path: Path) -> None:
    """What comes after a pragma that returns a row is run too."""
    migrate.migrate(connection, folder=_steps(tmp_path, "pragma user_version; create table after_it (a)"))

    assert connection.table_exists(None, "after_it")


def test_a_newer_database_is_refused(connection: apsw.Connection) -> None:
    """A database of a newer version is left alone, and the message says what to do."""
    migrate.migrate(connection)
    connection.pragma("user_version", 99)
    with pytest.raises(Misconfigured, match=r"made by a newer spanledger .*upgrade"):
        migrate.migrate(connection)


@pytest.mark.parametrize(
    "sql",
    ["create table theirs (a)", "pragma application_id = 77", "pragma user_version = 3", "create view v as select 1"],
)
def test_the_database_of_another_program_is_refused(connection: apsw.Connection, sql: str) -> None:
    """What others made is not changed by a single byte."""
    connection.execute(sql)
    before = Path(connection.filename).read_bytes()
    with pytest.raises(Misconfigured, match="belongs to another program"):
        migrate.prepare(connection)

    assert Path(connection.filename).read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A text file is recognised as such."""
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    with pytest.raises(Misconfigured, match="not a SQLite database"):
        migrate.check(apsw.Connection(str(path)))


def test_gaps_between_steps_are_refused(tmp_path: Path) -> None:
    """A step that is missing is a broken installation."""
    folder = _steps(tmp_path, "", "create table two (a)", start=2)
    with pytest.raises(Misconfigured, match="not numbered"):
        migrate.steps(folder)


def _steps(tmp_path: Path, *texts: str, start: int = 1) -> Path:
    folder = tmp_path / "steps"
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts, 1):
        if number >= start:
            (folder / f"{number:04}_step.sql").write_text(text)
    return folder
