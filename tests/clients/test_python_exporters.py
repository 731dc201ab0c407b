"""The OpenTelemetry exporters for Python, in the release before they were rebuilt and in the current one."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.clients import scenarios
from tests.clients.kits import OLD, python_command
from tests.clients.scenarios import ALL_FAILED, ALL_SUCCEEDED, GOOD, NOTHING, TWICE, booked, kept, new_run, once
from tests.clients.sender import Sender, sending
from tests.support.service import Running, running

CURRENT = version("opentelemetry-sdk")
CLIENTS = [(release, protocol) for release in (OLD, CURRENT) for protocol in ("grpc", "http/protobuf")]
PARTLY = {
    "traces received": GOOD + 2,
    "traces stored": GOOD,
    "traces rejected": 2,
    "logs received": GOOD,
    "logs stored": GOOD,
    "metrics received": GOOD + 2,
    "metrics stored": GOOD,
    "metrics rejected": 2,
}
NO_LOG_IS_BAD = {"traces": ALL_FAILED["traces"], "logs": ALL_SUCCEEDED["logs"], "metrics": ALL_FAILED["metrics"]}


@pytest.fixture(scope="module", params=CLIENTS, ids="-".join)
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """Run one sender of a release and a protocol for all its tests."""
    release, protocol = request.param
    with sending(lambda: python_command(release, protocol), protocol=protocol) as found:
        assert found.version == release
        yield found


@pytest.mark.parametrize("compression", ["none", "gzip", "deflate"])
def test_success(sender: Sender, shared_service: Running, compression: str) -> None:
    """Whatever the compression, the client reports success and every item is stored once."""
    run = new_run("success")
    scenarios.connect(sender, shared_service, compression=compression)
    report = scenarios.send(sender, run)

    assert report.told == ALL_SUCCEEDED
    assert list(report.logged) == []
    assert kept(shared_service, run) == once(run)


def test_partial_refusal(sender: Sender, shared_service: Running) -> None:
    """Bad items cost their neighbours nothing; these clients call that a success and do not send again."""
    run = new_run("partial")
    before = booked(shared_service, sender)
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, bad=2)

    assert report.told == ALL_SUCCEEDED
    assert list(report.delays) == []
    assert kept(shared_service, run) == once(run)
    assert booked(shared_service, sender) - before == PARTLY


def test_refusal_of_everything(sender: Sender, shared_service: Running) -> None:
    """When no item can be kept the client reports a failure, at once: these clients show nothing less."""
    run = new_run("refused")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, good=0, bad=2)

    assert report.told == NO_LOG_IS_BAD
    assert list(report.delays) == []
    assert kept(shared_service, run) == NOTHING


def test_overload_with_recovery(sender: Sender, tmp_path: Path) -> None:
    """What was refused for want of room is sent again after the delay we asked for, and stored once."""
    run = new_run("overload")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        report = scenarios.overload(sender, service, run)

        assert report.told == ALL_SUCCEEDED
        assert kept(service, run) == once(run)
    if (sender.version, sender.transport) == (OLD, "http"):
        assert all(0.8 <= delay <= 1.2 for delay in report.delays), "it does not read Retry-After, but waits as long"
    else:
        assert set(report.delays) == {1.0}


def test_restart(sender: Sender, tmp_path: Path) -> None:
    """What is sent while the collector is down arrives once it is up again; nothing sent before is lost."""
    db = tmp_path / "restart.db"
    before, meanwhile = new_run("before"), new_run("meanwhile")
    with running(db) as service:
        scenarios.connect(sender, service)
        first = scenarios.send(sender, before)
        ports = scenarios.ports(service)
    sender.start(meanwhile, good=GOOD)
    sender.wait_for_retries(len(Signal))
    with running(db, **ports) as service:
        second = sender.report()

        assert (first.told, second.told) == (ALL_SUCCEEDED, ALL_SUCCEEDED)
        assert kept(service, before, meanwhile) == once(before, meanwhile)


def test_connection_cut_after_the_commit(sender: Sender, shared_service: Running) -> None:
    """When the answer is lost the same is sent again, recognised, answered with success and not stored again."""
    run = new_run("cut")
    before = booked(shared_service, sender)
    with scenarios.connections_cut(sender, shared_service):
        report = scenarios.send(sender, run)

    assert report.told == ALL_SUCCEEDED
    assert kept(shared_service, run) == once(run)
    assert booked(shared_service, sender) - before == TWICE
