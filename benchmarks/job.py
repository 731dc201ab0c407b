"""Describe work for another process, run it there, and read back what came of it.

Senders and the floor have processes of their own: they share no interpreter with each other or with the daemon.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
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


class Sending:
    """Run the senders' process beside us."""

    def __init__(self, job: Job) -> None:
        """Start it."""
        self._process = start("benchmarks.clients", asdict(job))

    @property
    def running(self) -> bool:
        """Say whether it is still at work."""
        return self._process.poll() is None

    def result(self) -> Sent:
        """Wait for the end."""
        return Sent(**finish(self._process))


def send(job: Job) -> Sent:
    """Send everything and wait for the last answer."""
    return Sending(job).result()


def start(module: str, request: dict[str, Any]) -> subprocess.Popen[str]:
    """Start a module with its request on standard input; its result file is standard output."""
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(request))
    process.stdin.close()
    process.stdin = None  # so that communicate() does not flush it again
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read the result, or fail with the process."""
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args!r} failed; its error stands above")
    result: dict[str, Any] = json.loads(output)
    return result
