"""Every client at once, with the limits as they come, through a stall of the disk (otlp.md B10, reliability.md P4)."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.clients import scenarios
from tests.clients.kits import OLD, javascript_command, python_command
from tests.clients.scenarios import GOOD, all_told, kept, new_run, once
from tests.clients.sender import Report, Sender, sending
from tests.support.pause import paused
from tests.support.service import Running

COMPRESSIONS = ("gzip",)
CURRENT = "current"
COMMANDS = {
    "python grpc": (partial(python_command, CURRENT), "grpc"),
    "python http": (partial(python_command, CURRENT), "http/protobuf"),
    "older python grpc": (partial(python_command, OLD), "grpc"),
    "older python http": (partial(python_command, OLD), "http/protobuf"),
    "javascript grpc": (javascript_command, "grpc"),
    "javascript json": (javascript_command, "http/json"),
    "javascript protobuf": (javascript_command, "http/protobuf"),
}
NEVER_RETRIES = "javascript grpc"


@pytest.fixture(scope="module")
def senders() -> Iterator[dict[str, Sender]]:
    """Run one sender of each kind."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(sending(command, protocol=protocol, compressions=COMPRESSIONS))
            for name, (command, protocol) in COMMANDS.items()
        }


def test_a_stall_of_four_seconds_goes_unnoticed(senders: dict[str, Sender], shared_service: Running) -> None:
    """All requests are held until they can be written: no client has to try again, the one that never does included."""
    run = new_run("four")
    reports = _send_through_a_stall(senders, shared_service, run, seconds=4)

    for name, sender in senders.items():
        assert reports[name].told == all_told(sender, "SUCCESS"), name
        assert reports[name].logged == [], name
        assert kept(shared_service, _run(run, name)) == once(sender, _run(run, name))


def test_a_stall_of_six_seconds_costs_another_try(senders: dict[str, Sender], shared_service: Running) -> None:
    """Clients that try again lose nothing to a stall that outlasts our patience; the other one is told of its loss."""
    run = new_run("six")
    reports = _send_through_a_stall(senders, shared_service, run, seconds=6)

    for name, sender in senders.items():
        lost = name == NEVER_RETRIES
        assert reports[name].told == all_told(sender, "FAILURE" if lost else "SUCCESS"), name
        expected = scenarios.nothing() if lost else once(sender, _run(run, name))
        assert kept(shared_service, _run(run, name)) == expected


def _send_through_a_stall(
    senders: dict[str, Sender], service: Running, run: str, *, seconds: float
) -> dict[str, Report]:
    for sender in senders.values():
        scenarios.connect(sender, service)
    with paused(service):
        for name, sender in senders.items():
            sender.start(_run(run, name), good=GOOD)
        threading.Event().wait(seconds)
    return {name: sender.report() for name, sender in senders.items()}


def _run(run: str, name: str) -> str:
    """Name one client's sending; a metric's name cannot hold a space."""
    return f"{run}-{name.replace(' ', '-')}"
