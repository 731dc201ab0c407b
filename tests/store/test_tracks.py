"""Mirror `store.tracks`: commands that wait share transactions, and nobody is left waiting."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from core.errors import Overloaded, Stopping, StoreBusy
from store import tracks
from store.config import Store
from store.protocol import WriteSide
from store.sqlite import SqliteWriteSide
from store.tracks import Tracks
from store.writer import Writer
from tracking.commands import Command, Done
from tracking.faults import Fault

NOON = 1_769_860_800_000_000_000


def plan(number: int) -> Command:
    """Tell of a plan."""
    return Command("plan.upsert", {"plan.key": f"p{number}", "plan.title": "t"}, NOON, f"e{number}")


def row_of(found: Done | Fault) -> Any:
    """Give the row, or raise what is wrong."""
    if isinstance(found, Fault):
        raise found
    return found.row_id


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Run a writer on an empty database."""
    config = Store(path=tmp_path / "some.db", reserve=0, min_free_disk=0, min_free_percent=0)
    made = Writer(lambda: SqliteWriteSide(config), queue_bytes=1 << 20)
    made.start()
    yield made
    made.stop(10)


class Counted:
    """Hold the writer up, and count how often it comes."""

    def __init__(self, writer: Writer) -> None:
        self.times = 0
        self.go = threading.Event()
        self._writer = writer

    def run(self, work: Any) -> "Future[Any]":
        """Do work once the test lets it."""

        def later(side: WriteSide) -> Any:
            self.go.wait(30)
            self.times += 1
            return work(side)

        return self._writer.run(later)


def test_what_waits_is_done_together(writer: Writer) -> None:
    """Commands that wait are done in as few transactions as there may be, each with its own answer."""
    counted = Counted(writer)
    made = Tracks(counted.run)
    futures = [made.track(plan(number), row_of) for number in range(tracks.TOGETHER + 10)]
    wrong = made.track(Command("plan.status", {"plan.key": "x", "plan.status": "paused"}, NOON, "w"), row_of)
    counted.go.set()

    assert list(range(1, tracks.TOGETHER + 11)) == [future.result(30) for future in futures]
    with pytest.raises(Fault, match="there is no plan 'x'"):
        wrong.result(30)
    assert 2 == counted.times
    assert 3 == _later(made, counted)


def _later(made: Tracks, counted: Counted) -> int:
    made.track(plan(9999), row_of).result(30)
    return counted.times


def test_one_that_is_given_up_is_not_done(writer: Writer) -> None:
    """A command that nobody waits for any more when its turn comes is left out."""
    counted = Counted(writer)
    made = Tracks(counted.run)
    first, second = made.track(plan(1), row_of), made.track(plan(2), row_of)
    assert first.cancel()
    counted.go.set()

    assert 1 == second.result(30)


def test_trouble_goes_to_everybody(writer: Writer) -> None:
    """When the store is in trouble, everybody whose command was to be done is told, and the next may come."""

    class Broken:
        """Fail every time."""

        def track(self, commands: Any) -> Any:
            raise StoreBusy("not now")

    broken = Tracks(lambda work: writer.run(lambda _side: work(cast("WriteSide", Broken()))))
    for number in range(2):
        with pytest.raises(StoreBusy, match="not now"):
            broken.track(plan(number), row_of).result(30)


def test_one_that_cannot_be_done_costs_only_itself(writer: Writer) -> None:
    """A command that fails for a reason of its own is told, and its neighbours are done."""
    counted = Counted(writer)
    made = Tracks(counted.run)
    strange = Command("plan.upsert", {"plan.key": object(), "plan.title": "t"}, NOON, "s")
    futures = [made.track(command, row_of) for command in (plan(1), strange, plan(2))]
    counted.go.set()

    assert [1, 2] == [futures[0].result(30), futures[2].result(30)]
    with pytest.raises(TypeError):
        futures[1].result(30)


def test_too_many(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an end to how many may wait."""
    monkeypatch.setattr(tracks, "MOST", 2)
    counted = Counted(writer)
    made = Tracks(counted.run)
    futures = [made.track(plan(number), row_of) for number in range(2)]
    with pytest.raises(Overloaded, match="too many commands"):
        made.track(plan(3), row_of)
    counted.go.set()

    assert [1, 2] == [future.result(30) for future in futures]


def test_a_writer_that_stops(writer: Writer) -> None:
    """What was queued before the writer stops is done, what comes after is refused."""
    made = Tracks(writer.run)
    future = made.track(plan(1), row_of)
    writer.stop(10)

    assert 1 == future.result(0)
    with pytest.raises(Stopping):
        made.track(plan(2), row_of)


def test_a_writer_that_never_comes() -> None:
    """When the writer ends before it came, those who wait are told why."""
    asked: Future[None] = Future()
    made = Tracks(lambda _work: asked)
    future = made.track(plan(1), row_of)
    asked.set_exception(Stopping("going"))

    with pytest.raises(Stopping, match="going"):
        future.result(0)
