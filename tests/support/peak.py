"""Measure what a process of ours took at its worst, and how long it stood still."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tests.support.process import Process
from tests.support.service import Running

MIB = 1 << 20
DERIVING = 192 * MIB
"""What the process that derives may hold: it keeps the facts of the sessions that it worked on last."""
INDEXING = 96 * MIB
"""What the process that keeps the index of texts may hold: some megabytes of texts, words that are not written yet."""
BOUND = (512 + 5 * 64) * MIB + DERIVING + INDEXING
"""The memory setting and five of the largest requests (reliability.md P3)."""
RESTED_BYTES = 352 * MIB
STILL_BYTES = MIB
ALWAYS = 2
"""Processes that a daemon always has: the deriving one and that of the index."""
STILL_WITHIN_S = 5
RESTED_WITHIN_S = 1
"""How long a daemon is given to return what the request before took, so that each is measured alone."""


@dataclass(slots=True)
class Peak:
    """Hold the resident bytes before a block and the most there were during it."""

    before: int
    highest: int = 0

    @property
    def growth(self) -> int:
        """Give by how much it rose."""
        return self.highest - self.before


@contextmanager
def peak_of(daemon: Process) -> Iterator[Peak]:
    """Measure the most resident bytes of a process during a block, after it has rested; never more than P3 allows."""
    until = time.monotonic() + RESTED_WITHIN_S
    while daemon.rss() > RESTED_BYTES and time.monotonic() < until:
        threading.Event().wait(0.05)
    _stand_still(daemon)
    for pid in (daemon.pid, *daemon.children()):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    peak = Peak(daemon.rss())
    yield peak
    peak.highest = daemon.peak_rss()
    assert peak.highest <= BOUND, f"{peak.highest // MIB} MiB, {peak.before // MIB} MiB before"


def _stand_still(daemon: Process) -> None:
    """Wait until a daemon's processes have started, which is later than it: what they grow by then is no request's."""
    until, before = time.monotonic() + STILL_WITHIN_S, 0
    while time.monotonic() < until:
        before, now = daemon.rss(), before
        if len(daemon.children()) >= ALWAYS and abs(now - before) <= STILL_BYTES:
            return
        threading.Event().wait(0.3)


@dataclass(slots=True)
class Pulse:
    """Hold how long each of many small requests to a daemon took, in seconds."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """Give the longest wait."""
        return max(self.times)

    def share(self, part: float) -> float:
        """Give the time within which this part of them was answered."""
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * part))]


@contextmanager
def pulse_of(daemon: Process, *, path: str = "/healthz") -> Iterator[Pulse]:
    """Ask a daemon small questions on one connection, one after the other, for the length of a block."""
    pulse, over = Pulse(), threading.Event()
    asking = threading.Thread(target=_ask, args=(daemon.http, path, pulse, over))
    asking.start()
    try:
        yield pulse
    finally:
        over.set()
        asking.join()


def _ask(port: int, path: str, pulse: Pulse, over: threading.Event) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.connect()
        while not over.wait(0.002):
            began = time.perf_counter()
            try:
                connection.request("GET", path)
                status = connection.getresponse()
                status.read()
            except (OSError, http.client.HTTPException) as error:
                pulse.errors.append(repr(error))
                return
            pulse.times.append(time.perf_counter() - began)
            if status.status != 200:
                pulse.errors.append(str(status.status))


def reach(daemon: Process) -> Running:
    """Let the raw clients talk to a process; all they ask of a service is its two ports."""
    return cast(Running, daemon)
