"""Run a daemon for a long time under everything at once, and see that nothing grows: `python -m benchmarks.soak`.

Three signals over both transports at a steady pace, readers, an exporter whose far side comes and goes, sweeps each
minute that take what expires at the pace at which new records come. In the first half the daemon is killed again and
again; in the second it is left alone, and what it holds is measured (reliability.md P19).
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from benchmarks import machine
from benchmarks.job import ROOT
from benchmarks.settings import FOLDER, say
from benchmarks.soak_judge import Sample, judged
from benchmarks.soak_page import page
from schema.decode import decode
from schema.signals import Signal
from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.exporters.far import Far, far
from tests.support.load import TRANSPORTS, GoneError, Load, Sent, sender
from tests.support.process import Ports, Process, assignments, command, free_ports, process

KILLS: Final = 6
READ: Final = ("/", "/api/v1/sessions", "/api/v1/jobs", "/api/v1/spans?limit=50", "/metrics", "/health")
SAMPLE_S: Final = 2.0
SEED_ITEMS: Final = 500
SETTLE_S: Final = 180
REPORTED_S: Final = 5
"""By then a daemon knows how far its derived tables are behind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Say how long, and how much."""

    minutes: float = 60
    requests_per_second: float = 60
    items: int = 8
    seed: int = 19

    @property
    def seconds(self) -> float:
        """Give the length in seconds."""
        return self.minutes * 60


@dataclass(slots=True)
class Pace:
    """Give senders their turns, so many a second together."""

    every_s: float
    next: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, over: threading.Event) -> None:
        """Return when it is this sender's turn; turns that were missed are not made up for."""
        with self.lock:
            now = time.monotonic()
            self.next = max(self.next + self.every_s, now)
            wait = self.next - now
        over.wait(wait)


