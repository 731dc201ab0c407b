"""The OpenTelemetry exporters for JavaScript: those for HTTP try again, the one for gRPC never does."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.clients import scenarios
from tests.clients.kits import javascript_command
from tests.clients.scenarios import GOOD, all_told, booked, gain, kept, new_run, once
from tests.clients.sender import Report, Sender, sending
from tests.support.pause import paused
from tests.support.service import Running, running

BAD = 2
STALL_S = 1.0
COMPRESSIONS = ("none", "gzip")
HTTP = ["http/json", "http/protobuf"]
every_protocol = pytest.mark.parametrize("sender", ["grpc", *HTTP], indirect=True)
over_http = pytest.mark.parametrize("sender", HTTP, indirect=True)
over_grpc = pytest.mark.parametrize("sender", ["grpc"], indirect=True)


@pytest.fixture(scope="module")
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """Run one sender of a protocol, with every compression, for all its tests."""
    with sending(javascript_command, protocol=request.param, compressions=COMPRESSIONS) as found:
        yield found


@every_protocol
def test_success(sender: Sender, shared_service: Running) -> None:
    """Whatever the compression, the client reports success and every item is stored once."""
    run = new_run("success")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run)

    assert report.told == all_told(sender, "SUCCESS")
    assert report.logged == []
    assert kept(shared_service, run) == once(sender, run)


@every_protocol
def test_partial_refusal(sender: Sender, shared_service: Running) -> None:
    """Bad items cost their neighbours nothing; the client warns of them and does not send again."""
    run = new_run("partial")
    before = booked(shared_service, sender)
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, bad=BAD)
    refusing, accepting = _by_refusal(sender)

    assert report.told == all_told(sender, "SUCCESS")
    assert len(report.logged) == len(refusing) * len(COMPRESSIONS)
    assert all("Received Partial Success response" in text for text in report.logged)
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == (
        gain(sender, *refusing, received=GOOD + BAD, stored=GOOD, rejected=BAD)
        + gain(sender, *accepting, received=GOOD, stored=GOOD)
    )


@every_protocol
def test_refusal_of_everything(sender: Sender, shared_service: Running) -> None:
    """When no item can be kept the client reports a failure at once."""
    run = new_run("refused")
    scenarios.connect(sender, shared_service)
    report = scenarios.send(sender, run, good=0, bad=BAD)
    refusing, _ = _by_refusal(sender)

    assert report.told == {key: "FAILURE" if key.split()[0] in refusing else "SUCCESS" for key in sender.keys}
    assert report.delays == []
    assert kept(shared_service, run) == scenarios.nothing()


@over_http
def test_overload_with_recovery(sender: Sender, tmp_path: Path) -> None:
    """What was refused for want of room is sent again after the delay we asked for, and stored once."""
    run = new_run("overload")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        report = scenarios.overload(sender, service, run)

        assert report.told == all_told(sender, "SUCCESS")
        assert set(report.delays) == {1.0}
        assert kept(service, run) == once(sender, run)


@over_grpc
def test_overload_that_passes_is_waited_for(sender: Sender, shared_service: Running) -> None:
    """A client that never tries again loses nothing to a short stall: its requests are held, not refused."""
    run = new_run("held")
    scenarios.connect(sender, shared_service)
    with paused(shared_service):
        sender.start(run, good=GOOD)
        threading.Event().wait(STALL_S)
    report = sender.report()

    assert report.told == all_told(sender, "SUCCESS")
    assert min(result.seconds for result in report.results.values()) > STALL_S / 2
    assert kept(shared_service, run) == once(sender, run)


@over_grpc
def test_overload_that_does_not_pass_is_reported(sender: Sender, tmp_path: Path) -> None:
    """Such a client is told of a refusal and reports it as a failure; nothing of what it gave up turns up later."""
    run = new_run("given-up")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        with paused(service):
            report = scenarios.send(sender, run)

        assert report.told == all_told(sender, "FAILURE")
        assert all("14 UNAVAILABLE" in result.error for result in report.results.values())
        assert kept(service, run) == scenarios.nothing()


@over_http
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


@over_grpc
def test_restart_between_two_sendings(sender: Sender, tmp_path: Path) -> None:
    """A restart that nobody sends into goes unnoticed: the same exporters connect again by themselves."""
    db = tmp_path / "restart.db"
    before, after = new_run("before"), new_run("after")
    with running(db) as service:
        scenarios.connect(sender, service)
        first = scenarios.send(sender, before)
        ports = scenarios.same_ports(service)
    with running(db, **ports) as service:
        second = scenarios.send(sender, after)

        assert first.told == second.told == all_told(sender, "SUCCESS")
        assert kept(service, before, after) == once(sender, before, after)


@over_grpc
def test_restart_during_a_sending(sender: Sender, tmp_path: Path) -> None:
    """What meets a collector that is down is reported as failed, for about a second longer than it is down; what is
    reported as a success is stored once, and nothing else is.
    """
    db = tmp_path / "restart.db"
    with running(db) as service:
        scenarios.connect(sender, service)
        ports = scenarios.same_ports(service)
        reports = {(run := new_run("before")): scenarios.send(sender, run)}
    reports[run] = failed = scenarios.send(sender, run := new_run("down"))
    with running(db, **ports) as service:
        while "FAILURE" in reports[run].told.values():
            run = new_run("again")
            reports[run] = scenarios.send(sender, run)

        assert failed.told == all_told(sender, "FAILURE")
        assert kept(service, *reports) == _reported_as_kept(reports)


@over_http
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


@over_grpc
def test_connection_cut_after_the_commit_without_another_try(sender: Sender, shared_service: Running) -> None:
    """A client that never tries again reports what was stored, once, as failed: it cannot know."""
    run = new_run("cut")
    before = booked(shared_service, sender)
    with scenarios.connections_cut(sender, shared_service):
        report = scenarios.send(sender, run)

    assert report.told == all_told(sender, "FAILURE")
    assert kept(shared_service, run) == once(sender, run)
    assert booked(shared_service, sender) - before == gain(sender, *Signal, received=GOOD, stored=GOOD)


def _by_refusal(sender: Sender) -> tuple[list[Signal], list[Signal]]:
    """Tell the signals whose bad items are refused from the others: over protobuf no log record is refused."""
    accepting = [] if sender.protocol == "http/json" else [Signal.LOGS]
    return [signal for signal in Signal if signal not in accepting], accepting


def _reported_as_kept(reports: dict[str, Report]) -> scenarios.Kept:
    """List the items of every batch that was reported as a success."""
    found: scenarios.Kept = {signal: [] for signal in Signal}
    for run, report in reports.items():
        for key, result in report.told.items():
            signal, compression = key.split()
            items = range(GOOD if result == "SUCCESS" else 0)
            found[Signal(signal)] += [f"{run}.{compression}.{number}" for number in items]
    return {signal: sorted(names) for signal, names in found.items()}
