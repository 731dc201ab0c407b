"""Mirror `store.connection`."""

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from core.children import environment
from core.errors import Misconfigured
from schema import migrate
from store.connection import WRITER_BUSY_MS, Deadline, check_sqlite, open_reader, open_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database in a folder that does not exist yet."""
    return tmp_path / "deep" / "down" / "ledger.db"


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("relaxed", 1)])
def test_the_writer_has_every_setting(path: Path, durability: str, synchronous: int) -> None:
    """The connection that writes is durable, patient, careful, and checkpoints only when told to."""
    connection = open_writer(path, durability="full" if durability == "full" else "relaxed", cache_bytes=1 << 20)
    expected = {
        "journal_mode": "wal",
        "synchronous": synchronous,
        "wal_autocheckpoint": 0,
        "busy_timeout": WRITER_BUSY_MS,
        "journal_size_limit": 64 << 20,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "mmap_size": 0,
        "cache_size": -1024,
        "page_size": migrate.PAGE_BYTES,
        "auto_vacuum": 2,
    }

    assert {name: connection.pragma(name) for name in expected} == expected
    assert connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, -1) == 1
    with pytest.raises(apsw.SQLError, match="no such column"):
        connection.execute('select "a string in the wrong quotes"')


def test_files_are_private(path: Path) -> None:
    """Only the owner can read the database, its log and its folder."""
    connection = open_writer(path)
    migrate.migrate(connection)

    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
        "ledger.db": 0o600,
        "ledger.db-wal": 0o600,
        "ledger.db-shm": 0o600,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_reader_cannot_write(path: Path) -> None:
    """A read connection refuses to change anything."""
    migrate.migrate(open_writer(path))
    reader = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("delete from ledger")


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_a_reader_wants_a_database_of_ours(tmp_path: Path, content: bytes | None) -> None:
    """No file, an empty one and something else are refused with a sentence."""
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"other\.db"):
        open_reader(path)


def test_a_path_that_cannot_be_a_file(tmp_path: Path) -> None:
    """A folder in the place of the database is told as a mistake."""
    with pytest.raises(Misconfigured, match="cannot open the database"):
        open_writer(tmp_path)


def test_another_programs_file_is_not_touched(tmp_path: Path) -> None:
    """Opening somebody else's database for writing leaves every byte of it."""
    path = tmp_path / "theirs.db"
    theirs = apsw.Connection(str(path))
    theirs.execute("create table t (a)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="another program"):
        open_writer(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("version", "good"), [("3.51.2", False), ("3.51.3", True), ("3.100.0", True), ("3.8.12", False)]
)
def test_an_sqlite_that_loses_data_is_refused(version: str, *, good: bool) -> None:
    """The floor is compared by numbers, not as text."""
    if good:
        check_sqlite(version)
        return
    with pytest.raises(Misconfigured, match="upgrade apsw"):
        check_sqlite(version)


def test_a_statement_is_stopped_at_its_deadline(path: Path) -> None:
    """Time is measured from the last restart; the connection is usable afterwards."""
    migrate.migrate(open_writer(path))
    reader, now = open_reader(path), [0.0]
    deadline = Deadline(reader, seconds=10, clock=lambda: now[0])
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n limit 200000) select count(*) from n"
    now[0] = 10.5
    with pytest.raises(apsw.InterruptError):
        reader.execute(endless).fetchall()
    deadline.restart()

    assert reader.execute(endless).fetchall() == [(200_000,)]


COUNTING = """
import apsw
from pathlib import Path
from store.connection import count_no_memory, open_writer

count_no_memory()
connection = open_writer(Path("spanledger.db"))
connection.execute("select randomblob(100000)").fetchall()
print(apsw.memory_used())
try:
    count_no_memory()
except apsw.MisuseError:
    print("refused")
"""


def test_no_account_is_kept_of_memory_where_none_is_wanted(tmp_path: Path) -> None:
    """Once there is a connection it is too late, and whoever asks for it hears so."""
    code = [sys.executable, "-c", COUNTING]
    ended = subprocess.run(code, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)

    assert ["0", "refused"] == ended.stdout.split()
