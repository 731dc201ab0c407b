"""Mirror `store.sqlite`; `tests.contracts` and `tests.durability` hold what it promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import DiskFull, Misconfigured, Refused, StoreBusy
from schema.rows import Rejection
from schema.signals import Signal
from store import books
from store.config import Store
from store.disk import DiskGuard
from store.protocol import Outcome
from store.reading import SqliteReadSide
from store.sqlite import FORGET_AFTER, SqliteWriteSide
from tests.contracts.batches import NOW, SECOND, batch, span

ROOMY: dict[str, Any] = {"min_free_disk": 0, "min_free_percent": 0, "reserve": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database."""
    return tmp_path / "ledger.db"


@pytest.fixture
def side(path: Path) -> Iterator[SqliteWriteSide]:
    """Open a write side with small limits."""
    found = SqliteWriteSide(Store(path=path, rejections_kept=3, replay_window=60, **ROOMY))
    yield found
    found.close()


@pytest.fixture
def reader(side: SqliteWriteSide, path: Path) -> Iterator[SqliteReadSide]:
    """Open a read side."""
    found = SqliteReadSide(path)
    yield found
    found.close()


def test_a_path_is_needed() -> None:
    """Without one there is a sentence, not a traceback."""
    with pytest.raises(Misconfigured, match=r"set store\.path"):
        SqliteWriteSide(Store())


def test_the_reserve_stands_beside_the_database(path: Path) -> None:
    """The guard is made from the settings and looks before the first commit."""
    side = SqliteWriteSide(Store(path=path, min_free_disk=0, min_free_percent=0, reserve=4096))
    side.probe()

    assert path.with_name("ledger.db.reserve").stat().st_size == 4096
    side.close()


def test_nothing_is_taken_while_the_disk_is_low(path: Path) -> None:
    """A disk below its limit refuses before anything is written, and reading goes on."""
    side = SqliteWriteSide(Store(path=path, **ROOMY), guard=DiskGuard(path, min_free=1 << 60))
    with pytest.raises(DiskFull):
        side.commit([batch([span(1)])])
    with pytest.raises(DiskFull):
        side.probe()

    assert side.low_on_disk
    reader = SqliteReadSide(path)
    assert reader.ledger() == []
    reader.close()
    side.tidy()
    side.close()


def test_a_full_disk_is_told_and_gives_the_reserve_up(path: Path) -> None:
    """A write that finds no room raises DiskFull, and the reserve is there for deleting."""
    side = SqliteWriteSide(Store(path=path, min_free_disk=0, min_free_percent=0, reserve=4096))
    side.probe()
    side._connection.pragma("max_page_count", side._connection.pragma("page_count"))
    with pytest.raises(DiskFull, match="make room"):
        side.commit([batch([span(1, attributes="x" * 100_000)])])

    assert not path.with_name("ledger.db.reserve").exists()
    assert not side._connection.in_transaction
    side.close()


def test_an_error_that_passes_for_one_of_many_is_its_own(side: SqliteWriteSide, path: Path) -> None:
    """When each batch is tried alone, trouble of the store is that batch's answer, and the others are not undone."""
    poison = batch([span(1, name=None)])
    refused, outcome = side.commit([poison, batch([span(2)])])

    assert isinstance(refused, apsw.ConstraintError)
    assert outcome == Outcome(1, 0, 0)
    assert not side._connection.in_transaction


def test_text_that_cannot_be_written_is_its_batchs_error(side: SqliteWriteSide) -> None:
    """A lone surrogate that got past the decoder costs its batch and nothing else."""
    (refused,) = side.commit([batch([span(1, name="\ud800")])])

    assert isinstance(refused, UnicodeEncodeError)
    assert side.commit([batch([span(1)])]) == [Outcome(1, 0, 0)]


def test_other_work_has_a_transaction_of_its_own(side: SqliteWriteSide, reader: SqliteReadSide) -> None:
    """It is kept as a whole or not at all."""
    side.commit([batch([span(1), span(2)])])
    side.transaction(lambda cursor: cursor.execute("delete from raw_spans where id = 1"))
    with pytest.raises(ZeroDivisionError):
        side.transaction(lambda cursor: (cursor.execute("delete from raw_spans"), 1 / 0))

    assert [item["id"] for item in reader.items(Signal.TRACES)] == [2]


