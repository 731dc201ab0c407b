"""Run the real program as a process of its own, look at it from outside, and always end it.

A process is ended by its own id and nothing else.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

ROOT = Path(__file__).parents[2]
FREE_PORTS = range(20_000, 30_000)
"""Below the ports that the system gives to clients, so that a client cannot meet itself while the daemon is away."""
HOST = "127.0.0.1"
READY_S = 20.0
STOP_S = 20.0


class Ports(NamedTuple):
    """Hold where a daemon listens, or will."""

    grpc: int
    http: int


class Process:
    """Hold a daemon that runs as a child: `ready` is its ready line, `lines` all that it wrote to standard error."""

    def __init__(self, db: Path, *, grpc: str, http: str, settings: Mapping[str, Any]) -> None:
        """Start it and return at once; settings are dotted paths with `__`, as in `running`."""
        self.db = db
        self.lines: list[str] = []
        self.ready: dict[str, Any] = {}
        self.started = time.monotonic()
        self.ready_after_s = float("inf")
        self._popen = launch("serve", "--db", str(db), "--grpc", grpc, "--http", http, *assignments(settings))
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, name=f"stderr of {self.pid}")
        self._reader.start()

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._popen.pid

    @property
    def grpc(self) -> int:
        """Give the gRPC port, once ready."""
        return int(self.ready["grpc"].rpartition(":")[2])

    @property
    def http(self) -> int:
        """Give the HTTP port, once ready."""
        return int(self.ready["http"].rpartition(":")[2])

    @property
    def code(self) -> int | None:
        """Give the exit status, None while it runs; minus the signal that ended it."""
        return self._popen.poll()

    @property
    def wal(self) -> Path:
        """Name the write-ahead log."""
        return self.db.with_name(f"{self.db.name}-wal")

    def wait_ready(self, timeout: float = READY_S) -> "Process":
        """Wait for the ready line; fail with what was written when the process ends or stays silent."""
        self._told.wait(timeout)
        assert self.ready, f"not ready, exit status {self.code}: {self.text}"
        return self

    def is_ready_within(self, seconds: float) -> bool:
        """Wait for the ready line, but no longer than that; say whether it came."""
        self._told.wait(max(0.0, seconds))
        return bool(self.ready)

    def is_over_within(self, seconds: float) -> bool:
        """Wait for the end, but no longer than that; say whether it came."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def wait(self, timeout: float = STOP_S) -> int:
        """Wait for the end and give the exit status."""
        code = self._popen.wait(timeout)
        self._reader.join(timeout)
        return code

    def signal(self, number: int) -> None:
        """Send a signal, if the process is still there."""
        self._popen.send_signal(number)

    def stop(self, timeout: float = STOP_S) -> int:
        """Ask it to stop and give the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def rss(self) -> int:
        """Give the resident bytes, its helper's included."""
        return sum(_status(pid, "VmRSS") for pid in (self.pid, *self.children())) << 10

    def peak_rss(self) -> int:
        """Give the most resident bytes that it and its helper ever had, at the same time or not."""
        return sum(_status(pid, "VmHWM") for pid in (self.pid, *self.children())) << 10

    def children(self) -> list[int]:
        """List the processes it started that still run."""
        lists = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for found in lists for pid in found.read_text().split()]

    def threads(self) -> int:
        """Count the threads."""
        return _status(self.pid, "Threads")

    def fds(self) -> int:
        """Count the open file descriptors."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208  a listing is all that is wanted

    @property
    def text(self) -> str:
        """Give all that was written to standard error."""
        return "\n".join(self.lines)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Give the log lines that are JSON."""
        return [orjson.loads(line) for line in list(self.lines) if line.startswith("{")]

    def _read(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            for raw in stderr:
                line = raw.decode(errors="replace").rstrip("\n")
                self.lines.append(line)
                if not self.ready and line.startswith("{"):
                    self._look(orjson.loads(line))
        self._told.set()

    def _look(self, record: dict[str, Any]) -> None:
        if record["event"] == "ready":
            self.ready_after_s = time.monotonic() - self.started
            self.ready = record
            self._told.set()


@contextmanager
def process(db: Path, *, grpc: int | str = 0, http: int | str = 0, **settings: Any) -> Iterator[Process]:
    """Run a daemon for the length of a block, not waiting for it to be ready; port 0 is a free one, "off" is none.

    It is killed at the end of the block if it still runs then. It keeps no reserve unless told to.
    """
    made = Process(db, grpc=_address(grpc), http=_address(http), settings={"store__reserve": 0, **settings})
    try:
        yield made
    finally:
        made.kill()


@contextmanager
def ready_process(db: Path, *, grpc: int | str = 0, http: int | str = 0, **settings: Any) -> Iterator[Process]:
    """Run a daemon that is ready for the length of a block."""
    with process(db, grpc=grpc, http=http, **settings) as made:
        yield made.wait_ready()


def launch(*arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start any command of the program from this checkout, untouched by the environment's own settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPANLEDGER_")}
    command = [sys.executable, "-m", "spanledger", *arguments]
    kept = {"cwd": ROOT, "env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    return subprocess.Popen(command, **{**kept, "stderr": subprocess.PIPE, **options})


def command(*arguments: str, timeout: float = STOP_S) -> tuple[int, str, str]:
    """Run a command of the program to its end: exit status, output, errors."""
    with launch(*arguments, stdout=subprocess.PIPE) as run:
        try:
            output, errors = run.communicate(timeout=timeout)
        finally:
            run.kill()
    return run.returncode, output.decode(), errors.decode()


def assignments(settings: Mapping[str, Any]) -> list[str]:
    """Write settings as `--set` flags."""
    pairs = (f"{name.replace('__', '.')}={value}" for name, value in settings.items())
    return [word for pair in pairs for word in ("--set", pair)]


def free_ports() -> Ports:
    """Find two ports on which nobody listens."""
    shuffled = iter(random.sample(FREE_PORTS, len(FREE_PORTS)))
    grpc = next(port for port in shuffled if _is_free(port))
    return Ports(grpc, next(port for port in shuffled if _is_free(port)))


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _address(port: int | str) -> str:
    return f"{HOST}:{port}" if isinstance(port, int) else port
