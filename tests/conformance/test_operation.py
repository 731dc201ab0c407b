"""Operation: rows O01 to O03 of the conformance table."""

import re
from collections import Counter
from pathlib import Path

import apsw
import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from core.errors import AlreadyRunning, SpanledgerError
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import export, post, request
from tests.support.process import command
from tests.support.service import Running, running
from tests.support.wait import until

USAGE = 2
KINDS = ("received", "stored", "duplicate", "rejected")

transports = st.sampled_from(["grpc", "http"])
items = st.integers(0, 4)
times = st.integers(1, 3)
requests = st.one_of(
    st.tuples(transports, st.sampled_from([Signal.TRACES, Signal.METRICS]), items, items, times),
    st.tuples(transports, st.just(Signal.LOGS), items, st.just(0), times),
)
"""Transport, signal, good items, bad items, how often it is sent; no log record is ever bad."""


def test_O01_alive_always_ready_only_when_writing_works(service: Running) -> None:
    """While another process holds the database it is alive and not ready, and says why; afterwards it is ready."""
    until(lambda: _health(service) == (200, 200))  # a machine that is busy with other tests may have it wait
    blocker = apsw.Connection(str(service.db))
    blocker.set_busy_timeout(5000)
    blocker.execute("begin immediate")
    try:
        during = _health(service)
        reason = request(service, "GET", "/readyz").body
    finally:
        blocker.execute("rollback")
        blocker.close()

    assert during == (200, 503)
    assert b"writer" in reason or b"database" in reason
    until(lambda: _health(service) == (200, 200))


@given(st.lists(requests, min_size=1, max_size=8))
@settings(max_examples=25)
def test_O02_counters_add_up_and_agree_with_the_books(
    shared_service: Running, sent: list[tuple[str, Signal, int, int, int]]
) -> None:
    """Whatever is sent, each item is counted once as stored, duplicate or rejected, by signal and transport."""
    before = _counted(shared_service)
    expected: Counter[tuple[str, str, str]] = Counter()
    for transport, signal, good, bad, repeats in sent:
        body = build.with_bad(signal, good=good, bad=bad) if bad else build.body(signal, good)
        for _ in range(repeats):
            _deliver(shared_service, transport, signal, body)
        expected[signal, transport, "received"] += repeats * (good + bad)
        expected[signal, transport, "stored"] += good
    change = _counted(shared_service)
    change.subtract(before)

    for signal in Signal:
        for transport in ("grpc", "http"):
            received, stored, duplicate, rejected = (change[signal, transport, kind] for kind in KINDS)
            assert received == stored + duplicate + rejected
            assert received == expected[signal, transport, "received"]
            assert stored == expected[signal, transport, "stored"]
    assert _counted(shared_service) == _booked(shared_service)


def test_O02_answers_and_load_are_counted_too(service: Running) -> None:
    """Good and bad answers are counted by transport and reason; the queue and the commits can be watched."""
    post(service, "/v1/traces", build.body(Signal.TRACES))
    post(service, "/v1/traces", b"\xff")
    post(service, "/v1/nothing", b"")
    export(service, Signal.TRACES, b"\xff")
    page = request(service, "GET", "/metrics").body.decode()

    for line in (
        'spanledger_answers_total{answer="ok",transport="http"} 1.0',
        'spanledger_answers_total{answer="undecodable",transport="http"} 1.0',
        'spanledger_answers_total{answer="unknown_path",transport="http"} 1.0',
        'spanledger_answers_total{answer="undecodable",transport="grpc"} 1.0',
    ):
        assert line in page
    for name in (
        "queue_size_bytes",
        "in_flight_size_bytes",
        "commit_duration_seconds_count",
        "answer_duration_seconds_count",
    ):
        assert re.search(rf"^spanledger_{name}[ {{]", page, re.MULTILINE), name


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_O03_a_taken_port_is_named_with_the_setting(service: Running, tmp_path: Path, transport: str) -> None:
    """The start fails with the address, who holds it, and which setting to change."""
    port = getattr(service, transport)
    taken = {f"collector__{transport}__endpoint": f"127.0.0.1:{port}"}
    message = rf"127\.0\.0\.1:{port} is in use by process \d+ .*\[collector\.{transport}\] endpoint"

    with pytest.raises(AlreadyRunning, match=message), running(tmp_path / "second.db", **taken):
        pass


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_O03_one_protocol_can_be_switched_off(tmp_path: Path, transport: str) -> None:
    """With one port off, the other one serves."""
    with running(tmp_path / "half.db", **{f"collector__{transport}__endpoint": "off"}) as service:
        if transport == "grpc":
            assert service.service.grpc is None
            assert post(service, "/v1/traces", build.body(Signal.TRACES)).status == 200
        else:
            assert service.service.http is None
            assert export(service, Signal.TRACES, build.body(Signal.TRACES)).code is grpc.StatusCode.OK

        assert service.count("traces") == 1


def test_O03_both_protocols_cannot_be_switched_off(tmp_path: Path) -> None:
    """With both ports off there is nothing to run: the program says so and exits 2."""
    off = {f"collector__{transport}__endpoint": "off" for transport in ("grpc", "http")}
    with pytest.raises(SpanledgerError, match="both off"), running(tmp_path / "deaf.db", **off):
        pass
    code, _, errors = command("serve", "--db", str(tmp_path / "deaf.db"), "--grpc", "off", "--http", "off")

    assert code == USAGE
    assert "both off" in errors


def _health(service: Running) -> tuple[int, int]:
    return request(service, "GET", "/healthz").status, request(service, "GET", "/readyz").status


def _deliver(service: Running, transport: str, signal: Signal, body: bytes) -> None:
    if transport == "grpc":
        export(service, signal, body)
    else:
        post(service, WIRE[signal].path, body)


def _counted(service: Running) -> Counter[tuple[str, str, str]]:
    """Read the counters of items by signal, transport and kind; those at zero are left out."""
    page = request(service, "GET", "/metrics").body.decode()
    counted: Counter[tuple[str, str, str]] = Counter()
    for family in text_string_to_metric_families(page):
        kind = family.name.removeprefix("spanledger_items_")
        for sample in family.samples:
            if kind in KINDS and sample.name.endswith("_total") and sample.value:
                counted[sample.labels["signal"], sample.labels["transport"], kind] = int(sample.value)
    return counted


def _booked(service: Running) -> Counter[tuple[str, str, str]]:
    """Read the same from the ledger."""
    lines = service.ledger()
    entries = (((str(line.signal), line.transport, kind), getattr(line, kind)) for line in lines for kind in KINDS)
    return Counter({entry: count for entry, count in entries if count})
