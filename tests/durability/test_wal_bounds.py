"""Keep the log short while readers read (reliability.md P10)."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from core.errors import Refused
from schema.rows import Batch
from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import batch, span

MIB = 1 << 20
READERS = 3
PAGE = "select name, attributes from spans order by id desc limit 500"


@pytest.fixture
def side(tmp_path: Path) -> Iterator[SqliteWriteSide]:
    """Open a store that folds its log at 2 MiB and cuts it at 8."""
    config = Store(
        path=tmp_path / "wal.db",
        wal_checkpoint=2 * MIB,
        wal_truncate=8 * MIB,
        min_free_disk=0,
        min_free_percent=0,
        reserve=0,
    )
    found = SqliteWriteSide(config)
    yield found
    found.close()


def test_overlapping_readers_do_not_let_the_log_grow(side: SqliteWriteSide, tmp_path: Path) -> None:
    """Readers that never leave a gap between them neither fail a commit nor keep the log from being shortened."""
    path, over, largest = tmp_path / "wal.db", Event(), 0
    readers = [Thread(target=_read_on, args=(path, over)) for _ in range(READERS)]
    _write(side, 0, 10)
    for reader in readers:
        reader.start()
    for number in range(10, 120):
        _write(side, number, number + 1)
        largest = max(largest, _wal(path))
    over.set()
    for reader in readers:
        reader.join()

    assert largest < 32 * MIB
    _write(side, 200, 204)
    assert _wal(path) <= 8 * MIB


def test_a_reader_that_holds_on_is_stopped_at_its_deadline(side: SqliteWriteSide, tmp_path: Path) -> None:
    """While a reader holds on the log grows; at its deadline it is refused, and the log is short again."""
    path = tmp_path / "wal.db"
    _write(side, 0, 5)
    reader = SqliteReadSide(path, deadline_s=0.5)
    rows = reader.query("select a.id from raw_spans as a, raw_spans as b")
    next(rows)
    next(rows)
    _write(side, 5, 40)
    grown = _wal(path)
    with pytest.raises(Refused, match="longer than"):
        for _ in rows:
            pass
    _write(side, 40, 45)

    assert _wal(path) < grown
    reader.close()


def test_the_log_is_gone_after_closing(tmp_path: Path) -> None:
    """Closing folds the whole log into the database."""
    path = tmp_path / "closed.db"
    side = SqliteWriteSide(Store(path=path, min_free_disk=0, min_free_percent=0, reserve=0))
    _write(side, 0, 2)

    assert _wal(path) > 0
    side.close()
    assert _wal(path) == 0


def _write(side: SqliteWriteSide, start: int, end: int) -> None:
    for number in range(start, end):
        side.commit([_batch(number)])
        side.tidy()


def _batch(number: int) -> Batch:
    return batch([span(number * 512 + n, attributes="x" * 1_000) for n in range(512)])


def _read_on(path: Path, over: Event) -> None:
    reader = SqliteReadSide(path)
    while not over.is_set():
        assert len(list(reader.query(PAGE))) == 501
    reader.close()


def _wal(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0
