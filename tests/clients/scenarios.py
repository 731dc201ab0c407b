"""Take a sender through what happens to senders, and find every item again.

Each scenario gives the client's report; whoever runs the service balances the books at its end.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from schema.signals import Signal
from tests.clients.sender import Report, Sender
from tests.support.pause import paused
from tests.support.proxy import cutting
from tests.support.service import Running, running

GOOD = 4
IMPATIENT = {"collector__limits__wait": "300ms", "collector__limits__answer_within": "600ms"}
NAMES = {
    Signal.TRACES: "select json_group_array(name) as names from raw_spans where name glob ?",
    Signal.LOGS: "select json_group_array(body) as names from raw_logs where body glob ?",
    Signal.METRICS: "select json_group_array(name) as names from raw_points where name glob ?",
}
COLUMNS = ("received", "stored", "duplicate", "rejected")
Kept = dict[Signal, list[str]]


def new_run(what: str) -> str:
    """Name a sending so that its items can be told from all others."""
    return f"{what}-{uuid4().hex[:8]}"


def all_told(sender: Sender, result: str) -> dict[str, str]:
    """Write what a report says when every exporter returned this."""
    return dict.fromkeys(sender.keys, result)


def once(sender: Sender, *runs: str) -> Kept:
    """List what is kept when every good item of these sendings is kept exactly once."""
    batches = [f"{run}.{compression}" for run in runs for compression in sender.compressions]
    return dict.fromkeys(Signal, sorted(f"{batch}.{number}" for batch in batches for number in range(GOOD)))


def nothing() -> Kept:
    """List what is kept when nothing is."""
    return {signal: [] for signal in Signal}


def kept(service: Running, *runs: str) -> Kept:
    """List the stored items of these sendings, each as often as it is stored."""
    return {signal: sorted(name for run in runs for name in _names(service, sql, run)) for signal, sql in NAMES.items()}


def booked(service: Running, sender: Sender) -> Counter[str]:
    """Read the books of the sender's transport: `traces received`, `logs duplicate`, and so on."""
    lines = [line for line in service.ledger() if line.transport == sender.transport]
    return Counter({f"{line.signal} {column}": getattr(line, column) for line in lines for column in COLUMNS})


def gain(sender: Sender, *signals: Signal, **counts: int) -> Counter[str]:
    """Write what the books gain when each exporter of these signals adds so many items."""
    each = len(sender.compressions)
    return Counter({f"{signal} {column}": count * each for signal in signals for column, count in counts.items()})


def port_of(service: Running, sender: Sender) -> int:
    """Give the port that speaks the sender's transport."""
    return service.grpc if sender.transport == "grpc" else service.http


def connect(sender: Sender, service: Running) -> None:
    """Make new exporters that send straight to the service."""
    sender.open(dict.fromkeys(sender.keys, port_of(service, sender)))


def send(sender: Sender, run: str, *, good: int = GOOD, bad: int = 0) -> Report:
    """Send a batch with each exporter and wait for the end of it."""
    sender.start(run, good=good, bad=bad)
    return sender.report()


def overload(sender: Sender, service: Running, run: str) -> Report:
    """Send while nothing can be written, and go on writing once each exporter was refused."""
    with paused(service):
        sender.start(run, good=GOOD)
        sender.wait_for_retries()
    return sender.report()


@contextmanager
def impatient(folder: Path) -> Iterator[Running]:
    """Run a service that waits for well under a second before it refuses."""
    with running(folder / "impatient.db", **IMPATIENT) as service:
        yield service


@contextmanager
def connections_cut(sender: Sender, service: Running) -> Iterator[None]:
    """Connect a sender so that the first answer to each of its exporters is lost on the way."""
    target = port_of(service, sender)
    with ExitStack() as stack:
        proxies = {key: stack.enter_context(cutting(target)) for key in sender.keys}
        sender.open({key: proxy.port for key, proxy in proxies.items()})
        yield
        cuts = {key: proxy.cut for key, proxy in proxies.items()}

    assert cuts == dict.fromkeys(sender.keys, 1)


def same_ports(service: Running) -> dict[str, str]:
    """Write the settings that make another service listen where this one does."""
    return {
        "collector__grpc__endpoint": f"127.0.0.1:{service.grpc}",
        "collector__http__endpoint": f"127.0.0.1:{service.http}",
    }


def _names(service: Running, sql: str, run: str) -> list[str]:
    return [str(name) for name in json.loads(service.rows(sql, f"{run}.*")[0]["names"])]
