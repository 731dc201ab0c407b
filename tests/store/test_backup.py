"""Mirror `store.backup`: a copy is sound or there is none, and takes a database's place whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from core.errors import Misconfigured
from schema import migrate
from store import backup
from store.config import Store
from store.connection import open_writer
from store.search_index import index_path
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span

ROWS = 300


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a database with some spans."""
    path = tmp_path / "kept.db"
    side = SqliteWriteSide(Store(path=path, reserve=0))
    side.commit([batch([span(number) for number in range(ROWS)])])
    side.close()
    return path


def count(path: Path) -> int:
    """Count the spans."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(str(connection.execute("select count(*) from raw_spans").fetchall()[0][0]))
    finally:
        connection.close()


def flip(path: Path) -> None:
    """Damage a file's middle half: whatever stands there, some of it is needed."""
    held = bytearray(path.read_bytes())
    held[len(held) // 4 : len(held) * 3 // 4] = b"\xff" * (len(held) * 3 // 4 - len(held) // 4)
    path.write_bytes(held)


def cut(path: Path) -> None:
    """Cut a file short."""
    os.truncate(path, path.stat().st_size // 2)


def unbalance(path: Path) -> None:
    """Take a row away behind the books' back."""
    connection = apsw.Connection(str(path))
    connection.execute("delete from raw_spans where id = 1")
    connection.close()


def make_newer(path: Path) -> None:
    """Let it be of a version that is not known yet."""
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 1_000)
    connection.close()


def test_a_copy_is_private_sound_and_of_the_same_shape(database: Path, tmp_path: Path) -> None:
    """It has all rows, only its owner may read it, and pages are given back in it as well."""
    copy = backup.back_up(database, tmp_path / "copy.db")

    assert (ROWS, ROWS) == (copy.items["traces"], count(copy.path))
    assert 0o600 == copy.path.stat().st_mode & 0o777
    connection = apsw.Connection(str(copy.path))
    assert (2, migrate.PAGE_BYTES) == (connection.pragma("auto_vacuum"), connection.pragma("page_size"))
    connection.close()
    assert not list(tmp_path.glob(".copy.db*"))


def test_a_copy_that_cannot_be_made_changes_nothing(database: Path, tmp_path: Path) -> None:
    """What was at the target is as it was, and nothing is left beside it."""
    target = tmp_path / "copy.db"
    target.write_bytes(b"precious")
    unbalance(database)
    with pytest.raises(Misconfigured, match="stored 299 are there"):
        backup.back_up(database, target)
    with pytest.raises(Misconfigured, match="choose another place"):
        backup.back_up(database, tmp_path / "nowhere" / "copy.db")

    assert b"precious" == target.read_bytes()
    assert not list(tmp_path.glob(".copy.db*"))


def test_what_a_killed_copy_left_is_taken_away(database: Path, tmp_path: Path) -> None:
    """The next copy to the same file deletes it; what a living process writes stays."""
    dead, alive = tmp_path / ".copy.db.4194303.part", tmp_path / f".copy.db.{os.getppid()}.part"
    dead.touch()
    alive.touch()
    backup.back_up(database, tmp_path / "copy.db")

    assert (False, True) == (dead.exists(), alive.exists())


def test_a_backup_takes_the_place_of_a_database(database: Path, tmp_path: Path) -> None:
    """What is there afterwards is what was copied; what was there before is kept aside, its log included."""
    copy = backup.back_up(database, tmp_path / "copy.db").path
    side = SqliteWriteSide(Store(path=database, reserve=0))
    side.commit([batch([span(1_000_000)])])
    index_path(database).touch()
    aside = backup.restore(copy, database)
    side.close()

    assert aside is not None
    assert (ROWS, ROWS + 1) == (count(database), count(aside))
    assert not index_path(database).exists()
    assert 0o600 == database.stat().st_mode & 0o777


def test_a_backup_is_restored_where_nothing_was(database: Path, tmp_path: Path) -> None:
    """A lost database comes back, and can be written to."""
    copy = backup.back_up(database, tmp_path / "copy.db").path
    database.unlink()
    assert backup.restore(copy, database) is None
    side = SqliteWriteSide(Store(path=database, reserve=0))
    side.commit([batch([span(1_000_000)])])
    side.close()

    assert ROWS + 1 == count(database)


@pytest.mark.parametrize("spoil", [flip, cut, unbalance, make_newer, Path.unlink])
def test_what_is_not_sound_takes_no_place(spoil: Callable[[Path], None], database: Path, tmp_path: Path) -> None:
    """A damaged backup, one whose books do not add up, and one of a newer version are refused; nothing changes."""
    copy = backup.back_up(database, tmp_path / "copy.db").path
    spoil(copy)
    before = database.read_bytes()
    with pytest.raises(Misconfigured):
        backup.restore(copy, database)

    assert before == database.read_bytes()
    assert [] == [path for path in tmp_path.iterdir() if "before" in path.name or path.name.startswith(".")]


@pytest.mark.parametrize("steps", range(1, len(migrate.steps())))
def test_a_backup_of_an_older_version_is_brought_up_to_date(steps: int, tmp_path: Path) -> None:
    """Its rows are there, in the newest shape."""
    older, database = tmp_path / "older.db", tmp_path / "kept.db"
    folder = tmp_path / "steps"
    folder.mkdir()
    for step in migrate.steps()[:steps]:
        (folder / f"{step.name}.sql").write_text(step.sql)
    connection = open_writer(older)
    migrate.migrate(connection, folder=folder)
    connection.execute("insert into scopes values (7, 'kept', '', '{}', 0, '')")
    connection.close()
    backup.restore(older, database)

    connection = apsw.Connection(str(database))
    assert [("kept",)] == connection.execute("select name from scopes where id = 7").fetchall()
    assert len(migrate.steps()) == connection.pragma("user_version")
    connection.close()
