"""Send numbered items over both transports and all signals, and know exactly which requests were acknowledged.

Every item carries a number of its own, and a request's bytes follow from its numbers:
what was not acknowledged can be sent again byte for byte, and what is kept can be counted item by item.
"""

import http.client
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Protocol

import apsw
import grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from schema.signals import WIRE, Signal
from tests.support import build

HOST = "127.0.0.1"
ANSWER_S = 20.0
PAUSE_S = 0.005
"""How long a sender waits before it looks again for a daemon that is not there."""
TRANSPORTS = ("grpc", "http", "grpc", "http")
"""One request after the other on each: as many are in flight."""
CHANNEL = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]


class GoneError(ConnectionError):
    """Say that a connection went away, or was never there, and nobody knows what became of the request."""


@dataclass(slots=True)
class Sent:
    """Hold a request: `items` numbers from `first` on; `acknowledged` once success came back for it."""

    signal: Signal
    transport: str
    first: int
    items: int
    large: "Conversations | None" = None
    acknowledged: bool = False

    @property
    def numbers(self) -> range:
        """Give the numbers of its items."""
        return range(self.first, self.first + self.items)

    def body(self) -> bytes:
        """Build its bytes, the same each time."""
        if self.large is not None:
            return b"".join(self.large.pieces(self))
        return bytes(BUILD[self.signal](self.numbers).SerializeToString())


Send = Callable[[Sent], bool]
"""Sends a request: True for success, False when asked to come again; raises GoneError, AssertionError for the rest."""


class Place(Protocol):
    """Say where a daemon listens: a service, a process, or ports on which one will."""

    @property
    def grpc(self) -> int:
        """Give the gRPC port."""
        ...

    @property
    def http(self) -> int:
        """Give the HTTP port."""
        ...


