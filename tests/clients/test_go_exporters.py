"""The OpenTelemetry exporters for Go, on which the OpenTelemetry Collector's own are modelled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.clients import scenarios
from tests.clients.kits import go_command
from tests.clients.scenarios import GOOD, all_told, booked, gain, kept, new_run, once
from tests.clients.sender import Sender, sending
from tests.support.service import Running, running

BAD = 2
COMPRESSIONS = ("none", "gzip")


@pytest.fixture(scope="module", params=["grpc", "http/protobuf"])
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """Run one sender of a protocol, with every compression, for all its tests."""
    with sending(go_command, protocol=request.param, compressions=COMPRESSIONS) as found:
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
    """Bad items cost their neighbours nothing; the client tells its error handler and does not send again."""
    run = new_run("partial")
    before = booked(shared_service, sender)
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, bad=BAD)

    print(report)
    assert report.told == all_told(sender, "SUCCESS")
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == (
        gain(sender, Signal.TRACES, Signal.METRICS, received=GOOD + BAD, stored=GOOD, rejected=BAD)
        + gain(sender, Signal.LOGS, received=GOOD, stored=GOOD)
    )


def test_refusal_of_everything(sender: Sender, shared_service: Running) -> None:
    """When no item can be kept the client reports a failure at once."""
    run = new_run("refused")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, good=0, bad=BAD)

    print(report)
    assert report.told == {key: "SUCCESS" if key.startswith("logs") else "FAILURE" for key in sender.keys}
    assert report.delays == []
    assert kept(shared_service, run) == scenarios.nothing()


def test_overload_with_recovery(sender: Sender, tmp_path: Path) -> None:
    """What was refused for want of room is sent again, and stored once."""
    run = new_run("overload")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        report = scenarios.overload(sender, service, run)
        print(report)

        assert report.told == all_told(sender, "SUCCESS")
        assert min(result.seconds for result in report.results.values()) >= 1.0, "it waits as long as we asked it to"
        assert kept(service, run) == once(sender, run)


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
        print(second)

        assert first.told == second.told == all_told(sender, "SUCCESS")
        assert kept(service, before, meanwhile) == once(sender, before, meanwhile)


def test_connection_cut_after_the_commit(sender: Sender, shared_service: Running) -> None:
    """When the answer is lost the same is sent again, recognised, answered with success and not stored again."""
    run = new_run("cut")
    before = booked(shared_service, sender)
    with scenarios.connections_cut(sender, shared_service):
        report = scenarios.send(sender, run)

    print(report)
    assert report.told == all_told(sender, "SUCCESS")
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == gain(
        sender, *Signal, received=2 * GOOD, stored=GOOD, duplicate=GOOD
    )
