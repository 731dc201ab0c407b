"""Mirror `store.writer`, over a real database: who waits, who is turned away, who hears of what."""

import asyncio
from pathlib import Path

import pytest

from core.errors import Overloaded, StoreBusy
from store.config import Store
from store.disk import DiskGuard
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from store.writer import Writer
from tests.store.writing import LONG_S, ONE, ROOMY, Gate, failure, held, one, put, stored, until


def test_a_batch_is_durable_when_its_outcome_is_known(writer: Writer, path: Path) -> None:
    """After put and after a submitted future's result the rows can be read."""
    assert asyncio.run(put(writer, one(1))) == ONE
    assert stored(path) == [1]
    assert writer.submit(one(2)).result(LONG_S) == ONE
    assert stored(path) == [1, 2]
    assert (writer.commits, writer.committed_items, writer.queued_bytes, writer.queued_batches) == (2, 2, 0, 0)


def test_how_long_each_commit_took_is_told(path: Path) -> None:
    """Once for each commit, on the clock that was given."""
    told: list[float] = []
    ticks = iter(range(100))
    side = lambda: SqliteWriteSide(Store(path=path, **ROOMY))  # noqa: E731  as short as its use
    writer = Writer(side, queue_bytes=1_000, took=told.append, clock=lambda: next(ticks))
    writer.start()
    for number in range(2):
        assert ONE == writer.submit(one(number)).result(LONG_S)
    writer.stop(LONG_S)

    assert [1, 1] == told


def test_all_that_waits_is_one_commit(writer: Writer, path: Path) -> None:
    """Batches that came while the thread was busy are written together, in order, each with its own outcome."""

    async def main() -> list[Outcome]:
        with held(writer):
            puts = [asyncio.create_task(put(writer, one(number % 6))) for number in range(8)]
            await until(lambda: writer.queued_batches == 8)
        return await asyncio.gather(*puts)

    assert asyncio.run(main()) == [ONE] * 6 + [Outcome(0, 1, 0)] * 2
    assert writer.commits == 1
    assert stored(path) == list(range(6))


def test_a_group_is_bounded(path: Path) -> None:
    """More than a group's bytes are written with several commits."""
    writer = Writer(lambda: SqliteWriteSide(Store(path=path, **ROOMY)), queue_bytes=10_000, group_bytes=250)
    writer.start()
    with held(writer):
        futures = [writer.submit(one(number)) for number in range(5)]

    assert [future.result(LONG_S) for future in futures] == [ONE] * 5
    assert writer.commits == 3
    writer.stop(LONG_S)


def test_a_full_queue_is_waited_for_and_then_refused(writer: Writer, path: Path) -> None:
    """Who finds no room within its time is turned away and counted; nothing of it is stored."""

    async def main() -> None:
        with held(writer):
            first = asyncio.create_task(put(writer, one(1, size=1_000)))
            await until(lambda: writer.queued_bytes == 1_000)

            assert isinstance(await failure(put(writer, one(2), wait_s=0.01)), Overloaded)
            with pytest.raises(Overloaded):
                writer.submit(one(3))
        await first

    asyncio.run(main())
    assert writer.turned_away == 2
    assert stored(path) == [1]


def test_room_goes_to_who_came_first(writer: Writer, path: Path) -> None:
    """Those who wait for room are let in in order, also past a large one that holds them up."""

    async def main() -> None:
        with held(writer):
            puts = [asyncio.create_task(put(writer, one(number, size=size))) for number, size in enumerate(SIZES)]
            await until(lambda: len(writer._queue) == len(SIZES))
        assert await asyncio.gather(*puts) == [ONE] * len(SIZES)

    asyncio.run(main())
    assert stored(path) == list(range(len(SIZES)))


SIZES = (900, 5_000, 100, 100, 900, 1)


def test_what_has_not_begun_in_time_never_will(writer: Writer, path: Path) -> None:
    """A batch that waits in the queue beyond its time is withdrawn; the sender may send it again without doubt."""

    async def main() -> None:
        with held(writer):
            assert isinstance(await failure(put(writer, one(1), answer_s=0.01)), StoreBusy)
            assert writer.queued_bytes == 0
        await put(writer, one(2))

    asyncio.run(main())
    assert stored(path) == [2]
    assert writer.turned_away == 1


def test_a_caller_who_goes_away_takes_along_what_has_not_begun(writer: Writer, path: Path) -> None:
    """A cancelled put is withdrawn, whether it was in the queue or waiting for room."""

    async def main() -> None:
        with held(writer):
            puts = [asyncio.create_task(put(writer, one(number, size=700))) for number in (1, 2, 3)]
            await until(lambda: len(writer._queue) == 3)
            for task in puts[:2]:
                task.cancel()
                assert isinstance(await failure(task), asyncio.CancelledError)
        assert await puts[2] == ONE

    asyncio.run(main())
    assert stored(path) == [3]


def test_what_has_begun_is_finished(path: Path) -> None:
    """A commit goes on beyond the answer's time, and even when its caller is cancelled in the middle of it."""
    gate = Gate()
    guard = DiskGuard(path, min_free=0, clock=gate.clock)
    writer = Writer(lambda: SqliteWriteSide(Store(path=path, **ROOMY), guard=guard), queue_bytes=1_000)
    writer.start()

    async def main() -> Outcome:
        gate.closed = True
        cancelled = asyncio.create_task(put(writer, one(1)))
        await until(gate.begun.is_set)
        cancelled.cancel()
        assert isinstance(await failure(cancelled), asyncio.CancelledError)
        gate.begun.clear()
        gate.go_on.set()
        late = asyncio.create_task(put(writer, one(2), answer_s=LONG_S))
        return await late

    assert asyncio.run(main()) == ONE
    assert stored(path) == [1, 2]
    writer.stop(LONG_S)


def test_an_answer_is_waited_for_once_begun(path: Path) -> None:
    """The time to begin is no limit for what has begun."""
    gate = Gate()
    guard = DiskGuard(path, min_free=0, clock=gate.clock)
    writer = Writer(lambda: SqliteWriteSide(Store(path=path, **ROOMY), guard=guard), queue_bytes=1_000)
    writer.start()

    async def main() -> Outcome:
        gate.closed = True
        over = asyncio.Event()
        task = asyncio.create_task(put(writer, one(1), answer_s=0.05))
        await until(gate.begun.is_set)
        asyncio.get_running_loop().call_later(0.1, over.set)
        await over.wait()
        assert not task.done()
        gate.go_on.set()
        return await task

    assert asyncio.run(main()) == ONE
    writer.stop(LONG_S)
