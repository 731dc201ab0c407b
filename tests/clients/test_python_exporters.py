"""The OpenTelemetry exporters for Python, in the last release before they were rebuilt and in the current one."""

from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.clients import scenarios
from tests.clients.kits import OLD, python_command
from tests.clients.scenarios import GOOD, all_told, booked, gain, kept, new_run, once
from tests.clients.sender import Sender, sending
from tests.support.service import Running, running

BAD = 2
COMPRESSIONS = ("none", "gzip", "deflate")
RELEASES = (OLD, version("opentelemetry-sdk"))
CLIENTS = [(release, protocol) for release in RELEASES for protocol in ("grpc", "http/protobuf")]


@pytest.fixture(scope="module", params=CLIENTS, ids="-".join)
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """Run one sender of a release and a protocol, with every compression, for all its tests."""
    release, protocol = request.param
    with sending(partial(python_command, release), protocol=protocol, compressions=COMPRESSIONS) as found:
        assert found.version == release
        yield found


def test_success(sender: Sender, shared_service: Running) -> None:
    """Whatever the compression, the client reports success and every item is stored once."""
    run = new_run("success")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run)

    assert report.told == all_told(sender, "SUCCESS")
    assert report.logged == []
    assert kept(shared_service, run) == once(sender, run)


def test_partial_refusal(sender: Sender, shared_service: Running) -> None:
    """Bad items cost their neighbours nothing; these clients call that a success and do not send again."""
    run = new_run("partial")
    before = booked(shared_service, sender)
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, bad=BAD)

    assert report.told == all_told(sender, "SUCCESS")
    assert report.logged == []
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == (
        gain(sender, Signal.TRACES, Signal.METRICS, received=GOOD + BAD, stored=GOOD, rejected=BAD)
        + gain(sender, Signal.LOGS, received=GOOD, stored=GOOD)
    )


def test_refusal_of_everything(sender: Sender, shared_service: Running) -> None:
    """When no item can be kept the client reports a failure, at once: these clients show nothing less."""
    run = new_run("refused")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, good=0, bad=BAD)

    assert report.told == {key: "SUCCESS" if key.startswith("logs") else "FAILURE" for key in sender.keys}
    assert report.delays == []
    assert kept(shared_service, run) == scenarios.nothing()


def test_overload_with_recovery(sender: Sender, tmp_path: Path) -> None:
    """What was refused for want of room is sent again after the delay we asked for, and stored once."""
    run = new_run("overload")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        report = scenarios.overload(sender, service, run)

        assert report.told == all_told(sender, "SUCCESS")
        assert kept(service, run) == once(sender, run)
    if (sender.version, sender.transport) == (OLD, "http"):
        assert all(0.8 <= delay <= 1.2 for delay in report.delays), "it does not read Retry-After, but waits as long"
    else:
        assert set(report.delays) == {1.0}


def test_restart(sender: Sender, tmp_path: Path) -> None:
    """What is sent while the collector is down arrives once it is up again; what was sent before is still there."""
    db = tmp_path / "restart.db"
    before, meanwhile = new_run("before"), new_run("meanwhile")
    with running(db) as service:
        scenarios.connect(sender, service)
        first = scenarios.send(sender, before)
        ports = scenarios.same_ports(service)
    sender.start(meanwhile, good=GOOD)
    sender.wait_for_retries()
    with running(db, **ports) as service:
        second = sender.report()

        assert first.told == second.told == all_told(sender, "SUCCESS")
        assert kept(service, before, meanwhile) == once(sender, before, meanwhile)


def test_connection_cut_after_the_commit(sender: Sender, shared_service: Running) -> None:
    """When the answer is lost the same is sent again, recognised, answered with success and not stored again."""
    run = new_run("cut")
    before = booked(shared_service, sender)
    with scenarios.connections_cut(sender, shared_service):
        report = scenarios.send(sender, run)

    assert report.told == all_told(sender, "SUCCESS")
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == gain(
        sender, *Signal, received=2 * GOOD, stored=GOOD, duplicate=GOOD
    )
