"""Databases that are full, gone, held, foreign or out of time: rows 88 to 92."""

import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import apsw
import orjson
import pytest

from schema.signals import WIRE, Signal
from store.disk import network_filesystem
from tests.support import build
from tests.support.clients import post, request
from tests.support.neighbours import rows
from tests.support.peak import reach
from tests.support.process import Process, process, ready_process
from tests.support.service import Running, running
from tests.support.wait import until

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
QUICK = {"collector__limits__wait": "300ms", "collector__limits__answer_within": "600ms"}
DAY_NS = 86_400 * 10**9
BACK_WITHIN_S = 10


def status(daemon: Process, path: str) -> int:
    """Ask for health."""
    return request(reach(daemon), "GET", path).status


def sent(daemon: Process, signal: Signal = Signal.TRACES, items: int = 1) -> int:
    """Send a small request and give its status."""
    return post(reach(daemon), WIRE[signal].path, build.body(signal, items)).status


def counted(db: Path) -> int:
    """Count the stored spans."""
    return int(rows(db, "select count(*) as n from spans")[0]["n"])


@contextmanager
def held(db: Path) -> Iterator[None]:
    """Hold a database's write lock for the length of a block, as another program would."""
    with closing(apsw.Connection(str(db))) as other:
        other.set_busy_timeout(5000)
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def test_row_89_a_disk_that_takes_no_more_is_a_state_that_passes(tmp_path: Path) -> None:
    """While nothing can be written senders are asked to come again, reading goes on, and it ends by itself."""
    with ready_process(tmp_path / "full.db", **QUICK) as daemon:
        assert sent(daemon) == 200
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        refused = [sent(daemon, signal, items=300) for signal in Signal]
        health = status(daemon, "/healthz")
        stored = counted(daemon.db)
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        until(lambda: sent(daemon) == 200)

        assert refused == [503] * 3
        assert (health, stored) == (200, 1)
        assert daemon.stop() == 0


def test_row_89_too_little_room_is_told_by_readiness(tmp_path: Path) -> None:
    """With less free than is to be kept free, nothing is taken, and readiness says what is missing."""
    with running(tmp_path / "little.db", store__min_free_disk="1000TiB") as service:
        reply = post(service, "/v1/traces", build.body(Signal.TRACES))
        ready = request(service, "GET", "/readyz")

        assert (reply.status, reply.error.code) == (503, 14)
        assert ready.status == 503
        assert "MiB" in orjson.loads(ready.body)["reason"]
        assert request(service, "GET", "/healthz").status == 200
        assert service.count("traces") == 0


@pytest.mark.parametrize("replaced", [False, True])
def test_row_89_a_database_that_was_removed_is_noticed(tmp_path: Path, replaced: bool) -> None:
    """After the file was deleted or replaced, success is not said of what nobody will ever find."""
    with ready_process(tmp_path / "gone.db", **QUICK) as daemon:
        assert sent(daemon) == 200
        for path in (daemon.db, daemon.wal):
            path.rename(path.with_name(f"moved-{path.name}"))
        if replaced:
            shutil.copy(tmp_path / "moved-gone.db", daemon.db)
        until(lambda: sent(daemon) == 503 or daemon.code is not None)

        assert daemon.code is None
        assert status(daemon, "/readyz") == 503


def test_row_89_a_folder_without_permissions_does_not_end_it(tmp_path: Path) -> None:
    """Whatever can still be written is; whatever cannot is asked for again; the daemon lives on."""
    folder = tmp_path / "folder"
    with ready_process(folder / "closed.db", **QUICK) as daemon:
        folder.chmod(0)
        try:
            answers = {sent(daemon) for _ in range(5)}
        finally:
            folder.chmod(0o700)
        until(lambda: sent(daemon) == 200)

        assert answers <= {200, 503}
        assert daemon.stop() == 0


def test_row_90_another_writer_is_waited_for_and_then_answered_for(tmp_path: Path) -> None:
    """While another program holds the write lock senders are asked to come again, and afterwards all goes on."""
    with ready_process(tmp_path / "held.db", **QUICK) as daemon:
        with held(daemon.db):
            refused = [sent(daemon, signal) for signal in Signal]
            not_ready = status(daemon, "/readyz")
        until(lambda: sent(daemon) == 200)

        assert refused == [503] * 3
        assert not_ready == 503


def test_row_90_nobody_waits_longer_for_another_writer_than_is_set(tmp_path: Path) -> None:
    """Each sender gets its answer within the time that is set for one, whoever came before it."""

    def timed(number: int) -> float:
        threading.Event().wait(number * 0.7)
        began = time.monotonic()
        assert sent(daemon) == 503
        return time.monotonic() - began

    with ready_process(tmp_path / "held.db", **QUICK) as daemon, ThreadPoolExecutor(9) as pool, held(daemon.db):
        longest = max(pool.map(timed, range(9)))

    assert longest < 2


def test_row_90_a_short_hold_is_not_noticed(service: Running) -> None:
    """A hold of a second is waited for, with the defaults, and the answer is success."""
    release = threading.Timer(1, lambda: None)
    with closing(apsw.Connection(str(service.db))) as other:
        other.set_busy_timeout(5000)
        other.execute("begin immediate")
        release.function = lambda: other.execute("rollback")
        release.start()
        reply = post(service, "/v1/traces", build.body(Signal.TRACES))
        release.join()

    assert reply.status == 200
    assert service.count("traces") == 1


