"""Use a daemon as everybody does at once: senders at a steady pace, readers, and an exporter's far side that flaps."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Final

from tests.exporters.far import Far, far
from tests.support.load import TRANSPORTS, GoneError, Load, Sent, sender
from tests.support.process import Ports, free_ports

READ: Final = ("/", "/api/v1/sessions", "/api/v1/jobs", "/api/v1/spans?limit=50", "/metrics", "/health")
READ_EVERY_S: Final = 0.25
AGAIN_S: Final = 0.05


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
class Crowd:
    """Hold who uses the daemon on these ports, what they saw, and what went wrong for them."""

    pause_s: float
    """How long the exporter's far side is there each time; it is gone for a third of that."""
    ports: Ports = field(default_factory=free_ports)
    far_port: int = field(default_factory=lambda: free_ports().http)
    load: Load = field(default_factory=Load)
    over: threading.Event = field(default_factory=threading.Event)
    is_timed: bool = False
    """Whether it is noted how long answers take."""
    latencies_ms: list[float] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    reads: int = 0

    @contextmanager
    def there(self, requests_per_second: float) -> Iterator[None]:
        """Have all of them there for the length of a block."""
        pace = Pace(1 / requests_per_second)
        threads = [threading.Thread(target=self._send_all, args=(transport, pace)) for transport in TRANSPORTS]
        threads += [threading.Thread(target=self._read), threading.Thread(target=self._flap)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for a page; raise OSError when nobody answers."""
        with closing(HTTPConnection("127.0.0.1", self.ports.http, timeout=30)) as connection:
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except HTTPException as error:  # it was killed half-way
                raise ConnectionError(path) from error

    def _send_all(self, transport: str, pace: Pace) -> None:
        """Send for as long as it lasts; what was in flight when the daemon was killed is sent again at the end."""
        port = self.ports.grpc if transport == "grpc" else self.ports.http
        while not self.over.is_set():
            try:
                with sender(transport, port) as send:
                    while not self.over.is_set():
                        pace.wait(self.over)
                        self._send(send, self.load.take(transport))
            except GoneError:
                self.over.wait(AGAIN_S)
            except AssertionError as refusal:
                self.trouble.append(f"{transport}: {refusal}")

    def _send(self, send: Callable[[Sent], bool], sent: Sent) -> None:
        began = time.perf_counter()
        while not send(sent):
            if self.over.wait(AGAIN_S):
                return
        sent.acknowledged = True
        if self.is_timed:
            self.latencies_ms.append((time.perf_counter() - began) * 1000)

    def _read(self) -> None:
        """Ask again and again, as people and dashboards do."""
        for path in self._paths():
            try:
                status = self.get(path)[0]
            except OSError:  # it was killed just now
                continue
            self.reads += 1
            if status >= 500:
                self.trouble.append(f"GET {path} answered {status}")

    def _paths(self) -> Iterator[str]:
        while not self.over.wait(READ_EVERY_S):
            yield READ[self.reads % len(READ)]

    def _flap(self) -> None:
        """Run the exporter's far side, with a pause each time."""
        while not self.over.is_set():
            with far(port=self.far_port) as side:
                self.over.wait(self.pause_s)
                _forget(side)
            self.over.wait(self.pause_s / 3)


def _forget(side: Far) -> None:
    """Hold no bodies: the books say what was sent."""
    side.requests.clear()
    side.headers.clear()
