"""gRPC: rows G01 to G09 of the conformance table."""

import time
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from collector.answers import TABLE, answer
from collector.ingest import Ingest
from core.errors import AlreadyRunning, Misconfigured, RateLimited, SpanledgerError, TryAgain
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import channel, export, post, raw
from tests.support.service import Running, running

STUBS = {Signal.TRACES: TraceServiceStub, Signal.LOGS: LogsServiceStub, Signal.METRICS: MetricsServiceStub}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize("signal", Signal)
def test_G01_each_service_exports(shared_service: Running, signal: Signal) -> None:
    """The generated stub of each service gets an empty response."""
    wire = WIRE[signal]
    with channel(shared_service) as opened:
        stub: Any = STUBS[signal](opened)  # type: ignore[no-untyped-call]  # generated code has no types
        response = stub.Export(wire.request.FromString(build.body(signal)), timeout=10)

    assert response == wire.response()


def test_G02_undecodable_is_invalid_argument(shared_service: Running) -> None:
    """Bytes that are no message are the client's fault."""
    assert export(shared_service, Signal.LOGS, b"\xff\xff").code is grpc.StatusCode.INVALID_ARGUMENT


def test_G03_our_own_faults_are_internal_and_say_nothing(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is INTERNAL, or 500, without a word of Python."""

    async def boom(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(Ingest, "take", boom)
    called = export(service, Signal.TRACES, b"")
    reply = post(service, "/v1/traces", b"")

    assert called.code is grpc.StatusCode.INTERNAL
    assert (reply.status, reply.error.code) == (500, 13)
    for told in (called.message, reply.error.message):
        assert "secret" not in told
        assert "KeyError" not in told


def test_G04_only_unavailable_asks_for_a_retry() -> None:
    """Every error has an answer; the retryable ones are UNAVAILABLE, or tell when, and the others are not."""
    final = {
        "INVALID_ARGUMENT",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "NOT_FOUND",
        "RESOURCE_EXHAUSTED",
    }
    ours = [kind for kind in _all_errors(SpanledgerError) if kind.__module__ == SpanledgerError.__module__]
    raised = [kind for kind in ours if not issubclass(kind, Misconfigured | AlreadyRunning)]

    assert len(raised) >= len(TABLE)
    for kind in raised:
        told = answer(kind("x"))
        if issubclass(kind, RateLimited):
            assert told.grpc.name == "RESOURCE_EXHAUSTED"
            assert told.retry_after_s
        else:
            assert told.grpc.name == "UNAVAILABLE" if issubclass(kind, TryAgain) else told.grpc.name in final


def test_G05_quick_keepalive_pings_are_forgiven(shared_service: Running) -> None:
    """A client that pings an idle connection every second keeps it, though it was told to ask less often."""
    _ping(shared_service, every=1, seconds=6)


@pytest.mark.soak
def test_G05_keepalive_pings_every_ten_seconds_are_welcome(shared_service: Running) -> None:
    """A client that pings an idle connection every ten seconds for two minutes keeps it."""
    _ping(shared_service, every=10, seconds=120)


def _ping(service: Running, every: int, seconds: int) -> None:
    """Keep a connection idle but for pings; it must not be ended."""
    options = [
        ("grpc.keepalive_time_ms", every * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_time_between_pings_ms", every * 500),
    ]
    states: list[grpc.ChannelConnectivity] = []
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc}", options=options) as opened:
        method: Any = opened.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
        method(b"", timeout=10)
        opened.subscribe(states.append)
        time.sleep(seconds)
        method(b"", timeout=10)

    assert {grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.IDLE}.isdisjoint(states)


def test_G06_a_second_listener_on_the_port_fails_loudly(service: Running, tmp_path: Any) -> None:
    """Two services never share a port."""
    with (
        pytest.raises(AlreadyRunning, match=rf"{service.grpc} is in use by process \d+"),
        running(tmp_path / "second.db", collector__grpc__endpoint=f"127.0.0.1:{service.grpc}"),
    ):
        pass


def test_G07_unknown_metadata_is_ignored_and_too_much_is_refused(shared_service: Running) -> None:
    """Foreign keys and binary values do no harm; more than 32 KiB of them is refused and does no harm either."""
    some = (("x-anything", "1"), ("x-binary-bin", b"\x00\xff"))
    much = tuple((f"x-{number}", "v" * 4000) for number in range(20))

    assert export(shared_service, Signal.TRACES, b"", metadata=some).code is grpc.StatusCode.OK
    assert export(shared_service, Signal.TRACES, b"", metadata=much).code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert export(shared_service, Signal.TRACES, b"").code is grpc.StatusCode.OK


def test_G08_confused_ports_end_quickly(shared_service: Running, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP/1.1 on the gRPC port and HTTP/2 on the HTTP port end at once; the log names the right port."""
    began = time.monotonic()
    over_grpc = raw(
        shared_service, b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n", port=shared_service.grpc, timeout=10
    )
    over_http = raw(shared_service, PREFACE, timeout=10)

    assert time.monotonic() - began < 10
    assert not over_grpc.startswith(b"HTTP/1.1 200")
    assert over_http == b""
    assert "port 4317" in caplog.text


def test_G09_health_is_served_for_each_service(shared_service: Running) -> None:
    """The standard health check says SERVING for the server and each service."""
    with channel(shared_service) as opened:
        stub: Any = health_pb2_grpc.HealthStub(opened)
        for name in ("", *(wire.service for wire in WIRE.values())):
            answer_ = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)

            assert answer_.status == health_pb2.HealthCheckResponse.SERVING


def _all_errors(kind: type[SpanledgerError]) -> list[type[SpanledgerError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _all_errors(child))][
        1 if kind is SpanledgerError else 0 :
    ]
