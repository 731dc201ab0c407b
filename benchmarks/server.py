"""Run the daemon as a user would: its own process, its own database, on a real disk."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.job import ROOT

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 60
LOOK_EVERY_S = 0.005
IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(slots=True)
class Daemon:
    """Hold a running daemon."""

    process: subprocess.Popen[bytes]
    grpc: str
    http: str
    db: Path
    log: Path
    ready_s: float = 0

    def address(self, transport: str) -> str:
        """Say where to send."""
        return self.grpc if transport == "grpc" else self.http

    def rss_mb(self) -> float:
        """Read how much memory it and its helper hold, in millions of bytes."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [self.process.pid, *(int(pid) for found in children for pid in found.read_text().split())]
        return sum(map(rss_mb, pids))


@contextmanager
def running(folder: Path, *, db: Path | None = None) -> Iterator[Daemon]:
    """Start a daemon, wait until it is ready, and stop it by SIGTERM; fail unless it exits with 0."""
    began = time.perf_counter()
    daemon = _start(folder, db or folder / "bench.db")
    try:
        wait_until_ready(daemon.process, daemon.http, "/readyz", log=daemon.log)
        daemon.ready_s = time.perf_counter() - began
        yield daemon
        stop(daemon.process)
    finally:
        daemon.process.kill()
        daemon.process.wait()
    if daemon.process.returncode:
        raise RuntimeError(f"the daemon ended with {daemon.process.returncode}: {_tail(daemon.log)}")


@contextmanager
def fresh_folder(parent: Path) -> Iterator[Path]:
    """Make an empty folder for one run, on a quiet disk, and clear it away afterwards."""
    parent.mkdir(parents=True, exist_ok=True)
    check_disk(parent)
    os.sync()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def check_disk(folder: Path) -> None:
    """Refuse a file system in memory: there an fsync costs nothing."""
    kind = filesystem(folder)
    if kind in IN_MEMORY:
        raise SystemExit(f"{folder} is on {kind}, where nothing is durable; choose a folder on a disk with --dir")


def filesystem(folder: Path) -> str:
    """Name the file system that a folder is on."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    holding = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(holding, default=(0, "unknown"))[1]


def rss_mb(pid: int) -> float:
    """Read how much memory a process holds, in millions of bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kib) * 1024 / 1e6


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(
    process: subprocess.Popen[bytes], address: str, path: str, *, log: Path, within_s: float = READY_WITHIN_S
) -> None:
    """Ask again and again until the answer is 200; fail when the process ends or time is up."""
    until = time.perf_counter() + within_s
    while not _answers(address, path):
        if process.poll() is not None or time.perf_counter() > until:
            raise RuntimeError(f"{process.args!r} is not ready: {_tail(log)}")
        time.sleep(LOOK_EVERY_S)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end and wait for it."""
    process.send_signal(signal.SIGTERM)
    process.wait(STOPPED_WITHIN_S)


def _start(folder: Path, db: Path) -> Daemon:
    grpc, http = (f"127.0.0.1:{free_port()}" for _ in range(2))
    log = folder / "daemon.log"
    command = [sys.executable, "-m", "spanledger", "serve", "--db", str(db), "--grpc", grpc, "--http", http]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    return Daemon(process, grpc, http, db, log)


def _answers(address: str, path: str) -> bool:
    connection = HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
