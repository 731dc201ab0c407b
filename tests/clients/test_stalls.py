"""Every client at once, with the limits as they come, through a stall of the disk (otlp.md B07 and B10)."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clients import scenarios
from tests.clients.clients import CLIENTS, Client
from tests.clients.scenarios import GOOD, all_told, kept, new_run, nothing, once
from tests.clients.sender import Report, Sender, sending
from tests.support.pause import paused
from tests.support.service import Running


@pytest.fixture(scope="module")
def senders() -> Iterator[list[Sender]]:
    """Run the senders of all clients."""
    with ExitStack() as stack:
        yield [stack.enter_context(sending(client)) for client in CLIENTS]


def test_a_stall_of_four_seconds_goes_unnoticed(senders: list[Sender], shared_service: Running) -> None:
    """All requests are held until they can be written: no client has to try again, not even those that never do."""
    for client, run, report in _send_through_a_stall(senders, shared_service, seconds=4):
        assert report.told == all_told(client, "SUCCESS"), client.name
        assert report.logged == [], client.name
        assert kept(shared_service, run) == once(client, run)


def test_a_stall_of_six_seconds_costs_another_try(senders: list[Sender], shared_service: Running) -> None:
    """Clients that try again lose nothing to a stall that outlasts our patience; the others are told of their loss."""
    for client, run, report in _send_through_a_stall(senders, shared_service, seconds=6):
        result, found = ("SUCCESS", once(client, run)) if client.retries_refusals else ("FAILURE", nothing())

        assert report.told == all_told(client, result), client.name
        assert kept(shared_service, run) == found


def _send_through_a_stall(
    senders: list[Sender], service: Running, *, seconds: float
) -> list[tuple[Client, str, Report]]:
    """Send with all of them at once while nothing can be written for so long."""
    runs = {sender: new_run(sender.client.name) for sender in senders}
    for sender in senders:
        scenarios.connect(sender, service)
    with paused(service):
        for sender, run in runs.items():
            sender.start(run, good=GOOD)
        threading.Event().wait(seconds)
    return [(sender.client, run, sender.report()) for sender, run in runs.items()]