def test_other_work_may_delete_resources(side: SqliteWriteSide, reader: SqliteReadSide) -> None:
    """A resource that was deleted is stored again with the next batch that names it."""
    side.commit([batch([span(1)])])
    side.transaction(lambda cursor: cursor.execute("delete from resources"))
    side.commit([batch([span(2)])])

    assert [item["service_name"] for item in reader.items(Signal.TRACES)] == ["agent", "agent"]


def test_refused_items_are_bounded(side: SqliteWriteSide, reader: SqliteReadSide) -> None:
    """With the commit that brings too many, the oldest are forgotten and counted."""
    for number in range(5):
        side.commit([batch(rejections=[Rejection(f"span {number}", "r", "m")])])

    assert [row["position"] for row in reader.rejections()] == ["span 2", "span 3", "span 4"]
    assert reader.tally() == books.Tally(3, 3, 2)


def test_a_smaller_bound_is_reached_by_tidying(path: Path) -> None:
    """After a restart with a smaller bound, tidying forgets what is too much."""
    side = SqliteWriteSide(Store(path=path, **ROOMY))
    side.commit([batch(rejections=[Rejection("p", "r", "m")] * 700)])
    side.close()
    side = SqliteWriteSide(Store(path=path, rejections_kept=10, **ROOMY))
    side.tidy()
    side.tidy()
    reader = SqliteReadSide(path)

    assert reader.tally().kept == 10
    reader.close()
    side.close()


def test_old_requests_are_forgotten_now_and_then(side: SqliteWriteSide, reader: SqliteReadSide) -> None:
    """Those beyond the window go when enough new ones came; the ones within it stay."""
    old = [batch(fingerprint=number.to_bytes(32, "big")) for number in range(FORGET_AFTER)]
    later = NOW + 61 * SECOND
    side.commit(old)
    side.tidy()
    side.commit([batch(fingerprint=bytes([n]) * 32, received_at=later) for n in range(1, 10)])
    side.tidy()
    count = "select count(*) from ingest_requests"

    assert list(reader.query(count))[1] == (FORGET_AFTER + 9,)
    side.commit([batch(received_at=later) for _ in range(FORGET_AFTER)])
    side.tidy()
    assert list(reader.query(count))[1] == (9,)


def test_trouble_while_tidying_is_told(side: SqliteWriteSide, path: Path) -> None:
    """Somebody else's write lock is StoreBusy, not a crash."""
    other = apsw.Connection(str(path))
    other.set_busy_timeout(5000)
    other.execute("begin immediate")
    side._connection.set_busy_timeout(0)
    with pytest.raises(StoreBusy):
        side.tidy()
    other.close()


def test_a_database_that_cannot_be_migrated_is_told(path: Path) -> None:
    """A table in the way of a step is a sentence with the path, and nothing is changed."""
    other = apsw.Connection(str(path))
    other.execute("pragma application_id = 0x53504c47")
    other.execute("create table ledger (a)")
    other.close()
    with pytest.raises(Misconfigured, match=r"cannot bring .*ledger\.db"):
        SqliteWriteSide(Store(path=path, **ROOMY))


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "does not work"),
        ("delete from raw_spans", "only reading"),
        ("select cast(x'ff' as text)", "not UTF-8"),
        ("select * from nowhere", "no such table"),
    ],
)
def test_a_query_that_will_not_work_is_refused(reader: SqliteReadSide, sql: str, message: str) -> None:
    """The user is told what is wrong with it."""
    with pytest.raises(Refused, match=message):
        list(reader.query(sql))


def test_a_query_that_runs_too_long_is_refused(side: SqliteWriteSide, path: Path) -> None:
    """At the deadline it ends, and the next one has the whole time again."""
    reader = SqliteReadSide(path, deadline_s=0)
    with pytest.raises(Refused, match="longer than 0 s"):
        list(reader.query("with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"))

    assert list(reader.query("select 1 as one")) == [("one",), (1,)]
    reader.close()


def test_columns_are_named_without_rows(reader: SqliteReadSide) -> None:
    """The first tuple is there even if no row is."""
    assert list(reader.query("select 1 as a, 2 as b where 0")) == [("a", "b")]
    assert reader.items(Signal.LOGS) == []
