"""Mirror of collector/helper.py, with the real process."""

import marshal
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.helper import READY, Helper, Job, LostError
from core.children import PIPE_BYTES
from core.errors import Refused, TooLarge, Undecodable
from schema.decode import decode, fingerprint
from schema.items import MAX_ITEMS
from schema.rows import POINT_COLUMNS, Batch
from schema.signals import Signal
from tests.support import build, build_json
from tests.support.otlp import RECEIVED_AT, twin_bytes
from tests.support.process import ROOT
from tests.support.strategies import requests
from tests.support.wait import until

ENCODINGS = ("protobuf", "json")
END_S = 2.0
ANSWER_S = 30.0
PARENT = """
import os, sys, threading
from collector.helper import Helper
helper = Helper()
while not helper.up():
    threading.Event().wait(0.01)
print(helper.pid, flush=True)
sys.stdin.read()
os.close(helper._process.stdin.fileno())
threading.Event().wait()
"""


def _ready(**options: Any) -> Helper:
    made = Helper(**options)
    until(made.up)
    return made


@pytest.fixture(scope="module")
def shared() -> Iterator[Helper]:
    """Keep one process up for the module's harmless tests."""
    with closing(_ready()) as made:
        yield made


@pytest.fixture
def helper() -> Iterator[Helper]:
    """Keep a process up that a test may end."""
    with closing(_ready()) as made:
        yield made


def _job(kind: Signal, body: bytes, encoding: str = "protobuf") -> Job:
    return (kind, encoding, body, "http", RECEIVED_AT)


def _here(job: Job) -> Batch:
    return decode(job[0], job[1], job[2], transport=job[3], received_at=job[4])


