"""Endpoints and transport: rows T01 to T11 of the conformance table."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import JSON, PROTOBUF, channel, export, post, raw, request
from tests.support.service import Running, configuration, running

EMPTY_JSON = b"{}"


def test_T01_T02_default_ports_are_4317_and_4318() -> None:
    """Without settings, gRPC listens on 4317 and HTTP on 4318, on loopback."""
    config = configuration()

    assert str(config.collector.grpc.endpoint) == "127.0.0.1:4317"
    assert str(config.collector.http.endpoint) == "127.0.0.1:4318"


@pytest.mark.parametrize("signal", Signal)
def test_T03_each_signal_has_its_path_in_both_encodings(shared_service: Running, signal: Signal) -> None:
    """Each of the three paths takes protobuf and JSON."""
    before = shared_service.count(signal)

    assert post(shared_service, WIRE[signal].path, build.body(signal)).status == 200
    assert post(shared_service, WIRE[signal].path, EMPTY_JSON, JSON).status == 200
    assert shared_service.count(signal) == before + 1


def test_T04_profiles_are_refused_cleanly(shared_service: Running) -> None:
    """Profiles are not supported: 404 and UNIMPLEMENTED, and the service lives on."""
    reply = post(shared_service, "/v1development/profiles", b"\x0a\x00")
    with channel(shared_service) as opened:
        method: Any = opened.unary_unary("/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export")
        with pytest.raises(grpc.RpcError) as refused:
            method(b"", timeout=10)

    assert reply.status == 404
    assert reply.error.code == 12
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert post(shared_service, "/v1/traces", b"").status == 200


@pytest.mark.parametrize("path", ["/v1/metrics/", "/v1/metrics?x=1", "/v1/metrics/?x=1"])
def test_T05_a_trailing_slash_and_a_query_are_accepted_without_redirect(shared_service: Running, path: str) -> None:
    """The spec's own example endpoint ends in a slash and works, once."""
    before = shared_service.count("metrics")

    assert post(shared_service, path, build.body(Signal.METRICS)).status == 200
    assert shared_service.count("metrics") == before + 1


@pytest.mark.parametrize(
    "path", ["/v1/traces/", "//v1/traces", "/v1/traces/.", "/v1//traces", "/v1", "/v1/", "/v1/traces//"]
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_T06_no_path_redirects(shared_service: Running, method: str, path: str) -> None:
    """A redirect counts as success for some clients, so there is none."""
    assert not 300 <= request(shared_service, method, path, b"", PROTOBUF).status < 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
@pytest.mark.parametrize("signal", Signal)
def test_T07_other_methods_are_not_allowed(shared_service: Running, signal: Signal, method: str) -> None:
    """Any method but POST gets 405, the method to use, and a Status body unless it is HEAD."""
    reply = request(shared_service, method, WIRE[signal].path)

    assert reply.status == 405
    assert reply.headers["allow"] == "POST"
    assert reply.body == b"" if method == "HEAD" else reply.error.code == 12


@pytest.mark.parametrize("path", ["/v1", "/v1/trace", "/api/v2/spans"])
def test_T08_unknown_paths_name_the_three_that_exist(shared_service: Running, path: str) -> None:
    """An unknown path gets 404 and the paths to use."""
    reply = post(shared_service, path, b"")

    assert reply.status == 404
    assert reply.error.code == 12
    for wire in WIRE.values():
        assert wire.path in reply.error.message


def test_T09_a_connection_survives_errors(shared_service: Running) -> None:
    """A hundred mixed requests, a third of them refused, use one connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", shared_service.http, timeout=20)) as connection:
        connection.connect()
        first = connection.sock
        for number in range(100):
            sent = (b"\xff", build.body(Signal.TRACES), b"")[number % 3]
            connection.request("POST", "/v1/traces", sent, PROTOBUF)
            answer = connection.getresponse()
            answer.read()

            assert answer.status == (400, 200, 200)[number % 3]
            assert connection.sock is first


def test_T10_chunked_bodies_and_100_continue_work(shared_service: Running) -> None:
    """A body without a length is taken, and a client that asks first is told to go on."""
    body = build.body(Signal.TRACES, 3)
    before = shared_service.count("traces")
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    start = (
        b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nConnection: close\r\n"
    )

    assert raw(shared_service, start + b"Transfer-Encoding: chunked\r\n\r\n" + chunk).startswith(b"HTTP/1.1 200")
    assert shared_service.count("traces") == before + 3

    with socket.create_connection(("127.0.0.1", shared_service.http), timeout=20) as connection:
        connection.sendall(start + b"Content-Length: 0\r\nExpect: 100-continue\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


def test_T11_many_connections_and_many_calls_store_everything_once(service: Running) -> None:
    """Fifty HTTP connections of twenty requests and two hundred concurrent gRPC calls are all stored, once."""

    def over_http(_: int) -> list[int]:
        with closing(http.client.HTTPConnection("127.0.0.1", service.http, timeout=30)) as connection:
            statuses = []
            for _ in range(20):
                connection.request("POST", "/v1/traces", build.body(Signal.TRACES), PROTOBUF)
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)
            return statuses

    with ThreadPoolExecutor(50) as pool, channel(service) as opened:
        method: Any = opened.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
        calls = [method.future(build.body(Signal.TRACES), timeout=30) for _ in range(200)]
        statuses = [status for group in pool.map(over_http, range(50)) for status in group]
        answers = [call.result() for call in calls]

    assert statuses == [200] * 1000
    assert answers == [b""] * 200
    assert service.count("traces") == 1200


def test_T02_http_can_be_served_alone(tmp_path: Path) -> None:
    """Either protocol can be switched off."""
    with running(tmp_path / "one.db", collector__grpc__endpoint="off") as service:
        assert post(service, "/v1/traces", build.body(Signal.TRACES)).status == 200
        assert service.service.grpc is None


def test_T03_grpc_takes_each_signal(shared_service: Running) -> None:
    """Each of the three Export methods stores an item."""
    for signal in Signal:
        assert export(shared_service, signal, build.body(signal)).code is grpc.StatusCode.OK