class Load:
    """Send until told to stop: several requests in flight, over both transports, all signals in turn.

    It goes on by itself when the daemon goes away and comes back; what was in flight then stays unacknowledged.
    `refused` must stay empty: it holds answers at which a client would drop its data.
    """

    def __init__(self, *, seed: int = 1, max_items: int = 8) -> None:
        """Send nothing yet."""
        self.sent: list[Sent] = []
        self.refused: list[str] = []
        self.next_number = 1
        self._max_items = max_items
        self._random = random.Random(seed)
        self._change = threading.Condition()
        self._acknowledged = 0

    @property
    def acknowledged(self) -> list[Sent]:
        """List the requests that were acknowledged."""
        return [sent for sent in list(self.sent) if sent.acknowledged]

    @property
    def open(self) -> list[Sent]:
        """List the requests that were not."""
        return [sent for sent in list(self.sent) if not sent.acknowledged]

    @contextmanager
    def against(self, place: Place) -> Iterator["Load"]:
        """Send there for the length of a block, whether anybody listens or not."""
        over = threading.Event()
        ports = {"grpc": place.grpc, "http": place.http}
        workers = [threading.Thread(target=self._work, args=(name, ports[name], over)) for name in TRANSPORTS]
        for worker in workers:
            worker.start()
        try:
            yield self
        finally:
            over.set()
            for worker in workers:
                worker.join()

    def wait_acknowledged(self, more: int, timeout: float = ANSWER_S) -> None:
        """Wait until that many more requests were acknowledged."""
        with self._change:
            wanted = self._acknowledged + more
            assert self._change.wait_for(lambda: self._acknowledged >= wanted, timeout), "no progress"

    def send_again(self, requests: Sequence[Sent], place: Place) -> None:
        """Send requests again, each until it is acknowledged."""
        with sender("grpc", place.grpc) as over_grpc, sender("http", place.http) as over_http:
            send = {"grpc": over_grpc, "http": over_http}
            for request in requests:
                while not send[request.transport](request):
                    threading.Event().wait(PAUSE_S)
                request.acknowledged = True

    def _work(self, transport: str, port: int, over: threading.Event) -> None:
        while not over.is_set():
            try:
                with sender(transport, port) as send:
                    while not over.is_set():
                        self._send(send, self.take(transport), over)
            except GoneError:
                over.wait(PAUSE_S)
            except AssertionError as refusal:
                self.refused.append(str(refusal))

    def take(self, transport: str) -> Sent:
        """Make the next request, for somebody to send."""
        with self._change:
            items = self._random.randint(1, self._max_items)
            return self.add(Sent(self._random.choice(list(Signal)), transport, self.next_number, items))

    def add(self, sent: Sent) -> Sent:
        """Take in a request that begins with the next number."""
        self.next_number += sent.items
        self.sent.append(sent)
        return sent

    def _send(self, send: Send, sent: Sent, over: threading.Event) -> None:
        while not send(sent):
            if over.wait(PAUSE_S):
                return
        with self._change:
            sent.acknowledged = True
            self._acknowledged += 1
            self._change.notify_all()


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what a database keeps at one moment: the numbers of its items from `since` on, and its books."""

    since: int
    numbers: Mapping[Signal, Sequence[int]]
    stored: Mapping[Signal, int]
    rows: Mapping[Signal, int]
    unbalanced: Sequence[tuple[Any, ...]]

    def check(self, acknowledged: Sequence[Sent], load: Load) -> None:
        """Assert that nothing acknowledged is missing, nothing is there twice or in part, and the books are right.

        `acknowledged` is what had been acknowledged before the database was read.
        """
        here = {signal: set(numbers) for signal, numbers in self.numbers.items()}
        wanted = [sent for sent in acknowledged if sent.first >= self.since]
        missing = [sent for sent in wanted if not here[sent.signal].issuperset(sent.numbers)]
        both = (sent for sent in list(load.sent) if sent.first >= self.since)
        halves = [sent for sent in both if 0 < len(here[sent.signal].intersection(sent.numbers)) < sent.items]

        assert not missing, f"{len(missing)} acknowledged requests are missing: {missing[:3]}"
        assert not halves, f"{len(halves)} requests are there in part: {halves[:3]}"
        assert {signal: len(found) for signal, found in here.items()} == {
            signal: len(numbers) for signal, numbers in self.numbers.items()
        }, "items are there twice"
        assert not self.unbalanced
        assert self.stored == self.rows, "the ledger and the tables disagree"


class Conversations:
    """Make large requests of what agents send: pieces of a hundred spans, each a few kilobytes of prompts and answers.

    Each span has a number of its own; a request is as many whole pieces as fit into `size` bytes.
    """

    def __init__(self, size: int) -> None:
        """Write one piece, in which only the ids will change."""
        template = build.traces(*map(_turn, range(SPANS_A_PIECE)), service="planner")
        written = bytes(template.SerializeToString())
        self._parts = PLACES.split(written)
        self._pieces = size // len(written)
        self.size = self._pieces * len(written)
        self.items = self._pieces * SPANS_A_PIECE

    def request(self, transport: str, load: "Load") -> Sent:
        """Make the next request, for somebody to send."""
        return load.add(Sent(Signal.TRACES, transport, load.next_number, self.items, self))

    def pieces(self, sent: Sent) -> Iterator[bytes]:
        """Write a request piece by piece, so that a sender need not hold it whole."""
        for start in range(sent.first, sent.first + self.items, SPANS_A_PIECE):
            ids = (n.to_bytes(length, "big") for n in range(start, start + SPANS_A_PIECE) for length in (16, 8))
            yield b"".join(chain.from_iterable(zip_longest(self._parts, ids, fillvalue=b"")))


def look(db: Path, *, since: int = 0) -> Kept:
    """Read in one transaction what a database keeps of the items from a number on."""
    with reading(db) as connection:
        connection.execute("begin")
        numbers = {
            signal: [read(row[0]) for row in connection.execute(sql, (_bound(signal, since),))]
            for signal, (sql, read) in NUMBERS.items()
        }
        stored = dict.fromkeys(Signal, 0)
        for signal, items in connection.execute("select signal, sum(stored) from ledger group by signal"):
            stored[Signal(signal)] = items
        rows = {signal: _one(connection, f"select count(*) from {table}") for signal, table in TABLES.items()}
        unbalanced = list(connection.execute("select * from ledger where received <> stored + duplicate + rejected"))
    return Kept(since, numbers, stored, rows, unbalanced)


def quick_check(db: Path) -> str:
    """Let SQLite look for damage; 'ok' when there is none."""
    with reading(db) as connection:
        return str(_one(connection, "pragma quick_check"))


@contextmanager
def reading(db: Path) -> Iterator[apsw.Connection]:
    """Open a database to read from it, beside a daemon or without one."""
    with closing(apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        connection.set_busy_timeout(5_000)
        yield connection


@contextmanager
def sender(transport: str, port: int) -> Iterator[Send]:
    """Connect, or raise GoneError; give what sends a request and reads its answer."""
    try:
        socket.create_connection((HOST, port), timeout=ANSWER_S).close()
    except OSError as error:
        raise GoneError(str(error)) from error
    with SENDERS[transport](port) as send:
        yield send


@contextmanager
def _grpc_sender(port: int) -> Iterator[Send]:
    with grpc.insecure_channel(f"{HOST}:{port}", options=CHANNEL) as channel:
        methods: dict[Signal, Any] = {
            signal: channel.unary_unary(f"/{wire.service}/Export") for signal, wire in WIRE.items()
        }

        def send(sent: Sent) -> bool:
            try:
                answer = methods[sent.signal](sent.body(), timeout=ANSWER_S)
            except grpc.RpcError as error:
                return _come_again(error)
            assert answer == b"", f"gRPC: partial success {answer!r}"
            return True

        yield send


def _come_again(error: Any) -> bool:
    """Tell the daemon's own UNAVAILABLE, which has details, from a connection that broke.

    A server that stops cancels calls that it has not begun; CANCELLED is to be tried again, says OTLP.
    """
    told = f"gRPC: {error.code().name} {error.details()}"
    assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), told
    if not any(key == "grpc-status-details-bin" for key, _ in error.trailing_metadata() or ()):
        raise GoneError(told)
    return False


@contextmanager
def _http_sender(port: int) -> Iterator[Send]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=ANSWER_S)) as connection:

        def send(sent: Sent) -> bool:
            try:
                connection.request("POST", WIRE[sent.signal].path, sent.body(), PROTOBUF)
                reply = connection.getresponse()
                answer = reply.read()
            except (http.client.HTTPException, OSError) as error:
                raise GoneError(repr(error)) from error
            assert (reply.status, answer) == (200, b"") or reply.status == 503, f"HTTP: {reply.status} {answer!r}"
            return reply.status == 200

        yield send


def _spans(numbers: range) -> Any:
    ids = ((n.to_bytes(16, "big"), n.to_bytes(8, "big")) for n in numbers)
    times = {"start_time_unix_nano": build.NOW, "end_time_unix_nano": build.NOW + 1}
    return build.traces(*(build.span(trace_id=trace_id, span_id=span_id, **times) for trace_id, span_id in ids))


def _turn(number: int) -> Any:
    """Make a span of an agent's session: a call of a model with its messages, or a short one of a tool."""
    ids = {"trace_id": b"\xfe" * 16, "span_id": b"\xff" * 8}
    if number % 4:
        tool = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
            "gen_ai.tool.call.id": f"c{number}",
        }
        return build.span(name="execute_tool search", attributes=build.attributes(tool), **ids)
    words = " ".join(f"step {step} of {number}: look at the file, then run its tests;" for step in range(20 + number))
    messages = f'[{{"role":"user","parts":[{{"type":"text","content":"{words}"}}]}}]'
    chat: dict[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 900 + number,
    }
    return build.span(attributes=build.attributes({**chat, "gen_ai.input.messages": messages}), **ids)


