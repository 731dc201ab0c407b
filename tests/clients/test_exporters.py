"""Every client through success, refusal, overload, restart and a lost answer; all compressions at once in each.

What a client reports as sent is stored exactly once.
What it reports as failed is not stored, but for two cases: it calls a partial success a failure, or it cannot know,
because the answer was lost and it does not send again.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schema.signals import Signal
from tests.clients import scenarios
from tests.clients.clients import CLIENTS, Client
from tests.clients.scenarios import BAD, GOOD, all_told, booked, gain, kept, new_run, once, send
from tests.clients.sender import Sender, sending
from tests.support.pause import paused
from tests.support.service import Running, running

STALL_S = 1.0


@pytest.fixture(scope="module")
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """Run the sender of one client for all its tests."""
    with sending(request.param) as found:
        yield found


def clients(are_meant: Callable[[Client], bool]) -> pytest.MarkDecorator:
    """Run a test with some of the clients."""
    chosen = [client for client in CLIENTS if are_meant(client)]
    return pytest.mark.parametrize("sender", chosen, indirect=True, ids=[client.name for client in chosen])


every_client = clients(lambda _: True)
who_retries_refusals = clients(lambda client: client.retries_refusals)
who_gives_up_when_refused = clients(lambda client: not client.retries_refusals)
who_retries_lost_connections = clients(lambda client: client.retries_lost_connections)
who_gives_up_with_the_connection = clients(lambda client: not client.retries_lost_connections)


@every_client
def test_success(sender: Sender, shared_service: Running) -> None:
    """Whatever the compression, the client reports success and every item is stored once."""
    run = new_run("success")
    scenarios.connect(sender, shared_service)
    report = send(sender, run)

    assert report.told == all_told(sender.client, "SUCCESS")
    assert report.logged == []
    assert kept(shared_service, run) == once(sender.client, run)


@every_client
def test_partial_refusal(sender: Sender, shared_service: Running) -> None:
    """Bad items cost their neighbours nothing; whatever the client makes of that, it does not send again."""
    client, run = sender.client, new_run("partial")
    accepting = [signal for signal in Signal if signal not in client.refusable]
    result = "FAILURE" if client.partial_success == "failure" else "SUCCESS"
    warnings = len(client.refusable) * len(client.compressions) if client.partial_success == "logged" else 0
    before = booked(shared_service, client)
    scenarios.connect(sender, shared_service)
    report = send(sender, run, bad=BAD)

    assert report.told == scenarios.told_of_refusal(client, result)
    assert len(report.logged) == warnings
    assert all("Received Partial Success response" in text for text in report.logged)
    assert report.delays == []
    assert kept(shared_service, run) == once(client, run)
    assert booked(shared_service, client) - before == (
        gain(client, *client.refusable, received=GOOD + BAD, stored=GOOD, rejected=BAD)
        + gain(client, *accepting, received=GOOD, stored=GOOD)
    )


@every_client
def test_refusal_of_everything(sender: Sender, shared_service: Running) -> None:
    """When no item can be kept every client reports a failure, at once."""
    run = new_run("refused")
    scenarios.connect(sender, shared_service)
    report = send(sender, run, good=0, bad=BAD)

    assert report.told == scenarios.told_of_refusal(sender.client, "FAILURE")
    assert report.delays == []
    assert kept(shared_service, run) == scenarios.nothing()


@who_retries_refusals
def test_overload_with_recovery(sender: Sender, tmp_path: Path) -> None:
    """What was refused for want of room is sent again after the delay we asked for, and stored once."""
    run = new_run("overload")
    least, longest = sender.client.delay
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        report = scenarios.overload(sender, service, run)

        assert report.told == all_told(sender.client, "SUCCESS")
        assert kept(service, run) == once(sender.client, run)

    assert all(least <= delay <= longest for delay in report.delays[: len(sender.client.keys)])
    assert min(result.seconds for result in report.results.values()) > 1


@who_gives_up_when_refused
def test_overload_that_passes_is_waited_for(sender: Sender, shared_service: Running) -> None:
    """A client that takes no for an answer loses nothing to a short stall: its requests are held, not refused."""
    run = new_run("held")
    scenarios.connect(sender, shared_service)
    with paused(shared_service):
        sender.start(run, good=GOOD)
        threading.Event().wait(STALL_S)
    report = sender.report()

    assert report.told == all_told(sender.client, "SUCCESS")
    assert min(result.seconds for result in report.results.values()) > STALL_S / 2
    assert kept(shared_service, run) == once(sender.client, run)


@who_gives_up_when_refused
def test_overload_that_stays_is_reported(sender: Sender, tmp_path: Path) -> None:
    """Such a client reports a refusal as a failure, and nothing of what it gave up turns up later."""
    run = new_run("given-up")
    with scenarios.impatient(tmp_path) as service:
        scenarios.connect(sender, service)
        with paused(service):
            report = send(sender, run)

        assert report.told == all_told(sender.client, "FAILURE")
        assert kept(service, run) == scenarios.nothing()


@every_client
def test_restart_between_two_sendings(sender: Sender, tmp_path: Path) -> None:
    """A restart that nobody sends into goes unnoticed, whatever became of the connections."""
    db, before, after = tmp_path / "restart.db", new_run("before"), new_run("after")
    ports = scenarios.own_ports()
    with running(db, **ports) as service:
        scenarios.connect(sender, service)
        first = send(sender, before)
    with running(db, **ports) as service:
        second = send(sender, after)

        assert first.told == second.told == all_told(sender.client, "SUCCESS")
        assert kept(service, before, after) == once(sender.client, before, after)


@who_retries_lost_connections
def test_restart_during_a_sending(sender: Sender, tmp_path: Path) -> None:
    """What is sent while the collector is down arrives once it is up again, and what was there before still is."""
    db, before, meanwhile = tmp_path / "restart.db", new_run("before"), new_run("meanwhile")
    ports = scenarios.own_ports()
    with running(db, **ports) as service:
        scenarios.connect(sender, service)
        first = send(sender, before)
    sender.start(meanwhile, good=GOOD)
    sender.wait_for_retries()
    with running(db, **ports) as service:
        second = sender.report()

        assert first.told == second.told == all_told(sender.client, "SUCCESS")
        assert kept(service, before, meanwhile) == once(sender.client, before, meanwhile)


@who_gives_up_with_the_connection
def test_restart_during_a_sending_that_is_given_up(sender: Sender, tmp_path: Path) -> None:
    """A client that does not try again reports a failure as long as it finds nobody, and none of that is stored."""
    db, before, meanwhile = tmp_path / "restart.db", new_run("before"), new_run("meanwhile")
    ports = scenarios.own_ports()
    with running(db, **ports) as service:
        scenarios.connect(sender, service)
        first = send(sender, before)
    second = send(sender, meanwhile)
    with running(db, **ports) as service:
        others = scenarios.send_until_success(sender)
        reports = {before: first, meanwhile: second, **others}

        assert first.told == all_told(sender.client, "SUCCESS")
        assert second.told == all_told(sender.client, "FAILURE")
        assert kept(service, *reports) == scenarios.once_if_reported(reports)


@who_retries_lost_connections
def test_connection_cut_after_the_commit(sender: Sender, shared_service: Running) -> None:
    """When the answer is lost the same is sent again, recognised, answered with success and not stored again."""
    client, run = sender.client, new_run("cut")
    twice = gain(client, *Signal, received=2 * GOOD, stored=GOOD, duplicate=GOOD)
    before = booked(shared_service, client)
    report = scenarios.cut(sender, shared_service, run)

    assert report.told == all_told(client, "SUCCESS")
    assert kept(shared_service, run) == once(client, run)
    assert booked(shared_service, client) - before == twice


@who_gives_up_with_the_connection
def test_connection_cut_after_the_commit_of_what_is_given_up(sender: Sender, shared_service: Running) -> None:
    """A client that does not try again reports what was stored, once, as failed: it cannot know."""
    client, run = sender.client, new_run("cut")
    before = booked(shared_service, client)
    report = scenarios.cut(sender, shared_service, run)

    assert report.told == all_told(client, "FAILURE")
    assert kept(shared_service, run) == once(client, run)
    assert booked(shared_service, client) - before == gain(client, *Signal, received=GOOD, stored=GOOD)