def _there_is(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _runs(pid: int) -> bool:
    """Say whether a process is there that has not ended: nobody may be left to ask for its exit status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _fds() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a listing is all that is wanted


def _exact(value: Any) -> Any:
    """Write a value so that equal means the same types too, and NaN equals itself."""
    return repr(value)


def _assert_same(helper: Helper, job: Job) -> None:
    try:
        expected: Batch | Refused = _here(job)
    except Refused as error:
        expected = error
    if isinstance(expected, Refused):
        with pytest.raises(type(expected)) as told:
            helper.decode(job)
        assert (type(expected), str(expected), expected.reason) == (
            type(told.value),
            str(told.value),
            told.value.reason,
        )
        return
    found = helper.decode(job)
    assert _exact(asdict(expected)) == _exact(asdict(found))
    assert [list(map(type, row)) for row in expected.rows] == [list(map(type, row)) for row in found.rows]
    assert type(found.signal) is Signal


def test_it_comes_up_once_and_stays_up() -> None:
    """It is not up before it says so, and needs a moment only."""
    with closing(Helper()) as made:
        assert not made.up()
        until(made.up)
        assert made.up()
        assert _runs(made.pid)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", Signal)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_request_decodes_there_as_it_does_here(
    shared: Helper, kind: Signal, encoding: str, data: st.DataObject
) -> None:
    """Rows, their types, repairs, rejections, warnings and message are those of `decode`; so are its refusals."""
    request = data.draw(requests[kind])
    body = bytes(request.SerializeToString()) if encoding == "protobuf" else twin_bytes(request)

    _assert_same(shared, _job(kind, body, encoding))


@pytest.mark.parametrize("kind", Signal)
def test_many_items_decode_there_as_they_do_here(shared: Helper, kind: Signal) -> None:
    """A request of some hundred items in either encoding gives equal batches."""
    items = (build_json.ONE[kind]() for _ in range(500))

    _assert_same(shared, _job(kind, build.body(kind, 500)))
    _assert_same(shared, _job(kind, build_json.request(kind, *items), "json"))


def test_odd_values_keep_their_types(shared: Helper) -> None:
    """Integers, doubles, nothing at all, numbers beyond 63 bits and repairs come back as they were."""
    points = [
        build.point(as_int=-(2**63)),
        build.point(as_double=1.0),
        build.point(as_double=float("nan")),
        build.point(start_time_unix_nano=2**64 - 1),
    ]
    job = _job(Signal.METRICS, build.metrics(build.gauge(*points)).SerializeToString())
    batch = shared.decode(job)
    value, repaired = POINT_COLUMNS.index("value"), POINT_COLUMNS.index("repaired")

    assert [type(row[value]) for row in batch.rows[:2]] == [int, float]
    assert [row[repaired] is None for row in batch.rows] == [True, True, True, False]
    _assert_same(shared, job)


@pytest.mark.parametrize("kind", [Signal.TRACES, Signal.METRICS])
def test_refused_items_come_back_with_their_payloads(shared: Helper, kind: Signal) -> None:
    """What was refused can be sent again, and the message says where it stood."""
    job = _job(kind, build.with_bad(kind, good=2, bad=30))
    batch = shared.decode(job)

    assert (2, 30) == (len(batch.rows), batch.rejected)
    assert all(rejection.payload for rejection in batch.rejections)
    assert batch.message
    assert batch == _here(job)


def test_warnings_come_back(shared: Helper) -> None:
    """What was kept with repairs is told."""
    job = _job(Signal.TRACES, build.traces(build.span(parent_span_id=b"short")).SerializeToString())

    assert shared.decode(job).warnings == _here(job).warnings != []


def test_the_fingerprint_is_the_same(shared: Helper) -> None:
    """A replay is known again, whichever process decoded it first; records without any time have none."""
    body = build.body(Signal.LOGS)
    timeless = build.logs(build.log(time_unix_nano=0)).SerializeToString()

    assert shared.decode(_job(Signal.LOGS, body)).fingerprint == fingerprint(Signal.LOGS, body)
    assert shared.decode(_job(Signal.LOGS, timeless)).fingerprint is None


def test_refusals_come_back_as_themselves(shared: Helper) -> None:
    """Their kind, message and reason are those of `decode`, and the process goes on."""
    flood = build.metrics(build.gauge(*[build.point()] * (MAX_ITEMS + 1))).SerializeToString()
    refused: list[tuple[type[Refused], Job]] = [
        (Undecodable, _job(Signal.TRACES, b"\xff" * 100)),
        (Undecodable, _job(Signal.LOGS, b"[1]", "json")),
        (TooLarge, _job(Signal.METRICS, flood)),
    ]
    for kind, job in refused:
        with pytest.raises(kind):
            shared.decode(job)
        _assert_same(shared, job)

    _assert_same(shared, _job(Signal.TRACES, build.body(Signal.TRACES)))


def test_each_thread_gets_its_own_answer(shared: Helper) -> None:
    """Four threads ask for bodies from a hundred bytes to several times the pipe's size; none waits for ever."""
    jobs = [_job(kind, build.body(kind, items)) for items in (1, 40, 700, 6000) for kind in Signal]
    jobs.append(_job(Signal.TRACES, build.traces(build.span(name="x" * 5 * PIPE_BYTES)).SerializeToString()))
    jobs.append(_job(Signal.TRACES, b"\xff" * 2 * PIPE_BYTES))
    expected = [_outcome(_here, job) for job in jobs]

    def ask(first: int) -> int:
        order = [(first * 5 + step * (first + 1)) % len(jobs) for step in range(len(jobs) * 2)]
        wrong = [index for index in order if _outcome(shared.decode, jobs[index]) != expected[index]]
        assert not wrong
        return len(order)

    with ThreadPoolExecutor(4) as threads:
        answered = [threads.submit(ask, first) for first in range(4)]

        assert [future.result(ANSWER_S) for future in answered] == [2 * len(jobs)] * 4


def _outcome(how: Callable[[Job], Batch], job: Job) -> Any:
    try:
        return how(job)
    except Refused as error:
        return str(error)


def test_killed_before_a_request_it_says_so(helper: Helper) -> None:
    """A process that was killed gives LostError, for this request and for those after it."""
    os.kill(helper.pid, signal.SIGKILL)
    for _ in range(3):
        with pytest.raises(LostError):
            helper.decode(_job(Signal.TRACES, build.body(Signal.TRACES, 5000)))


@pytest.mark.parametrize("threads", [1, 3])
def test_killed_while_a_request_is_decoded_it_says_so(helper: Helper, threads: int) -> None:
    """Killed half-way, with the request partly read or the answer unwritten, everybody who waits gets LostError."""
    job = _job(Signal.TRACES, build.body(Signal.TRACES, 50_000))
    with ThreadPoolExecutor(threads) as pool:
        os.kill(helper.pid, signal.SIGSTOP)
        asked = [pool.submit(helper.decode, job) for _ in range(threads)]
        threading.Event().wait(0.2)
        assert not any(future.done() for future in asked)
        os.kill(helper.pid, signal.SIGKILL)

        assert all(isinstance(future.exception(ANSWER_S), LostError) for future in asked)


def test_killed_at_any_moment_it_says_so_or_has_answered() -> None:
    """However far it came, the outcome is the right batch or LostError."""
    job = _job(Signal.TRACES, build.body(Signal.TRACES, 20_000))
    expected = _here(job)
    for delay in (0.0, 0.02, 0.06, 0.12, 0.2):
        with closing(_ready()) as made, ThreadPoolExecutor(1) as pool:
            asked = pool.submit(made.decode, job)
            threading.Event().wait(delay)
            os.kill(made.pid, signal.SIGKILL)
            error = asked.exception(ANSWER_S)

            assert isinstance(error, LostError) or asked.result() == expected


def test_half_an_answer_spoils_the_rest(tmp_path: Path) -> None:
    """When an answer cannot be read, what follows it is not taken for another one."""
    words = tmp_path / "words"
    whole = pickle.dumps((_here(_job(Signal.LOGS, b"")), marshal.dumps([])))
    words.write_bytes(pickle.dumps(READY) + b"\x00" + whole * 3)
    with closing(_ready(run=_running(["sh", "-c", f"cat {words}; cat >/dev/null"]))) as made:
        for _ in range(3):
            with pytest.raises(LostError):
                made.decode(_job(Signal.TRACES, build.body(Signal.TRACES)))
        assert _runs(made.pid)


def _running(command: list[str]) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start another program in its place."""

    def run(_command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, **options)

    return run


def test_one_that_cannot_start_is_lost() -> None:
    """A program that is not there, or ends at once, or says something else, raises LostError."""
    with pytest.raises(LostError):
        Helper(run=_running(["/nowhere/python"]))
    for command in (["false"], ["echo", "good morning"]):
        with closing(Helper(run=_running(command))) as made, pytest.raises(LostError):
            until(made.up)


def test_threads_that_look_together_all_learn_that_it_is_lost() -> None:
    """Whoever looks while another closes it gets LostError and nothing else."""
    for _ in range(20):
        made = Helper(run=_running(["false"]))
        start = threading.Barrier(3)

        def look(made: Helper = made, start: threading.Barrier = start) -> Exception | None:
            start.wait()
            try:
                until(made.up)
            except Exception as error:
                made.close()
                return error
            return None

        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(look) for _ in range(3)]

            assert [type(future.result()) for future in asked] == [LostError] * 3


def test_it_comes_up_beside_thousands_of_open_files() -> None:
    """File numbers above 1023, as a daemon with many connections has, are no hindrance."""
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        with closing(_ready()) as made:
            assert made._process.stdout is not None
            assert made._process.stdout.fileno() > 1023
            _assert_same(made, _job(Signal.TRACES, build.body(Signal.TRACES)))
    finally:
        for number in held:
            os.close(number)


def test_it_starts_where_only_the_program_knows_its_modules(tmp_path: Path) -> None:
    """As after an installation from a wheel, whose modules are not on the interpreter's own path."""
    away = tmp_path / "modules"
    away.mkdir()
    for folder in ("collector", "core", "privacy", "schema", "tracking"):
        (away / folder).symlink_to(ROOT / folder)
    libraries = os.pathsep.join(path for path in sys.path if "site-packages" in path)
    program = (
        f"import sys; sys.path.insert(0, {str(away)!r})\n"
        "from threading import Event; from collector.helper import Helper; helper = Helper()\n"
        "while not helper.up(): Event().wait(0.01)\n"
        "helper.close(); print('up')"
    )
    outside = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    environment = {**os.environ, "PYTHONPATH": libraries}
    command = [outside, "-P", "-c", program]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=ANSWER_S)

    assert run.stdout.decode() == "up\n", run.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_meant_for_the_daemon_do_not_end_it(helper: Helper, number: int) -> None:
    """It answers on: the daemon alone decides when it is no longer needed."""
    for _ in range(3):
        os.kill(helper.pid, number)
        _assert_same(helper, _job(Signal.TRACES, build.body(Signal.TRACES)))


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program that has a helper and tells its id; it closes its end of the pipe when it reads the end."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as made:
        yield made
        made.kill()


