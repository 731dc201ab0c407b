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
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks import machine
from benchmarks.job import ROOT
from benchmarks.settings import FOLDER, say
from benchmarks.soak_crowd import Crowd
from benchmarks.soak_judge import Sample, judged
from benchmarks.soak_page import page
from schema.decode import decode
from schema.signals import Signal
from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.exporters.far import far
from tests.support.load import Sent
from tests.support.process import Process, assignments, command, process

KILLS: Final = 6
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
class Soak:
    """Hold what is going on."""

    plan: Plan
    db: Path
    crowd: Crowd
    samples: list[Sample] = field(default_factory=list)
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
            "exporters__far__endpoint": f"http://127.0.0.1:{self.crowd.far_port}",
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
        writer, load = SqliteWriteSide(Store(path=self.db)), self.crowd.load
        first = time.time_ns() - 3_600_000_000_000
        for _ in range(int(rate * self.plan.seconds / SEED_ITEMS)):
            sent = load.add(Sent(random.choice(list(Signal)), "http", load.next_number, SEED_ITEMS))
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

    def sample(self, daemon: Process) -> None:
        """Look at what it holds."""
        try:
            told = self.crowd.get("/metrics")[1].decode()
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
        with self.crowd.there(self.plan.requests_per_second):
            self._first_half()
            return self._second_half()

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
            say(f"killed {self.kills} times; {self.crowd.load.next_number:,} items sent")

    def _second_half(self) -> Process:
        daemon = Process(
            self.db,
            grpc=f"127.0.0.1:{self.crowd.ports.grpc}",
            http=f"127.0.0.1:{self.crowd.ports.http}",
            settings=self.settings,
        )
        daemon.wait_ready(60)
        self.alone, self.crowd.is_timed = self.at(), True
        while self.at() < self.plan.seconds:
            self.sample(daemon)
            time.sleep(SAMPLE_S)
        return daemon

    def _daemon(self) -> Any:
        return process(self.db, grpc=self.crowd.ports.grpc, http=self.crowd.ports.http, **self.settings)

    def finish(self, daemon: Process) -> None:
        """Send again what was in flight at a kill, wait until all is derived and sent on, and stop it."""
        with ExitStack() as stack:
            stack.callback(daemon.kill)
            stack.enter_context(far(port=self.crowd.far_port))
            self.crowd.load.send_again(self.crowd.load.open, self.crowd.ports)
            until = time.monotonic() + SETTLE_S
            while time.monotonic() < until and not self._is_settled():
                time.sleep(1)
            code = daemon.stop(30)
            if code:
                self.crowd.trouble.append(f"the daemon ended with {code}")

    def _is_settled(self) -> bool:
        names = ("spanledger_export_waiting", "spanledger_export_stuck", "spanledger_derive_waiting")
        return not any(map(self._value, names))

    def _value(self, name: str) -> float:
        return value(self.crowd.get("/metrics")[1].decode(), name)


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
        soak = Soak(plan, folder / "spanledger.db", Crowd(pause_s=max(5.0, plan.seconds / 30)))
        facts = machine.facts(folder)
        soak.seed()
        soak.derive()
        say(f"{soak.seeded:,} records that will expire; {plan.minutes:g} minutes begin")
        soak.began = time.monotonic()
        soak.finish(soak.run())
        lines = judged(soak)
        text = page(lines, plan.minutes, facts, soak.kills, soak.crowd.reads, datetime.now(UTC))
    finally:
        shutil.rmtree(folder)
    print(text)
    for what in soak.crowd.trouble[:20]:
        say(what)
    if told.write:
        (ROOT / "docs" / "soak.md").write_text(text, "utf-8")
    return 0 if all(line.is_good for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
