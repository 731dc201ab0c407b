"""Describe work for another process, run it there, and read back what came of it.

Senders and the floor have processes of their own: they share no interpreter with each other or with the daemon.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from benchmarks.traffic import Shape

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Job:
    """Say what to send, where to, and how fast."""

    address: str
    transport: str = "http"
    encoding: str = "protobuf"
    requests: int = 200
    warm_up: int = 40
    in_flight: int = 4
    spans_per_second: float = 0
    """0 sends as fast as answers come."""
    traces: int = 32
    spans_per_trace: int = 16
    seed: int = 1
    begin_ns: int = field(default_factory=time.time_ns)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """Say how large each request is."""
        return Shape(self.traces, self.spans_per_trace)

    @property
    def spans(self) -> int:
        """Count all spans that are sent, the warm-up included."""
        return (self.requests + self.warm_up) * self.shape.spans


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold what the senders saw; the warm-up is not in it."""

    spans: int
    began: float
    """When the first was sent, by `time.perf_counter`, which all processes of a machine share."""
    seconds: float
    """From the first send to the last acknowledgement."""
    latencies_ms: list[float]
    answered_s: list[float]
    """When each answer came, counted from the first send, in order."""
    retries: int
    cpu_s: float

    @property
    def rate(self) -> float:
        """Give the acknowledged spans a second."""
        return self.spans / self.seconds


class Task:
    """Run a module in a process of its own: its request on standard input, its result in a file.

    A pipe would hold a long result back until somebody reads it, and nobody does while the process runs.
    """

    def __init__(self, module: str, request: dict[str, Any]) -> None:
        """Start it."""
        self._output = TemporaryFile()  # noqa: SIM115  read and closed by `result`
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=self._output
        )
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(json.dumps(request).encode())

    @property
    def running(self) -> bool:
        """Say whether it is still at work."""
        return self._process.poll() is None

    def result(self) -> dict[str, Any]:
        """Wait for the end and read the result, or fail with the process."""
        if self._process.wait():
            raise RuntimeError(f"{self._process.args!r} failed; its error stands above")
        with self._output as output:
            output.seek(0)
            result: dict[str, Any] = json.load(output)
        return result


class Sending:
    """Run the senders' process beside us."""

    def __init__(self, job: Job) -> None:
        """Start it."""
        self._task = Task("benchmarks.clients", asdict(job))

    @property
    def running(self) -> bool:
        """Say whether it is still at work."""
        return self._task.running

    def result(self) -> Sent:
        """Wait for the end."""
        return Sent(**self._task.result())


def send(job: Job) -> Sent:
    """Send everything and wait for the last answer."""
    return Sending(job).result()
