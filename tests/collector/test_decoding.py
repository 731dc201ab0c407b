"""Mirror of collector/decoding.py, with real helper processes."""

import asyncio
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collector.decoding import HELPER_BYTES, INLINE_BYTES, START_AGAIN_S, THREADS, Decoding
from collector.helper import Helper, Job, LostError
from core.errors import Undecodable
from schema.decode import decode
from schema.rows import Batch
from schema.signals import Signal
from tests.support import build
from tests.support.otlp import RECEIVED_AT
from tests.support.wait import until

WARNING = "the decoding process ended"


def _job(body: bytes) -> Job:
    return (Signal.TRACES, "protobuf", body, "http", RECEIVED_AT)


def _sized(size: int) -> Job:
    """Make a request of exactly that many bytes."""
    empty = len(build.traces(build.span(name="x" * size)).SerializeToString()) - size
    job = _job(build.traces(build.span(name="x" * (size - empty))).SerializeToString())
    assert len(job[2]) == size
    return job


def _here(job: Job) -> Batch:
    return decode(job[0], job[1], job[2], transport=job[3], received_at=job[4])


LARGE = _job(build.body(Signal.TRACES, 1000))


class Recording(Helper):
    """Remember what it was asked; the threads that it was asked by are its own business."""

    def __init__(self, **options: Any) -> None:
        """Start it like any other."""
        self.asked: list[Job] = []
        super().__init__(**options)

    def decode(self, job: Job) -> Batch:
        """Note the request and have it decoded."""
        self.asked.append(job)
        return super().decode(job)


