"""Mirror `store.writer`, over a real database: trouble, other work, stopping."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import Misconfigured, Stopping, StoreBusy
from store.config import Store
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from store.writer import Writer
from tests.contracts.batches import batch, span
from tests.store.writing import LONG_S, ONE, failure, held, one, put, stored, until


def test_trouble_of_the_store_is_everybodys_and_passes(writer: Writer, path: Path) -> None:
    """All batches of a group that could not be written are told to come again, and the next group is written."""
    other = apsw.Connection(str(path))
    other.set_busy_timeout(5000)
    other.execute("begin immediate")
    writer.run(lambda side: side._connection.set_busy_timeout(0)).result(LONG_S)  # type: ignore[attr-defined]  # SQLite's
    with held(writer):
        futures = [writer.submit(one(number)) for number in range(2)]
    errors = [future.exception(LONG_S) for future in futures]
    other.close()

    assert [type(error) for error in errors] == [StoreBusy, StoreBusy]
    assert writer.failed_commits >= 1
    assert writer.submit(one(5)).result(LONG_S) == ONE
    assert writer.broken is None


def test_a_batch_that_cannot_be_kept_is_told_alone(writer: Writer) -> None:
    """Its error is its own; its neighbours in the group are kept."""
    with held(writer):
        poison, good = writer.submit(batch([span(1, name=None)])), writer.submit(one(2))

    assert isinstance(poison.exception(LONG_S), apsw.ConstraintError)
    assert good.result(LONG_S) == ONE


def test_other_work_runs_between_commits(writer: Writer) -> None:
    """It gets the write side; what it returns or raises goes to who asked for it."""

    def fail(_side: object) -> None:
        raise ValueError("mine")

    assert writer.run(type).result(LONG_S) is SqliteWriteSide
    with pytest.raises(ValueError, match="mine"):
        writer.run(fail).result(LONG_S)
    assert writer.submit(one(1)).result(LONG_S) == ONE


def test_other_work_may_be_called_off(writer: Writer) -> None:
    """Work that was cancelled before its turn is not done."""
    done: list[int] = []
    with held(writer):
        called_off = writer.run(lambda side: done.append(1))
        assert called_off.cancel()
    writer.run(lambda side: done.append(2)).result(LONG_S)

    assert done == [2]


def test_work_and_commits_take_turns(writer: Writer) -> None:
    """However much other work there is, a batch waits for one piece of it at most."""
    seen: list[int] = []
    with held(writer):
        works = [writer.run(lambda side: seen.append(writer.commits)) for _ in range(3)]
        writer.submit(one(1))
    for work in works:
        work.result(LONG_S)

    assert seen == [1, 1, 1]


def test_stopping_finishes_what_was_accepted(writer: Writer, path: Path) -> None:
    """Batches in the queue and those waiting for room are written; new ones are refused."""

    async def main() -> list[Outcome]:
        with held(writer):
            puts = [asyncio.create_task(put(writer, one(number, size=600))) for number in range(4)]
            await until(lambda: len(writer._queue) == 4)
            stopping = asyncio.create_task(asyncio.to_thread(writer.stop, LONG_S))
            await until(lambda: writer._stopping)
            assert isinstance(await failure(put(writer, one(9))), Stopping)
            with pytest.raises(Stopping):
                writer.run(lambda side: None)
        assert await stopping is True
        return await asyncio.gather(*puts)

    assert asyncio.run(main()) == [ONE] * 4
    assert not path.with_name("ledger.db-wal").exists()
    assert stored(path) == list(range(4))


def test_what_is_left_after_the_grace_is_told(writer: Writer, path: Path) -> None:
    """When there was no time for all, the rest hears Stopping and is not stored."""
    with held(writer):
        left, work = writer.submit(one(1)), writer.run(lambda side: 1)
        stopping = threading.Thread(target=lambda: results.append(writer.stop(0)))
        results: list[bool] = []
        stopping.start()
        while not writer._abandoned:
            threading.Event().wait(0.001)
    stopping.join(LONG_S)

    assert isinstance(left.exception(LONG_S), Stopping)
    assert isinstance(work.exception(LONG_S), Stopping)
    assert results == [False]
    assert stored(path) == []


def test_a_thread_that_breaks_leaves_nobody_waiting(writer: Writer, path: Path) -> None:
    """After a bug in the machinery everybody is told, at once and from then on, and the database is closed."""
    fuse = threading.Event()

    def explode(_side: object) -> None:
        assert fuse.wait(LONG_S)
        raise SystemExit("bug")

    explosion, queued, work = writer.run(explode), writer.submit(one(1)), writer.run(lambda side: 1)
    fuse.set()
    errors = [future.exception(LONG_S) for future in (explosion, queued, work)]
    with pytest.raises(StoreBusy, match="broke down"):
        asyncio.run(put(writer, one(2)))

    assert [type(error) for error in errors] == [SystemExit, StoreBusy, StoreBusy]
    assert isinstance(writer.broken, SystemExit)
    assert writer.stop(LONG_S)
    assert stored(path) == []


def test_a_store_that_cannot_be_opened_is_told_by_start(tmp_path: Path) -> None:
    """The error of opening is start's own, and no thread is left."""
    writer = Writer(lambda: SqliteWriteSide(Store(path=tmp_path)), queue_bytes=10)
    with pytest.raises(Misconfigured):
        writer.start()
    with pytest.raises(StoreBusy):
        writer.submit(one(1))

    assert writer.stop(LONG_S)


def test_trouble_with_upkeep_is_noted_and_passes(writer: Writer, path: Path) -> None:
    """Tidying that fails breaks nothing; it can be seen, and is forgotten when it works again."""
    other = apsw.Connection(str(path))
    other.set_busy_timeout(5000)
    other.execute("begin immediate")
    writer.run(_impatient_and_untidy).result(LONG_S)
    writer.run(lambda side: None).result(LONG_S)

    assert isinstance(writer.trouble, StoreBusy)
    other.close()
    writer.run(lambda side: None).result(LONG_S)
    writer.run(lambda side: None).result(LONG_S)
    assert writer.trouble is None


def _impatient_and_untidy(side: Any) -> None:
    side._connection.set_busy_timeout(0)
    side._too_many_rejections = True
