"""Mirror `store.writer`, over a real database."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import Misconfigured, Overloaded, Stopping, StoreBusy
from schema.rows import Batch
from schema.signals import Signal
from store.config import Store
from store.disk import DiskGuard
from store.protocol import Outcome
from store.sqlite import SqliteReadSide, SqliteWriteSide
from store.writer import Writer
from tests.contracts.batches import batch, span

ROOMY: dict[str, Any] = {"min_free_disk": 0, "min_free_percent": 0, "reserve": 0}
LONG_S = 20.0
ONE = Outcome(1, 0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database."""
    return tmp_path / "ledger.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    """Start a writer whose queue holds 1000 bytes."""
    found = Writer(lambda: SqliteWriteSide(Store(path=path, **ROOMY)), queue_bytes=1_000)
    found.start()
    yield found
    found.stop(LONG_S)


class Gate:
    """Stop the writer's thread in the middle of a commit: the guard asks for the time when one begins."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.closed = False

    def clock(self) -> float:
        """Tell that a commit begins, and wait while the gate is closed."""
        if self.closed:
            self.begun.set()
            assert self.go_on.wait(LONG_S)
        return 0.0


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keep the thread busy between two commits for the length of a block."""
    busy, over = threading.Event(), threading.Event()

    def wait(_side: Any) -> None:
        busy.set()
        assert over.wait(LONG_S)

    done = writer.run(wait)
    assert busy.wait(LONG_S)
    try:
        yield
    finally:
        over.set()
        done.result(LONG_S)


def stored(path: Path) -> list[int]:
    """List the numbers of the stored spans in order of arrival."""
    reader = SqliteReadSide(path)
    found = [int(item["span_id"], 16) for item in reader.items(Signal.TRACES)]
    reader.close()
    return found


def one(number: int, *, size: int = 100) -> Batch:
    """Build a batch of one span that counts for some bytes."""
    return batch([span(number)], body_bytes=size)


def put(
    writer: Writer, made: Batch, *, wait_s: float = LONG_S, answer_s: float = LONG_S
) -> Coroutine[Any, Any, Outcome]:
    """Put a batch, with all the time in the world unless a test says otherwise."""
    return writer.put(made, wait_s=wait_s, answer_s=answer_s)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  what is waited for happens on a thread that knows of no event
            await asyncio.sleep(0)


async def failure(awaited: Awaitable[Any]) -> BaseException | None:
    """Say what an awaitable raised."""
    results: list[Any] = await asyncio.gather(awaited, return_exceptions=True)
    return results[0] if isinstance(results[0], BaseException) else None


def test_a_batch_is_durable_when_its_outcome_is_known(writer: Writer, path: Path) -> None:
    """After put and after a submitted future's result the rows can be read."""
    assert asyncio.run(put(writer, one(1))) == ONE
    assert stored(path) == [1]
    assert writer.submit(one(2)).result(LONG_S) == ONE
    assert stored(path) == [1, 2]
    assert (writer.commits, writer.committed_items, writer.queued_bytes, writer.queued_batches) == (2, 2, 0, 0)
    assert writer.last_commit_s > 0


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


def test_trouble_of_the_store_is_everybodys_and_passes(writer: Writer, path: Path) -> None:
    """All batches of a group that could not be written are told to come again, and the next group is written."""
    other = apsw.Connection(str(path))
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
