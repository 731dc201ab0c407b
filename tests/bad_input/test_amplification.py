"""Requests that are, or would become, too large: rows 13, 14, 35, 46 and 53."""

import gzip
import socket
import zlib
from collections.abc import Callable, Iterator

import grpc
import pytest

from schema.signals import WIRE, Signal
from tests.support import build, build_json, http2
from tests.support.clients import JSON, PROTOBUF, export, post, request
from tests.support.neighbours import GOOD, field, rows
from tests.support.peak import MIB, peak_of, pulse_of, reach
from tests.support.process import Process, ready_process

LIMIT = 64 * MIB
LONG = 60 * MIB
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
CODED = {**PROTOBUF, "Content-Encoding": "gzip"}


def bomb(mib: int) -> bytes:
    """Compress so many megabytes of zeros; all blocks after the first are the same."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, block = (squeeze.compress(bytes(MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + block * (mib - 1) + squeeze.flush()


def span_with(extra: bytes) -> bytes:
    """Build a request of one span with an extra field."""
    return field(1, field(2, field(2, GOOD[Signal.TRACES]() + extra)))


def many(signal: Signal) -> bytes:
    """Build a request of one item more than are taken at once, all of them the same and of usual size."""
    pairs = build.attributes({"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-2024-08-06"})
    item = {
        Signal.TRACES: build.span(attributes=pairs),
        Signal.LOGS: build.log(attributes=pairs),
        Signal.METRICS: build.gauge(build.point(attributes=pairs), name="gen_ai.client.operation.duration"),
    }[signal]
    return field(1, field(2, field(2, item.SerializeToString()) * 200_001))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon with its defaults."""
    with ready_process(tmp_path_factory.mktemp("db") / "daemon.db") as found:
        yield found


def counted(daemon: Process, metric: str) -> float:
    """Read a counter; 0 when it is not there yet."""
    text = request(reach(daemon), "GET", "/metrics").body.decode()
    return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(metric)), 0.0)


@pytest.mark.parametrize("signal", Signal)
def test_row_13_a_body_over_the_limit_is_too_large(daemon: Process, signal: Signal) -> None:
    """One byte more than 64 MiB is refused unread, counted, and written down."""
    too_large = 'spanledger_answers_total{answer="too_large",transport="http"}'
    before = counted(daemon, too_large)
    with peak_of(daemon) as peak:
        reply = post(reach(daemon), WIRE[signal].path, bytes(LIMIT + 1))

    assert (reply.status, reply.error.code) == (413, 8)
    assert peak.growth < 16 * MIB
    assert counted(daemon, too_large) == before + 1
    sql = "select reason, items, payload from ingest_rejections where signal = ? order by id desc limit 1"
    assert rows(daemon.db, sql, signal) == [{"reason": "too_large", "items": 0, "payload": None}]


def test_row_13_a_body_of_unknown_length_is_cut_off_at_the_limit(daemon: Process) -> None:
    """Chunks that go on for ever are refused once there are too many of them."""
    head = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
    chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"
    with peak_of(daemon) as peak, socket.create_connection(("127.0.0.1", daemon.http), timeout=10) as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 65)
        told = connection.recv(65_536)

    assert told.startswith(b"HTTP/1.1 413")
    assert peak.growth < LIMIT * 5


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_row_13_a_message_over_the_limit_is_never_to_be_sent_again(
    daemon: Process, compression: grpc.Compression
) -> None:
    """Over gRPC the refusal carries no delay, which would mean that it may come again."""
    reply = export(reach(daemon), Signal.TRACES, bytes(LIMIT + 1), compression=compression)

    assert reply.code is RESOURCE_EXHAUSTED
    assert "google.rpc.retryinfo-bin" not in reply.trailers
    assert "grpc-status-details-bin" not in reply.trailers


def test_row_13_a_message_over_the_limit_is_counted_as_refused(daemon: Process) -> None:
    """The library refuses it before we see it; it must not be counted as a success."""
    before = counted(daemon, 'spanledger_answers_total{answer="ok",transport="grpc"}')
    export(reach(daemon), Signal.TRACES, bytes(LIMIT + 1))

    assert counted(daemon, 'spanledger_answers_total{answer="ok",transport="grpc"}') == before


@pytest.mark.parametrize("mib", [100, 1024])
def test_row_14_a_bomb_over_http_costs_little(daemon: Process, mib: int) -> None:
    """A body that inflates beyond the limit is refused at the limit; in the best of three tries others hardly wait."""
    body = bomb(mib)
    stalls, growth = [], []
    for _ in range(3):
        with pulse_of(daemon) as pulse, peak_of(daemon) as peak:
            reply = post(reach(daemon), "/v1/traces", body, CODED)

        assert (reply.status, reply.error.code) == (413, 8)
        stalls.append(pulse.longest)
        growth.append(peak.growth)
    assert min(stalls) < 0.5
    assert min(growth) < LIMIT + 32 * MIB


@pytest.mark.parametrize("mib", [100, 1024])
def test_row_14_a_bomb_over_grpc_costs_little(daemon: Process, mib: int) -> None:
    """The same holds for a compressed message."""
    body = bomb(mib)
    stalls, growth = [], []
    for _ in range(3):
        with pulse_of(daemon) as pulse, peak_of(daemon) as peak:
            reply = http2.exported(daemon.grpc, body, compressed=True, grpc_encoding="gzip")

        assert reply.code == RESOURCE_EXHAUSTED.value[0]
        stalls.append(pulse.longest)
        growth.append(peak.growth)
    assert min(stalls) < 0.5
    assert min(growth) < LIMIT + 32 * MIB


@pytest.mark.parametrize("signal", [Signal.TRACES, Signal.METRICS])
def test_row_35_more_than_200000_items_are_too_many(daemon: Process, signal: Signal) -> None:
    """A request with more items than one transaction should hold is too large."""
    with peak_of(daemon):
        reply = post(reach(daemon), WIRE[signal].path, many(signal))

    assert (reply.status, reply.error.code) == (413, 8)
    assert "200000" in reply.error.message


def test_row_35_so_are_they_over_grpc_and_in_json(daemon: Process) -> None:
    """The limit is the same for both transports and encodings."""
    as_json = build_json.request(Signal.LOGS, *[build_json.log()] * 200_001)
    with peak_of(daemon):
        called = export(reach(daemon), Signal.LOGS, many(Signal.LOGS))
        reply = post(reach(daemon), "/v1/logs", as_json, JSON)

    assert called.code is RESOURCE_EXHAUSTED
    assert (reply.status, reply.error.code) == (413, 8)


@pytest.mark.parametrize(
    "extra",
    [
        lambda text: field(9, field(1, b"k") + field(2, field(1, text))),
        lambda text: field(11, field(3, field(1, b"k") + field(2, field(1, text)))),
        lambda text: field(5, text),
    ],
    ids=["attribute", "event", "name"],
)
def test_row_46_row_53_60_mib_of_NUL_stay_within_memory(daemon: Process, extra: Callable[[bytes], bytes]) -> None:
    """A text that takes six times its room as JSON is kept or cut, within bounds."""
    with peak_of(daemon):
        reply = post(reach(daemon), "/v1/traces", gzip.compress(span_with(extra(bytes(LONG))), 1), CODED)

    assert reply.status == 200