def _logs(numbers: range) -> Any:
    return build.logs(*(build.log(time_unix_nano=build.NOW + n, body=AnyValue(string_value=str(n))) for n in numbers))


def _points(numbers: range) -> Any:
    points = (
        build.point(time_unix_nano=build.NOW + n, as_int=n, attributes=build.attributes({"number": n})) for n in numbers
    )
    return build.metrics(build.gauge(*points))


def _bound(signal: Signal, since: int) -> str | int:
    return f"{since:032x}" if signal is Signal.TRACES else build.NOW + since


def _one(connection: apsw.Connection, sql: str) -> Any:
    return next(connection.execute(sql))[0]


def _hex(text: str) -> int:
    return int(text, 16)


SPANS_A_PIECE = 100
PLACES = re.compile(rb"\xfe{16}|\xff{8}")
PROTOBUF = {"Content-Type": "application/x-protobuf"}
SENDERS = {"grpc": _grpc_sender, "http": _http_sender}
BUILD: dict[Signal, Callable[[range], Any]] = {Signal.TRACES: _spans, Signal.LOGS: _logs, Signal.METRICS: _points}
TABLES = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}
NUMBERS: dict[Signal, tuple[str, Callable[[Any], int]]] = {
    Signal.TRACES: ("select span_id from raw_spans where trace_id >= ?", _hex),
    Signal.LOGS: ("select body from raw_logs where sort_time >= ?", int),
    Signal.METRICS: ("select value from raw_points where sort_time >= ?", int),
}