def _helper_of(parent: "subprocess.Popen[bytes]") -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def test_it_ends_when_the_pipe_to_it_is_closed(parent: "subprocess.Popen[bytes]") -> None:
    """It ends by itself, though the daemon goes on."""
    pid = _helper_of(parent)
    assert _runs(pid)
    assert parent.stdin is not None
    parent.stdin.close()

    until(lambda: not _runs(pid), within_s=END_S)
    assert parent.poll() is None


def test_it_ends_when_the_daemon_is_killed(parent: "subprocess.Popen[bytes]") -> None:
    """No process is left behind by a daemon that had no chance to clean up, and nothing is said about it."""
    pid = _helper_of(parent)
    assert _runs(pid)
    parent.kill()

    until(lambda: not _runs(pid), within_s=END_S)
    assert parent.stderr is not None
    assert parent.stderr.read() == b""


def test_nothing_is_left_after_close() -> None:
    """Neither a process nor a file descriptor."""
    before = _fds()
    made = _ready()
    assert _fds() == before + 2
    made.decode(_job(Signal.TRACES, build.body(Signal.TRACES, 100)))
    made.close()
    made.close()

    assert not _there_is(made.pid)
    assert _fds() == before
    with pytest.raises(LostError):
        made.decode(_job(Signal.TRACES, build.body(Signal.TRACES)))


def test_close_does_not_wait_for_one_that_is_stuck(helper: Helper) -> None:
    """Closed while threads wait for a process that does not move, it ends at once, and they get LostError."""
    os.kill(helper.pid, signal.SIGSTOP)
    job = _job(Signal.TRACES, build.traces(build.span(name="x" * 5 * PIPE_BYTES)).SerializeToString())
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(helper.decode, job) for _ in range(3)]
        threading.Event().wait(0.1)
        helper.close()

        assert all(isinstance(future.exception(ANSWER_S), LostError) for future in asked)
    assert not _there_is(helper.pid)
