"""Kill the process that derives: nothing is lost and nobody waits; end the daemon: it does not stay behind."""

import os
import signal
from pathlib import Path

from derive.process import NICE
from tests.support.corpus import send, source
from tests.support.process import Process, ready_process
from tests.support.service import Running, running
from tests.support.wait import until

FIRST, SECOND = "openai-agents-openinference", "claude-code-both"
WITHIN_S = 20.0
GONE_S = 5.0


def derived(service: Running, calls: int) -> None:
    """Wait until so many model calls are derived."""
    until(lambda: service.rows("select count(*) as n from model_calls")[0]["n"] == calls, within_s=WITHIN_S)


def test_a_killed_process_is_started_again_and_goes_on(tmp_path: Path) -> None:
    """What came while there was none is derived by the next."""
    with running(tmp_path / "spanledger.db") as service:
        for recorded in source(FIRST).requests:
            send(service, recorded)
        until(lambda: bool(service.rows("select 1 from model_calls limit 1")), within_s=WITHIN_S)
        first = service.rows("select count(*) as n from model_calls")[0]["n"]
        pid = service.service.following.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        for recorded in source(SECOND).requests:
            send(service, recorded)

        derived(service, first + 23)
        assert 1 == service.service.following.restarts
        assert 0 == service.service.following.failures


def test_a_daemon_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    """The process that derives ends with its input."""
    with ready_process(tmp_path / "spanledger.db") as daemon:
        until(lambda: bool(_deriving(daemon)))
        (pid,) = _deriving(daemon)
        daemon.kill()

        until(lambda: not _runs(pid), within_s=GONE_S)


def test_it_gives_way_to_the_daemon(tmp_path: Path) -> None:
    """A process of another session would be scheduled as the daemon's equal, however nice it is (sched(7))."""
    with ready_process(tmp_path / "spanledger.db") as daemon:
        until(lambda: bool(_deriving(daemon)))
        (pid,) = _deriving(daemon)
        until(lambda: NICE == os.getpriority(os.PRIO_PROCESS, pid))

        assert os.getsid(daemon.pid) == os.getsid(pid)
        assert pid == os.getpgid(pid), "a signal to the terminal's programs would reach it"


def _deriving(daemon: Process) -> list[int]:
    return [pid for pid in daemon.children() if b"derive.process" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
