"""Back-pressure and durability: rows B01 to B10 of the conformance table."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from schema.signals import Signal
from tests.support import build
from tests.support.clients import export, post
from tests.support.pause import paused
from tests.support.service import Running, running

QUICK = {"collector__limits__wait": "300ms", "collector__limits__answer_within": "600ms"}


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Running]:
    """Run a service that waits for well under a second before it refuses."""
    with running(tmp_path / "impatient.db", **QUICK) as found:
        yield found


def test_B02_a_request_is_one_transaction(impatient: Running) -> None:
    """A request whose commit cannot happen leaves nothing behind, and its repeat is stored whole."""
    body = build.body(Signal.TRACES, 300)
    blocker = apsw.Connection(str(impatient.db))
    blocker.set_busy_timeout(5000)
    blocker.execute("begin immediate")
    try:
        refused = post(impatient, "/v1/traces", body)
        counted = impatient.count("traces")
    finally:
        blocker.execute("rollback")
        blocker.close()

    assert refused.status == 503
    assert counted == 0
    assert post(impatient, "/v1/traces", body).status == 200
    assert impatient.count("traces") == 300


def test_B03_B04_overload_asks_to_come_again_soon(impatient: Running) -> None:
    """Overload is 503 with a delay of 1 to 5 s, and UNAVAILABLE with the delay in both trailers."""
    with paused(impatient):
        reply = post(impatient, "/v1/traces", build.body(Signal.TRACES))
        called = export(impatient, Signal.TRACES, build.body(Signal.TRACES))

    assert reply.status == 503
    assert reply.error.code == 14
    assert 1 <= int(reply.headers["retry-after"]) <= 5
    assert called.code is grpc.StatusCode.UNAVAILABLE
    details, direct = called.trailers["grpc-status-details-bin"], called.trailers["google.rpc.retryinfo-bin"]
    assert isinstance(details, bytes)
    assert isinstance(direct, bytes)
    packed = RetryInfo()
    assert Status.FromString(details).details[0].Unpack(packed)
    assert packed == RetryInfo.FromString(direct)
    assert 0 < packed.retry_delay.ToTimedelta().total_seconds() <= 1


def test_B05_B06_a_busy_database_is_never_a_permanent_error(impatient: Running) -> None:
    """While another process holds the database, requests are asked to come again, not refused."""
    blocker = apsw.Connection(str(impatient.db))
    blocker.set_busy_timeout(5000)
    blocker.execute("begin immediate")
    try:
        reply = post(impatient, "/v1/logs", build.body(Signal.LOGS))
        called = export(impatient, Signal.LOGS, build.body(Signal.LOGS))
    finally:
        blocker.execute("rollback")
        blocker.close()

    assert (reply.status, reply.error.code) == (503, 14)
    assert called.code is grpc.StatusCode.UNAVAILABLE


def test_B07_a_short_stall_is_waited_for_and_a_long_one_answered_in_time(service: Running) -> None:
    """A second's stall ends in success; one that does not end is answered before exporters give up."""
    with ThreadPoolExecutor(1) as pool:
        with paused(service):
            late = pool.submit(post, service, "/v1/traces", build.body(Signal.TRACES))
            threading.Event().wait(1)
        assert late.result().status == 200

        with paused(service):
            began = time.monotonic()
            assert post(service, "/v1/traces", build.body(Signal.TRACES)).status == 503
            assert time.monotonic() - began < 10


def test_B08_bytes_in_flight_are_bounded_across_requests(tmp_path: Path) -> None:
    """What does not fit beside other requests is asked to come again."""
    limits = {"collector__limits__in_flight_bytes": "1MiB", "collector__limits__request_bytes": "1MiB"}
    with running(tmp_path / "narrow.db", **QUICK, **limits) as service:
        body = build.body(Signal.TRACES, 5000)
        assert len(body) > 250_000
        with paused(service), ThreadPoolExecutor(12) as pool:
            replies = list(pool.map(lambda _: post(service, "/v1/traces", body), range(12)))

        assert {reply.status for reply in replies} == {503}
        assert post(service, "/v1/traces", body).status == 200
        assert service.count("traces") == 5000


def test_B10_after_a_stall_everything_goes_on_by_itself(impatient: Running) -> None:
    """A request refused during a stall is stored when it is sent again, once."""
    body = build.body(Signal.TRACES)
    with paused(impatient):
        assert post(impatient, "/v1/traces", body).status == 503

    assert post(impatient, "/v1/traces", body).status == 200
    assert impatient.count("traces") == 1
