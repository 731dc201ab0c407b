"""Mirror `store.queue`."""

import asyncio
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StoreBusy
from store.protocol import Outcome
from store.queue import Entry, Queue, State, tell
from tests.contracts.batches import batch


def _entry(size: int = 10) -> Entry:
    return Entry(batch(body_bytes=size), Future())


def _queue(*, max_bytes: int = 100, max_batches: int = 10) -> Queue:
    return Queue(max_bytes=max_bytes, max_batches=max_batches)


def _enter(queue: Queue, *sizes: int) -> list[Entry]:
    entries = [_entry(size) for size in sizes]
    for entry in entries:
        queue.enter(entry)
    return entries


def _states(entries: list[Entry]) -> list[State]:
    return [entry.state for entry in entries]


def test_who_finds_no_room_waits() -> None:
    """Bytes are bounded, and who comes later does not pass by who waits."""
    queue = _queue()
    entries = _enter(queue, 60, 50, 10)

    assert _states(entries) == [State.QUEUED, State.WAITING, State.WAITING]
    assert (queue.bytes, queue.batches, len(queue)) == (60, 1, 3)


def test_the_number_is_bounded_too() -> None:
    """Many small batches fill the queue like a few large ones."""
    assert _states(_enter(_queue(max_batches=2), 1, 1, 1)) == [State.QUEUED, State.QUEUED, State.WAITING]


def test_nothing_is_free() -> None:
    """A batch without a body takes a byte."""
    queue = _queue()
    _enter(queue, 0)

    assert queue.bytes == 1


def test_room_is_given_back_when_a_group_is_settled() -> None:
    """What is being written still takes room."""
    queue = _queue()
    entries = _enter(queue, 60, 50)
    group = queue.take(max_bytes=1_000)

    assert (group, queue.bytes) == (entries[:1], 60)
    queue.settle(group)
    assert queue.take(max_bytes=1_000) == entries[1:]


def test_a_batch_larger_than_the_queue_gets_in_alone() -> None:
    """It waits until the queue is empty, and nobody passes by it."""
    queue = _queue()
    entries = _enter(queue, 10, 500, 10)
    queue.settle(queue.take(max_bytes=1_000))

    assert _states(entries[1:]) == [State.QUEUED, State.WAITING]


def test_a_group_is_bounded() -> None:
    """A group holds at least one batch and no more than fit."""
    queue = _queue(max_bytes=1_000)
    entries = _enter(queue, 50, 40, 30, 200)

    assert queue.take(max_bytes=100) == entries[:2]
    assert queue.take(max_bytes=100) == entries[2:3]
    assert queue.take(max_bytes=100) == entries[3:]
    assert queue.take(max_bytes=100) == []


def test_an_entry_can_be_withdrawn_until_it_is_begun() -> None:
    """Its room goes to who waits."""
    queue = _queue()
    entries = _enter(queue, 60, 30, 50, 20)
    begun = queue.take(max_bytes=60)

    assert [queue.withdraw(entry) for entry in entries] == [False, True, True, True]
    assert _states(entries) == [State.BEGUN, State.GONE, State.GONE, State.GONE]
    queue.settle(begun)
    assert (queue.bytes, queue.batches, len(queue)) == (0, 0, 0)


def test_withdrawing_lets_in_who_waits() -> None:
    """The next in line enters at once."""
    queue = _queue()
    entries = _enter(queue, 60, 50)
    queue.withdraw(entries[0])

    assert _states(entries) == [State.GONE, State.QUEUED]


def test_all_can_be_taken_out() -> None:
    """When the end has come, those who wait are found as well as those who are in."""
    queue = _queue()
    entries = _enter(queue, 60, 50)

    assert queue.empty() == entries
    assert (queue.bytes, queue.batches, len(queue)) == (0, 0, 0)


@given(st.lists(st.tuples(st.sampled_from(["enter", "take", "settle", "withdraw"]), st.integers(0, 60)), max_size=60))
def test_the_books_of_the_queue_balance(steps: list[tuple[str, int]]) -> None:
    """Whatever happens in whatever order, bytes and number are those of what is in, and order is kept."""
    queue, entries = _queue(max_batches=4), list[Entry]()
    groups: list[list[Entry]] = []
    begun: list[Entry] = []
    for step, number in steps:
        if step == "enter":
            entries += _enter(queue, number)
        elif step == "take":
            groups.append(queue.take(max_bytes=number))
            begun += groups[-1]
        elif step == "settle" and groups:
            queue.settle(groups.pop(0))
        elif step == "withdraw" and entries:
            queue.withdraw(entries[number % len(entries)])
        inside = [e for e in entries if e.state is State.QUEUED] + [e for group in groups for e in group]
        assert (queue.bytes, queue.batches) == (sum(e.size for e in inside), len(inside))
        assert queue.bytes <= 100 or queue.batches == 1

    assert begun == sorted(begun, key=entries.index)


def test_futures_of_threads_and_loops_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread's future has its result at once, a loop's on its loop, with one call for all."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        calls: list[int] = []
        call = loop.call_soon_threadsafe

        def counted(*arguments: Any) -> asyncio.Handle:
            calls.append(1)
            return call(*arguments)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        mine: list[asyncio.Future[Outcome]] = [loop.create_future() for _ in range(3)]
        mine[2].cancel()
        theirs: Future[Outcome] = Future()
        entries = [*(Entry(batch(), future, loop) for future in mine), Entry(batch(), theirs)]
        tell(list(zip(entries, [Outcome(1, 0, 0), StoreBusy("x"), Outcome(2, 0, 0), Outcome(3, 0, 0)], strict=True)))

        assert theirs.result(timeout=0) == Outcome(3, 0, 0)
        assert await mine[0] == Outcome(1, 0, 0)
        with pytest.raises(StoreBusy):
            await mine[1]
        assert calls == [1]

    asyncio.run(main())


def test_a_loop_that_has_closed_is_nobodys() -> None:
    """Telling a loop that is gone does no harm to the others."""
    loop = asyncio.new_event_loop()
    future: asyncio.Future[Outcome] = loop.create_future()
    loop.close()
    theirs: Future[Outcome] = Future()
    tell([(Entry(batch(), future, loop), Outcome(1, 0, 0)), (Entry(batch(), theirs), Outcome(1, 0, 0))])

    assert theirs.done()
