"""Prove that a request is handed on until it is answered for good."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collector.config import Http
from core.errors import Refused, StoreBusy, TryAgain
from core.section import Address
from schema.signals import WIRE, Signal
from spanledger import sinks
from spanledger.sinks import DaemonSink, LocalSink, Sent
from store.protocol import Outcome

Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def answering(*answers: Answer) -> Iterator[tuple[DaemonSink, list[tuple[str, str | None, str | None, bytes]]]]:
    """Run a server that gives these answers in order, and a sink that sends to it."""
    left = list(answers)
    heard: list[tuple[str, str | None, str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Note the request and answer."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, self.headers["Content-Type"], self.headers["Authorization"], body))
            status, headers, text = left.pop(0)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sink = DaemonSink(Address("0.0.0.0", server.server_port), Http(), token="hush")
        try:
            yield sink, heard
        finally:
            sink.close()
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long would have been waited."""
    slept: list[float] = []
    monkeypatch.setattr("spanledger.sinks.time.sleep", slept.append)
    return slept


def test_post() -> None:
    """A request goes to its signal's path with its content type and the token."""
    with answering((200, {}, b"")) as (sink, heard):
        assert Sent() == sink.send(Signal.LOGS, "protobuf", b"\x0a\x00")

    assert [("/v1/logs", "application/x-protobuf", "Bearer hush", b"\x0a\x00")] == heard


def test_come_again(waited: list[float]) -> None:
    """A busy collector is asked again after the time that it names."""
    with answering((503, {"Retry-After": "3"}, b""), (503, {}, b""), (200, {}, b"{}")) as (sink, heard):
        sink.send(Signal.TRACES, "json", b"{}")

    assert len(heard) == 3
    assert [3.0, 1.0] == waited


def test_partial_success() -> None:
    """The items that the collector refused are counted, in both encodings."""
    response = WIRE[Signal.METRICS].response()
    response.partial_success.rejected_data_points = 2
    response.partial_success.error_message = "no"
    told = b'{"partialSuccess": {"rejectedDataPoints": "2", "errorMessage": "no"}}'
    with answering((200, {}, response.SerializeToString()), (200, {}, told)) as (sink, _):
        found = [sink.send(Signal.METRICS, encoding, b"") for encoding in ("protobuf", "json")]

    assert [Sent(2, "no")] * 2 == found


def test_refused() -> None:
    """A refusal is raised with the collector's own words."""
    with answering((400, {}, b'{"code": 3, "message": "not OTLP"}'), (404, {}, b"?")) as (sink, _):
        with pytest.raises(Refused, match="not OTLP"):
            sink.send(Signal.TRACES, "json", b"")
        with pytest.raises(Refused, match="HTTP 404"):
            sink.send(Signal.TRACES, "json", b"")


def test_nobody_answers(waited: list[float]) -> None:
    """A collector that is gone is waited for, but not for ever."""
    with answering() as (sink, _):
        pass
    with pytest.raises(StoreBusy, match="does not answer"):
        sink.send(Signal.TRACES, "json", b"{}")

    assert len(waited) == sinks.TRIES - 1


def _busy_once() -> Callable[[Signal, str, bytes], Outcome]:
    answers: list[Exception] = [TryAgain("busy", retry_after_s=2)]

    def take(_signal: Signal, _encoding: str, _body: bytes) -> Outcome:
        if answers:
            raise answers.pop()
        return Outcome(3, 1, 0)

    return take


def test_local(waited: list[float]) -> None:
    """A database that is busy is asked again, and says what it stored."""
    found = LocalSink(_busy_once(), where="here").send(Signal.TRACES, "json", b"")

    assert Sent(stored=3, duplicate=1) == found
    assert [2] == waited