@dataclass(slots=True)
class Soak:
    """Hold what is going on."""

    plan: Plan
    db: Path
    ports: Ports = field(default_factory=free_ports)
    far_port: int = field(default_factory=lambda: free_ports().http)
    load: Load = field(default_factory=Load)
    over: threading.Event = field(default_factory=threading.Event)
    latencies_ms: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    reads: int = 0
    kills: int = 0
    seeded: int = 0
    began: float = field(default_factory=time.monotonic)
    alone: float = 0.0
    """When the second half begins."""

    @property
    def settings(self) -> dict[str, Any]:
        """Configure the daemon."""
        return {
            "retention__every": "60s" if self.plan.minutes > 20 else "10s",
            "retention__raw": "1h",
            "exporters__far__kind": "otlp/http",
            "exporters__far__endpoint": f"http://127.0.0.1:{self.far_port}",
        }

    @property
    def seconds(self) -> float:
        """Say how long it lasts."""
        return self.plan.seconds

    def at(self) -> float:
        """Say how long it has been."""
        return time.monotonic() - self.began

    def seed(self) -> None:
        """Keep records that expire, one after the other, while the soak lasts."""
        rate = self.plan.requests_per_second * self.plan.items / 2
        writer = SqliteWriteSide(Store(path=self.db))
        first = time.time_ns() - 3_600_000_000_000
        for _ in range(int(rate * self.plan.seconds / SEED_ITEMS)):
            sent = self.load.add(Sent(random.choice(list(Signal)), "http", self.load.next_number, SEED_ITEMS))
            came = first + int(self.seeded / rate * 1e9)
            (kept,) = writer.commit([decode(sent.signal, "protobuf", sent.body(), transport="http", received_at=came)])
            if isinstance(kept, Exception):
                raise kept
            sent.acknowledged = True
            self.seeded += SEED_ITEMS
        writer.close()

    def derive(self) -> None:
        """Have everything derived that was seeded: what is not derived from is not forgotten."""
        with self._daemon() as daemon:
            daemon.wait_ready(60)
            time.sleep(REPORTED_S)
            until = time.monotonic() + self.plan.seconds + SETTLE_S
            while time.monotonic() < until and self._value("spanledger_derive_waiting"):
                time.sleep(1)
            daemon.stop(30)
        code, _, errors = command(
            "retention", "run", "--yes", "--db", str(self.db), *assignments(self.settings), timeout=120
        )
        if code:
            raise RuntimeError(f"the rules cannot be agreed to: {errors}")

    def send(self, transport: str, pace: Pace) -> None:
        """Send for as long as it lasts; what was in flight when the daemon was killed is sent again at the end."""
        port = self.ports.grpc if transport == "grpc" else self.ports.http
        while not self.over.is_set():
            try:
                with sender(transport, port) as send:
                    while not self.over.is_set():
                        pace.wait(self.over)
                        self._send(send, self.load.take(transport))
            except GoneError:
                self.over.wait(0.05)
            except AssertionError as refusal:
                self.trouble.append(f"{transport}: {refusal}")

    def _send(self, send: Callable[[Sent], bool], sent: Sent) -> None:
        began = time.perf_counter()
        while not send(sent):
            if self.over.wait(0.05):
                return
        sent.acknowledged = True
        if self.alone:
            self.latencies_ms.append((time.perf_counter() - began) * 1000)

    def read(self) -> None:
        """Ask again and again, as people and dashboards do."""
        for path in self._paths():
            try:
                status = self._get(path)[0]
            except OSError:  # it was killed just now
                continue
            self.reads += 1
            if status >= 500:
                self.trouble.append(f"GET {path} answered {status}")

    def _get(self, path: str) -> tuple[int, bytes]:
        """Ask for a page; raise OSError when nobody answers."""
        with closing(HTTPConnection("127.0.0.1", self.ports.http, timeout=30)) as connection:
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except HTTPException as error:  # it was killed half-way
                raise ConnectionError(path) from error

    def _paths(self) -> Iterator[str]:
        while not self.over.wait(0.25):
            yield READ[self.reads % len(READ)]

    def flap(self) -> None:
        """Run the exporter's far side, with a pause each time."""
        pause = max(5.0, self.plan.seconds / 30)
        while not self.over.is_set():
            with far(port=self.far_port) as side:
                self.over.wait(pause)
                _forget(side)
            self.over.wait(pause / 3)

    def sample(self, daemon: Process) -> None:
        """Look at what it holds."""
        try:
            told = self._get("/metrics")[1].decode()
            held = daemon.rss(), _rss(daemon.pid), daemon.threads(), daemon.fds()
        except OSError:
            return
        sizes = (path.stat().st_size if path.exists() else 0 for path in (self.db, daemon.wal))
        waiting = value(told, "spanledger_export_waiting")
        database, log = sizes
        lag = value(told, "spanledger_derive_lag_seconds")
        self.samples.append(Sample(self.at(), *held, database, log, lag, waiting))

    def run(self) -> Process:
        """Do it all, and give the daemon of the second half, which still runs."""
        pace = Pace(1 / self.plan.requests_per_second)
        works = [(self.send, (transport, pace)) for transport in TRANSPORTS]
        threads = [threading.Thread(target=work, args=told) for work, told in works]
        threads += [threading.Thread(target=self.read), threading.Thread(target=self.flap)]
        for thread in threads:
            thread.start()
        try:
            self._first_half()
            return self._second_half()
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _first_half(self) -> None:
        for number in range(KILLS):
            with self._daemon() as daemon:
                daemon.wait_ready(60)
                until = self.plan.seconds / 2 * (number + 1) / KILLS * random.uniform(0.9, 1.0)
                while self.at() < until:
                    self.sample(daemon)
                    time.sleep(min(SAMPLE_S, max(0.0, until - self.at())))
                daemon.kill()
                self.kills += 1
            say(f"killed {self.kills} times; {self.load.next_number:,} items sent")

    def _second_half(self) -> Process:
        daemon = Process(
            self.db, grpc=f"127.0.0.1:{self.ports.grpc}", http=f"127.0.0.1:{self.ports.http}", settings=self.settings
        )
        daemon.wait_ready(60)
        self.alone = self.at()
        while self.at() < self.plan.seconds:
            self.sample(daemon)
            time.sleep(SAMPLE_S)
        return daemon

    def _daemon(self) -> Any:
        return process(self.db, grpc=self.ports.grpc, http=self.ports.http, **self.settings)

    def finish(self, daemon: Process) -> None:
        """Send again what was in flight at a kill, wait until all is derived and sent on, and stop it."""
        with ExitStack() as stack:
            stack.callback(daemon.kill)
            stack.enter_context(far(port=self.far_port))
            self.load.send_again(self.load.open, self.ports)
            until = time.monotonic() + SETTLE_S
            while time.monotonic() < until and not self._is_settled():
                time.sleep(1)
            code = daemon.stop(30)
            if code:
                self.trouble.append(f"the daemon ended with {code}")

    def _is_settled(self) -> bool:
        names = ("spanledger_export_waiting", "spanledger_export_stuck", "spanledger_derive_waiting")
        return not any(map(self._value, names))

    def _value(self, name: str) -> float:
        return value(self._get("/metrics")[1].decode(), name)


def _forget(side: Far) -> None:
    """Hold no bodies: the books say what was sent."""
    side.requests.clear()
    side.headers.clear()


def value(text: str, name: str) -> float:
    """Add up a metric."""
    lines = (line for line in text.splitlines() if line.partition(" ")[0].partition("{")[0] == name)
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _rss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) << 10


def main(arguments: list[str]) -> int:
    """Soak, say what came of it, and write it down if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--requests", type=float, default=60, help="requests a second, of 1 to 8 items each")
    parser.add_argument("--write", action="store_true", help="write docs/soak.md")
    told = parser.parse_args(arguments)
    plan = Plan(told.minutes, told.requests)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=FOLDER))
    try:
        soak = Soak(plan, folder / "spanledger.db")
        facts = machine.facts(folder)
        soak.seed()
        soak.derive()
        say(f"{soak.seeded:,} records that will expire; {plan.minutes:g} minutes begin")
        soak.began = time.monotonic()
        soak.finish(soak.run())
        lines = judged(soak)
        text = page(lines, plan.minutes, facts, soak.kills, soak.reads, datetime.now(UTC))
    finally:
        shutil.rmtree(folder)
    print(text)
    for what in soak.trouble[:20]:
        say(what)
    if told.write:
        (ROOT / "docs" / "soak.md").write_text(text, "utf-8")
    return 0 if all(line.is_good for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
