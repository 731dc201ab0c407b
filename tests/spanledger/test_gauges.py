"""Mirror of spanledger/gauges.py: a running daemon says how its parts stand."""

import re
from pathlib import Path

import pytest

from spanledger.gauges import describe
from tests.support import build
from tests.support.clients import post, request
from tests.support.service import Running, running
from tests.support.wait import until

PATIENCE_S = 30


def measured(service: Running) -> dict[str, float]:
    """Read the page: values by name and labels."""
    page = request(service, "GET", "/metrics").body.decode()
    lines = (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Send a good span and a bad one, sweep, and read what was measured when all is quiet."""
    with running(tmp_path_factory.mktemp("gauges") / "ledger.db", store__queue_bytes="5MiB") as service:
        bad = build.span(name="no id")
        bad.trace_id = b""
        assert 200 == post(service, "/v1/traces", build.traces(build.span(name="good"), bad).SerializeToString()).status
        order = service.service.keeper.order()
        until(lambda: service.service.keeper.state()["done"] == order, within_s=PATIENCE_S)
        until(lambda: is_level(measured(service)), within_s=PATIENCE_S)
        return measured(service)


def is_level(found: dict[str, float]) -> bool:
    """Say whether the gauges were set after all was done."""
    done = found["spanledger_sweep_rounds_total"] == 1 and found["spanledger_commits_total"] >= 1
    return done and not found["spanledger_derive_waiting"] and not found["spanledger_derive_lag_seconds"]


def test_the_daemon_is_ready_and_named(seen: dict[str, float]) -> None:
    """Its version, and what the process holds."""
    assert 1 == seen["spanledger_ready"]
    assert [1] == [value for name, value in seen.items() if name.startswith("spanledger_build_info{version=")]
    for name in ("memory_usage_bytes", "cpu_time_seconds_total", "thread_count", "unix_file_descriptor_count"):
        assert seen[f"process_{name}"] > 0, name


def test_refusals_are_counted_by_reason(seen: dict[str, float]) -> None:
    """The sum over reasons is what was refused."""
    refused = {name: value for name, value in seen.items() if name.startswith("spanledger_items_refused_total")}

    assert {'spanledger_items_refused_total{reason="invalid_trace_id",signal="traces"}': 1.0} == refused
    assert 1 == seen['spanledger_items_rejected_total{signal="traces",transport="http"}']


def test_the_writer_is_measured(seen: dict[str, float]) -> None:
    """Its queue, its limit, and how long commits took."""
    assert (0, 0) == (seen["spanledger_queue_size_bytes"], seen["spanledger_queue_batches"])
    assert 5 << 20 == seen["spanledger_queue_limit_bytes"]
    assert seen["spanledger_commit_duration_seconds_count"] == seen["spanledger_commits_total"]
    assert 0 == seen["spanledger_failed_commits_total"]


def test_the_disk_and_the_files_are_measured(seen: dict[str, float]) -> None:
    """What is free, what is needed, and what we take of it."""
    assert seen["spanledger_disk_free_bytes"] > seen["spanledger_disk_needed_bytes"] > 0
    assert seen['spanledger_file_size_bytes{file="database"}'] > 0
    assert {"database", "log", "index"} == {
        found[1] for name in seen if (found := re.fullmatch(r'spanledger_file_size_bytes\{file="(.*)"\}', name))
    }


def test_sweeps_are_measured(seen: dict[str, float]) -> None:
    """A round without trouble is none that failed."""
    assert (0, 0) == (seen["spanledger_sweep_failures_total"], seen["spanledger_sweep_waiting"])
    assert seen["spanledger_sweep_duration_seconds_total"] > 0


def test_a_daemon_is_known_again(tmp_path: Path) -> None:
    """The same host and database are the same instance; another database is another."""
    first, again, other = (describe(tmp_path / name, "1") for name in ("a.db", "a.db", "b.db"))

    assert first == again
    assert first["service.instance.id"] != other["service.instance.id"]
