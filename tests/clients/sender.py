"""Drive a program that sends: it takes commands and tells events, one JSON object a line (see python_sender.py)."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from schema.signals import WIRE, Signal
from tests.clients.clients import Client
from tests.clients.kits import MissingError

PATIENCE_S = 30.0
"""How long a test waits for an event; clients give up after 10 s."""
CHATTER = ("retry", "log")
"""Events that may come while another is waited for."""


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what an exporter returned for one batch, and after how long."""

    result: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Hold what a client said about one sending: the results, the delays before each retry, what it logged."""

    results: dict[str, Result]
    delays: list[float]
    logged: list[str]

    @property
    def told(self) -> dict[str, str]:
        """Give what each exporter returned."""
        return {key: result.result for key, result in self.results.items()}


class Sender:
    """Own the program that sends as one client does, with an exporter for each of the client's keys.

    `release` is what the program says of its exporters.
    """

    def __init__(self, client: Client, command: Sequence[str]) -> None:
        """Start the program and wait until it is ready."""
        self.client = client
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._delays: list[float] = []
        self._logged: list[str] = []
        self._reader = threading.Thread(target=self._read, name="sender")
        self._reader.start()
        self.release = str(self._wait("ready")["release"])

    def open(self, ports: Mapping[str, int]) -> None:
        """Make new exporters, each for the port under its key."""
        self._do("open", endpoints={key: self._endpoint(key, port) for key, port in ports.items()})
        self._wait("opened")

    def start(self, run: str, *, good: int, bad: int = 0) -> None:
        """Begin to send a batch with each exporter."""
        self._delays, self._logged = [], []
        self._do("send", run=run, good=good, bad=bad)

    def wait_for_retries(self) -> None:
        """Wait until the client has said as often as it has exporters that one will try again."""
        while len(self._delays) < len(self.client.keys):
            self._wait("retry")

    def report(self) -> Report:
        """Wait until everything that was started is over."""
        results = self._wait("sent")["results"]
        return Report({key: Result(**value) for key, value in results.items()}, self._delays, self._logged)

    def close(self) -> None:
        """Let the program end; it must do so by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            status = self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._reader.join()

        assert status == 0

    def _endpoint(self, key: str, port: int) -> str:
        signal, _ = key.split()
        path = WIRE[Signal(signal)].path if self.client.transport == "http" else ""
        return f"http://127.0.0.1:{port}{path}"

    def _do(self, what: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()

    def _wait(self, kind: str) -> dict[str, Any]:
        """Take events until one of a kind comes, keeping what is said on the way."""
        while True:
            event = self._events.get(timeout=PATIENCE_S)
            if event["event"] == "retry":
                self._delays.append(float(event["after"]))
            if "text" in event:
                self._logged.append(str(event["text"]))
            if event["event"] == kind:
                return event
            assert event["event"] in CHATTER, f"waited for {kind!r}, got {event}"

    def _read(self) -> None:
        lines = self._process.stdout
        assert lines is not None
        with lines:
            for line in lines:
                self._events.put(json.loads(line))
        self._events.put({"event": "end"})


@contextmanager
def sending(client: Client) -> Iterator[Sender]:
    """Run a sender for the length of a block; skip the test when its program cannot be had."""
    try:
        command = client.command(client.protocol)
    except MissingError as error:
        pytest.skip(str(error))
    sender = Sender(client, command)
    try:
        assert sender.release == client.release
        yield sender
    finally:
        sender.close()