class Bench:
    """Hold a `Decoding` whose helpers and time are in the test's hand."""

    def __init__(self) -> None:
        """Start nothing; time stands still."""
        self.now = 100.0
        self.make: Callable[[], Recording] = Recording
        self.starts = 0
        self.started: list[Recording] = []
        self.decoding = Decoding(start=self._start, clock=lambda: self.now)

    def _start(self) -> Helper:
        self.starts += 1
        made = self.make()
        self.started.append(made)
        return made

    async def up(self) -> Recording:
        """Have a large request start a helper, and wait until that is up."""
        await self.decoding.decode(LARGE)
        until(self.started[-1].up)
        return self.started[-1]

    async def check(self, job: Job = LARGE) -> None:
        """Decode, and compare."""
        assert await self.decoding.decode(job) == _here(job)

    def close(self) -> None:
        """End all."""
        self.decoding.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Make one for a test."""
    with closing(Bench()) as made:
        yield made


def _command(command: list[str]) -> Callable[[], Recording]:
    """Make helpers that run another program."""

    def run(_command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, **options)

    return lambda: Recording(run=run)


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_small_requests_are_decoded_at_once(bench: Bench) -> None:
    """Up to the limit, no process is started and no thread is asked."""
    job = _sized(INLINE_BYTES)
    began = bench.decoding.decode(job)
    with pytest.raises(StopIteration) as answer:
        began.send(None)

    assert answer.value.value == _here(job)
    assert bench.starts == 0


async def test_a_large_request_starts_the_helper_and_does_not_wait_for_it(bench: Bench) -> None:
    """Until it is up, threads answer; it is started once, however many ask."""
    await asyncio.gather(*(bench.check(_sized(INLINE_BYTES + 1)) for _ in range(2 * THREADS)))

    assert bench.starts == 1
    helper = await bench.up()
    assert bench.starts == 1
    assert _runs(helper.pid)


async def test_once_up_the_helper_decodes(bench: Bench) -> None:
    """Larger requests are its work up to the limit, many at once too; the smaller and the largest are not."""
    helper = await bench.up()
    helper.asked.clear()
    border = _sized(HELPER_BYTES)
    await bench.check(border)
    await bench.check(_sized(HELPER_BYTES + 1))
    await bench.check(_sized(INLINE_BYTES))
    assert helper.asked == [border]

    await asyncio.gather(*(bench.check() for _ in range(20)))

    assert helper.asked == [border, *[LARGE] * 20]
    assert bench.decoding.lost == 0


async def test_a_refusal_reaches_the_caller(bench: Bench) -> None:
    """What cannot be decoded is refused, whoever decodes it, and costs no helper."""
    bad = _job(b"\xff" * (INLINE_BYTES + 1))
    with pytest.raises(Undecodable) as by_thread:
        await bench.decoding.decode(bad)
    helper = await bench.up()
    with pytest.raises(Undecodable) as by_helper:
        await bench.decoding.decode(bad)

    assert str(by_thread.value) == str(by_helper.value)
    assert bad in helper.asked
    assert bench.decoding.lost == 0


async def test_a_lost_helper_costs_no_request(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """The request is answered, the loss counted and told once; after ten seconds, not before, there is another."""
    first = await bench.up()
    os.kill(first.pid, signal.SIGKILL)
    await asyncio.gather(*(bench.check() for _ in range(3 * THREADS)))

    assert bench.decoding.lost == 1
    assert [WARNING in told for told in _warnings(caplog)] == [True]
    assert not _is_there(first.pid)
    bench.now += START_AGAIN_S - 0.01
    await bench.check()
    assert bench.starts == 1

    bench.now += 0.02
    second = await bench.up()
    await bench.check()
    assert bench.starts == 2
    assert second.asked[-1] == LARGE
    assert len(_warnings(caplog)) == 1


async def test_a_helper_lost_while_it_decodes_costs_no_request(bench: Bench) -> None:
    """Killed with requests half-way, all of these are answered."""
    helper = await bench.up()
    os.kill(helper.pid, signal.SIGSTOP)
    under_way = [asyncio.create_task(bench.check()) for _ in range(3 * THREADS)]
    await asyncio.sleep(0.2)
    assert not any(task.done() for task in under_way)
    os.kill(helper.pid, signal.SIGKILL)
    await asyncio.gather(*under_way)

    assert bench.decoding.lost == 1


@pytest.mark.parametrize("command", [["false"], ["true"], ["echo", "good morning"], ["/nowhere/python"]])
async def test_a_helper_that_cannot_start_costs_no_request(
    bench: Bench, caplog: pytest.LogCaptureFixture, command: list[str]
) -> None:
    """Whether it ends at once, speaks another language or is not there: requests are answered, it is tried seldom."""
    bench.make = _command(command)
    for attempt in range(1, 4):
        while bench.decoding.lost < attempt:
            await asyncio.gather(*(bench.check() for _ in range(2 * THREADS)))
        await bench.check()

        assert (bench.starts, bench.decoding.lost, len(_warnings(caplog))) == (attempt, attempt, attempt)
        bench.now += START_AGAIN_S


async def test_a_helper_that_never_gets_ready_costs_no_request(bench: Bench) -> None:
    """Threads do all the work meanwhile."""
    bench.make = _command(["sleep", "1000"])
    for _ in range(5):
        await bench.check()

    assert (bench.starts, bench.decoding.lost) == (1, 0)


async def test_an_error_of_our_own_is_not_hidden(bench: Bench) -> None:
    """A failure that nobody foresaw reaches the caller by a thread, and by the helper, which it ends."""
    kind, _, body, *rest = LARGE
    wrong: Any = (kind, "no such encoding", body, *rest)
    with pytest.raises(KeyError):
        await bench.decoding.decode(wrong)
    await bench.up()
    with pytest.raises(KeyError):
        await bench.decoding.decode(wrong)

    assert bench.decoding.lost == 1
    await bench.check()


async def test_an_error_of_our_own_in_starting_is_not_hidden(bench: Bench) -> None:
    """Only what LostError says is taken for a helper that is lost."""

    def fail() -> Recording:
        raise ZeroDivisionError

    bench.make = fail
    with pytest.raises(ZeroDivisionError):
        await bench.decoding.decode(LARGE)

    assert bench.decoding.lost == 0


async def test_close_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    """Neither process nor thread nor file; a loss is not what it is called."""
    before, threads = _fds(), set(threading.enumerate())
    bench = Bench()
    helper = await bench.up()
    await bench.check()
    bench.close()

    assert not _is_there(helper.pid)
    assert _fds() == before
    assert set(threading.enumerate()) == threads
    assert (bench.decoding.lost, _warnings(caplog)) == (0, [])
    with pytest.raises(LostError):
        helper.decode(LARGE)


async def test_close_does_not_wait_for_a_helper_that_is_stuck(caplog: pytest.LogCaptureFixture) -> None:
    """Closed with requests under way, it has them decoded here, starts nothing anew, and comes to an end."""
    bench = Bench()
    helper = await bench.up()
    os.kill(helper.pid, signal.SIGSTOP)
    under_way = [asyncio.create_task(bench.check()) for _ in range(3 * THREADS)]
    await asyncio.sleep(0.2)
    bench.now += 10 * START_AGAIN_S
    await asyncio.to_thread(bench.close)
    await asyncio.gather(*under_way)

    assert bench.starts == 1
    assert not _is_there(helper.pid)
    assert (bench.decoding.lost, _warnings(caplog)) == (0, [])


def test_close_of_what_never_started() -> None:
    """There is nothing to end."""
    bench = Bench()
    bench.close()
    bench.close()

    assert bench.starts == 0


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _runs(pid: int) -> bool:
    return _is_there(pid) and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def _fds() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a listing is all that is wanted
