"""Requests of a great many tiny parts, which would take far more room than their bytes: rows 34, 35 and 63."""

import gzip
import time
from collections.abc import Callable, Iterator

import grpc
import pytest

from core.errors import Undecodable
from schema.decode import decode
from schema.envelopes import read
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import JSON, PROTOBUF, export, post
from tests.support.neighbours import GOOD, field
from tests.support.peak import MIB, peak_of, reach
from tests.support.process import Process, ready_process

LONG = 60 * MIB
FLOOD = 8 * MIB
"""How many empty messages of two bytes make 16 MiB."""
CODED = {**PROTOBUF, "Content-Encoding": "gzip"}


def span_with(extra: bytes) -> bytes:
    """Build a request of one span with an extra field."""
    return field(1, field(2, field(2, GOOD[Signal.TRACES]() + extra)))


def array_of(values: bytes) -> bytes:
    """Write a span's attribute that is an array."""
    return field(9, field(1, b"k") + field(2, field(5, values)))


def histogram_of(point: bytes) -> bytes:
    """Build a request of one exponential histogram with one point."""
    return field(1, field(2, field(2, field(1, b"m") + field(10, field(1, b"\x19" + bytes(7) + b"\x01" + point)))))


FLOODS: dict[str, tuple[Signal, Callable[[], bytes]]] = {
    "empty resources": (Signal.TRACES, lambda: b"\x0a\x00" * FLOOD),
    "empty scopes": (Signal.LOGS, lambda: field(1, b"\x12\x00" * FLOOD)),
    "empty spans": (Signal.TRACES, lambda: field(1, field(2, b"\x12\x00" * FLOOD))),
    "empty records": (Signal.LOGS, lambda: field(1, field(2, b"\x12\x00" * FLOOD))),
    "empty metrics": (Signal.METRICS, lambda: field(1, field(2, b"\x12\x00" * FLOOD))),
    "empty points": (Signal.METRICS, lambda: field(1, field(2, field(2, field(5, b"\x0a\x00" * FLOOD))))),
    "empty attributes": (Signal.TRACES, lambda: span_with(b"\x4a\x00" * FLOOD)),
    "empty events": (Signal.TRACES, lambda: span_with(b"\x5a\x00" * FLOOD)),
    "empty links": (Signal.TRACES, lambda: span_with(b"\x6a\x00" * FLOOD)),
}
DEEP_FLOODS: dict[str, Callable[[], bytes]] = {
    "values in an array": lambda: span_with(array_of(b"\x0a\x00" * (LONG // 2))),
    "pairs in a kvlist": lambda: span_with(field(9, field(1, b"k") + field(2, field(6, b"\x0a\x00" * (LONG // 2))))),
    "arrays in an array": lambda: span_with(array_of(b"\x0a\x02\x2a\x00" * (LONG // 4))),
    "attributes of events": lambda: span_with(field(11, b"\x1a\x00" * (LONG // 2))),
    "attributes of a resource": lambda: field(1, field(1, b"\x0a\x00" * (LONG // 2))),
}
JSON_FLOODS: dict[str, Callable[[], bytes]] = {
    "objects": lambda: b'{"resourceSpans":[' + b"{}," * (LONG // 3) + b"{}]}",
    "arrays": lambda: b'{"resourceSpans":[],"x":[' + b"[]," * (LONG // 3) + b"[]]}",
    "numbers": lambda: b'{"resourceSpans":[],"x":[' + b"0," * (LONG // 2) + b"0]}",
    "keys": lambda: (
        b'{"resourceSpans":[],"x":{' + b",".join(b'"%x":0' % number for number in range(LONG // 12)) + b"}}"
    ),
}


HONEST: dict[str, tuple[Signal, int, Callable[[], bytes]]] = {
    "spans with 30 small attributes": (
        Signal.TRACES,
        20_000,
        lambda: build.span(attributes=build.attributes({f"k{n}": n for n in range(30)})).SerializeToString(),
    ),
    "points with 10 small attributes": (
        Signal.METRICS,
        50_000,
        lambda: build.gauge(
            build.point(attributes=build.attributes({f"k{n}": n for n in range(10)})), name="m"
        ).SerializeToString(),
    ),
    "metrics of one point": (Signal.METRICS, 150_000, lambda: build.gauge(build.point()).SerializeToString()),
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Run a daemon with its defaults."""
    with ready_process(tmp_path_factory.mktemp("db") / "daemon.db") as found:
        yield found


@pytest.mark.parametrize("kind", FLOODS)
def test_row_34_a_flood_of_empty_messages_is_refused(daemon: Process, kind: str) -> None:
    """16 MiB of nothing, which would parse to more than a gigabyte, costs its bytes and what counting them takes."""
    signal, write = FLOODS[kind]
    body = write()
    with peak_of(daemon) as peak:
        reply = post(reach(daemon), WIRE[signal].path, body)

    assert reply.status == 400
    assert peak.growth < 8 * len(body)


@pytest.mark.parametrize("kind", ["empty spans", "empty records", "empty points"])
def test_row_34_a_flood_over_grpc_is_refused_too(daemon: Process, kind: str) -> None:
    """The same holds for calls."""
    signal, write = FLOODS[kind]
    body = write()
    with peak_of(daemon) as peak:
        reply = export(reach(daemon), signal, body)

    assert reply.code is grpc.StatusCode.INVALID_ARGUMENT
    assert peak.growth < 8 * len(body)


@pytest.mark.parametrize("kind", FLOODS)
def test_row_34_a_flood_is_found_without_parsing_it(kind: str) -> None:
    """Counting is enough to refuse it."""
    signal, write = FLOODS[kind]
    body = write()
    with pytest.raises(Undecodable, match=r"of \d+ bytes holds more than \d+ (parts|messages|items)"):
        decode(signal, "protobuf", body, transport="http", received_at=build.NOW)


@pytest.mark.parametrize("kind", HONEST)
def test_row_34_many_small_parts_that_say_something_are_no_flood(daemon: Process, kind: str) -> None:
    """Short names and numbers are telemetry: many of them are taken, as long as the items are not too many."""
    signal, count, write = HONEST[kind]
    reply = post(reach(daemon), WIRE[signal].path, field(1, field(2, field(2, write()) * count)))

    assert (reply.status, reply.body) == (200, b"")


def test_row_34_looking_for_a_flood_costs_an_honest_request_little() -> None:
    """60 MB of usual spans are looked through in less than half a second; the better of two tries counts."""
    item = build.span(attributes=build.attributes({f"gen_ai.attribute.{n}": f"some value {n}" for n in range(20)}))
    body = field(1, field(2, field(2, item.SerializeToString()) * (LONG // item.ByteSize())))
    times = []
    for _ in range(2):
        began = time.thread_time()
        read(body)
        times.append(time.thread_time() - began)

    assert min(times) < 0.5


@pytest.mark.parametrize("pair", [b"\x12\x00", b"\x0a\x00", b"\x4a\x00"])
@pytest.mark.parametrize("value", [1, 7], ids=["text", "bytes"])
def test_row_34_the_same_bytes_inside_a_value_are_no_flood(daemon: Process, value: int, pair: bytes) -> None:
    """Two megabytes that look like empty messages, and are the text or bytes of one attribute, are kept."""
    attribute = field(9, field(1, b"k") + field(2, field(value, pair * MIB)))
    reply = post(reach(daemon), "/v1/traces", span_with(attribute))

    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("kind", DEEP_FLOODS)
def test_row_34_a_flood_further_inside_is_bounded(daemon: Process, kind: str) -> None:
    """60 MiB of empty values inside a value may be kept or refused; memory stays within bounds."""
    with peak_of(daemon):
        reply = post(reach(daemon), "/v1/traces", DEEP_FLOODS[kind]())

    assert reply.status in (200, 400, 413)


@pytest.mark.parametrize("kind", JSON_FLOODS)
def test_row_34_a_flood_of_json_is_bounded(daemon: Process, kind: str) -> None:
    """60 MiB of empty objects, arrays, numbers or keys stay within bounds too, and are not even parsed."""
    with peak_of(daemon):
        reply = post(reach(daemon), "/v1/traces", JSON_FLOODS[kind](), JSON)

    assert reply.status in (400, 413)


@pytest.mark.parametrize("count", [b"\x00", b"\x01"], ids=["zeros", "ones"])
def test_row_63_sixty_million_buckets_stay_within_memory(daemon: Process, count: bytes) -> None:
    """Buckets of one byte each, of which each takes eight and more once read, are kept or refused within bounds."""
    body = histogram_of(field(8, field(2, count * LONG)))
    with peak_of(daemon):
        reply = post(reach(daemon), "/v1/metrics", gzip.compress(body, 1), CODED)

    assert reply.status in (200, 400, 413)


def test_row_34_row_35_the_daemon_serves_on(daemon: Process) -> None:
    """After all of this it takes what it took before."""
    for signal in Signal:
        assert post(reach(daemon), WIRE[signal].path, build.body(signal, 512)).status == 200