def test_row_90_a_second_daemon_says_who_the_first_is(tmp_path: Path) -> None:
    """It ends with status 3 and the first one's process id, and the first does not notice."""
    with ready_process(tmp_path / "one.db") as first, process(tmp_path / "one.db") as second:
        assert second.wait() == 3
        assert str(first.pid) in second.text
        assert sent(first) == 200


def test_row_91_a_copy_without_its_log_starts_with_what_it_has(tmp_path: Path) -> None:
    """A database copied without its write-ahead log is consistent, older, and taken up from there."""
    with ready_process(tmp_path / "whole.db") as daemon:
        assert sent(daemon, items=50) == 200
        shutil.copy(daemon.db, tmp_path / "copy.db")
    with process(tmp_path / "copy.db") as copied:
        if copied.is_ready_within(20):
            assert sent(copied) == 200
            assert rows(copied.db, "pragma integrity_check") == [{"integrity_check": "ok"}]
        else:
            assert "copy.db" in copied.text


def _newer(db: Path) -> None:
    with closing(apsw.Connection(str(db))) as connection:
        connection.execute(f"pragma user_version = {connection.pragma('user_version') + 1}")


def _foreign(db: Path) -> None:
    for path in db.parent.glob(f"{db.name}*"):
        path.unlink()
    with closing(apsw.Connection(str(db))) as connection:
        connection.execute("create table t (x); pragma user_version = 1")


def _not_a_database(db: Path) -> None:
    for path in db.parent.glob(f"{db.name}*"):
        path.unlink()
    db.write_text("{}" * 5000)


def _cut(db: Path) -> None:
    db.write_bytes(db.read_bytes()[: 8192 + 100])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(_newer, "newer spanledger"), (_foreign, "another program"), (_not_a_database, "not a"), (_cut, "spoilt.db")],
    ids=["newer", "foreign", "not a database", "cut"],
)
def test_row_91_a_database_that_is_not_for_us_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], told: str
) -> None:
    """What cannot be ours, or is newer or broken, is refused with a sentence, left untouched, and never retried."""
    db = tmp_path / "spoilt.db"
    with ready_process(db) as daemon:
        assert sent(daemon) == 200
        assert daemon.stop() == 0
    spoil(db)
    before = db.read_bytes()
    with process(db) as refused:
        code = refused.wait()

    assert code == 1
    assert told in refused.text
    assert "Traceback" not in refused.text
    assert db.read_bytes() == before


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p"])
def test_row_91_a_network_file_system_is_known(tmp_path: Path, kind: str) -> None:
    """A file system on which a write-ahead log is not safe is recognised; the doctor warns of it."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/export {tmp_path} {kind} rw 0 0\n")

    assert network_filesystem(tmp_path / "spanledger.db", mounts=mounts) == kind


@pytest.mark.parametrize("jump", [-DAY_NS, DAY_NS, 3650 * DAY_NS, -3650 * DAY_NS])
@pytest.mark.parametrize("signal", Signal)
def test_row_92_a_jump_of_the_clock_loses_and_doubles_nothing(service: Running, signal: Signal, jump: int) -> None:
    """Whatever the clock says, what is sent is stored, and what is sent again is not stored twice."""
    ingest, path = service.service.ingest, WIRE[signal].path
    first, second = build.body(signal, 5), build.body(signal, 5)
    assert post(service, path, first).status == 200
    ingest.clock = lambda: time.time_ns() + jump
    answers = [post(service, path, body).status for body in (first, second, second)]
    ingest.clock = time.time_ns
    answers += [post(service, path, body).status for body in (first, second)]

    assert answers == [200] * 5
    assert service.count(signal) == 10
    assert service.ledger()[0].conflicts == 0


def test_row_92_a_jump_of_the_clock_expires_nothing_at_once(service: Running) -> None:
    """After the clock leapt by years, a sweep goes on by a day at most; when it is set right, all goes on as before."""
    keeper = service.service.keeper
    until(lambda: service.service.following.is_level, within_s=30)
    assert _goes_round(service) == []
    assert post(service, WIRE[Signal.LOGS].path, build.body(Signal.LOGS, 20)).status == 200
    until(lambda: service.service.following.is_level, within_s=30)
    for jump in (3650 * DAY_NS, 3650 * DAY_NS, -3650 * DAY_NS, 0):
        keeper.clock = partial(_leapt, jump)
        keeper.go(None, is_ordered=False)

        assert service.count("logs") == 20
        assert service.rows("select count(*) as n from sweeps") == [{"n": 0}]


def _leapt(jump: int) -> int:
    return time.time_ns() + jump


def _goes_round(service: Running) -> list[str]:
    """Have a round done that somebody agrees to."""
    keeper = service.service.keeper
    number = keeper.order(keeper.plan()["token"])
    until(lambda: keeper.state()["done"] >= number, within_s=30)
    waiting: list[str] = keeper.state()["waiting"]
    return waiting
