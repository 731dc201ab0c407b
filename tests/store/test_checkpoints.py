"""Mirror `store.checkpoints`; `tests.durability.test_wal_bounds` holds it under load."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from schema import migrate
from store.checkpoints import BRIEFLY_MS, FRAME_HEADER, WAITS_EVERY_S, Checkpoints
from store.connection import PATIENCE_MS, WRITER_BUSY_MS, open_reader, open_writer

FRAME = migrate.PAGE_BYTES + FRAME_HEADER


class Noted(Checkpoints):
    """Note for how long readers may be waited for each time."""

    def __init__(self, *told: Any, **named: Any) -> None:
        """Begin without any."""
        super().__init__(*told, **named)
        self.waits_ms: list[int] = []

    def truncate(self, *, wait_ms: int = PATIENCE_MS) -> bool:
        """Note it, and do the work."""
        self.waits_ms.append(wait_ms)
        return super().truncate(wait_ms=wait_ms)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database."""
    return tmp_path / "log.db"


@pytest.fixture
def connection(path: Path) -> Iterator[apsw.Connection]:
    """Open a database with a table to fill."""
    made = open_writer(path)
    migrate.migrate(made)
    made.execute("create table filling (a)")
    yield made
    made.close()


def _fill(connection: apsw.Connection, pages: int) -> None:
    connection.execute("insert into filling values (zeroblob(?))", (pages * migrate.PAGE_BYTES,))


def _wal(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_a_short_log_is_left_alone(connection: apsw.Connection, path: Path) -> None:
    """Below both limits nothing is done."""
    checkpoints = Checkpoints(connection, fold_bytes=1_000 * FRAME, truncate_bytes=2_000 * FRAME)
    made = _wal(path) // FRAME
    _fill(connection, 10)
    before = path.stat().st_size
    checkpoints.run()

    assert path.stat().st_size == before
    assert made + 10 <= checkpoints.frames < made + 20


def test_a_folded_log_begins_anew(connection: apsw.Connection, path: Path) -> None:
    """From the first limit on the log is folded into the database, and the next commit starts it over."""
    checkpoints = Checkpoints(connection, fold_bytes=20 * FRAME, truncate_bytes=2_000 * FRAME)
    _fill(connection, 30)
    checkpoints.run()

    assert path.stat().st_size >= 30 * migrate.PAGE_BYTES
    _fill(connection, 1)
    assert checkpoints.frames < 20


def test_a_large_log_is_cut(connection: apsw.Connection, path: Path) -> None:
    """From the second limit on the file of the log is made empty."""
    checkpoints = Checkpoints(connection, fold_bytes=10 * FRAME, truncate_bytes=20 * FRAME)
    _fill(connection, 30)
    checkpoints.run()

    assert _wal(path) == 0
    assert checkpoints.frames == 0


def test_a_reader_is_waited_for_only_now_and_then(connection: apsw.Connection, path: Path) -> None:
    """A log that is held is tried again after it has grown by a quarter, and writing stays patient in between."""
    checkpoints = Checkpoints(connection, fold_bytes=10_000 * FRAME, truncate_bytes=20 * FRAME)
    reader = open_reader(path)
    _fill(connection, 1)
    rows = reader.execute("select a from filling union all select 2")
    next(rows)
    _fill(connection, 30)

    assert not checkpoints.truncate()
    checkpoints.run()
    assert _wal(path) > 0
    rows.close()
    checkpoints.run()
    assert _wal(path) > 0, "it has not grown since the last try"
    _fill(connection, 10)
    checkpoints.run()
    assert _wal(path) == 0
    assert connection.pragma("busy_timeout") == WRITER_BUSY_MS
    reader.close()


@pytest.mark.parametrize(
    ("later", "pages", "wait_ms"),
    [(WAITS_EVERY_S, 30, PATIENCE_MS), (3.0, 1_000, BRIEFLY_MS)],
    ids=["five seconds later", "twice as long"],
)
def test_writing_does_not_wait_for_readers_again_and_again(
    connection: apsw.Connection, path: Path, later: float, pages: int, wait_ms: int
) -> None:
    """One who reads for long costs a twentieth of the time, and a little more each time that the log doubles."""
    now = [0.0]
    checkpoints = Noted(connection, fold_bytes=10_000 * FRAME, truncate_bytes=20 * FRAME, clock=lambda: now[0])
    reader, rows = _stay(connection, path)
    for now[0], count in [(0.0, 30), (1.0, 30), (2.0, 30), (later, pages)]:
        _fill(connection, count)
        checkpoints.run()

    assert checkpoints.waits_ms == [PATIENCE_MS, 0, 0, wait_ms]
    rows.close()
    reader.close()


def test_readers_who_let_go_are_waited_for_the_next_time(connection: apsw.Connection, path: Path) -> None:
    """A log that was cut makes one forget who stayed."""
    checkpoints = Checkpoints(connection, fold_bytes=10_000 * FRAME, truncate_bytes=20 * FRAME, clock=lambda: 0.0)
    for _ in range(2):
        reader, rows = _stay(connection, path)
        _fill(connection, 30)
        began = time.perf_counter()
        checkpoints.run()
        assert time.perf_counter() - began >= PATIENCE_MS / 1000 * 0.8
        rows.close()
        reader.close()
        assert checkpoints.truncate()


def _stay(connection: apsw.Connection, path: Path) -> tuple[apsw.Connection, apsw.Cursor]:
    reader = open_reader(path)
    _fill(connection, 1)
    rows = reader.execute("select a from filling union all select 2")
    next(rows)
    return reader, rows
