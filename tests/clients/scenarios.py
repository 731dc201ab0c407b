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
SENT_TWICE = {"received": 2 * GOOD, "stored": GOOD, "duplicate": GOOD}
ALL_SUCCEEDED = {"traces": "SUCCESS", "logs": "SUCCESS", "metrics": "SUCCESS"}
ALL_FAILED = {"traces": "FAILURE", "logs": "FAILURE", "metrics": "FAILURE"}
TWICE = {f"{signal} {column}": count for signal in Signal for column, count in SENT_TWICE.items()}
"""What the books gain when all items of a sending come twice."""
NOTHING: dict[str, list[str]] = {"traces": [], "logs": [], "metrics": []}


def new_run(what: str) -> str:
    """Name a sending so that its items can be told from all others."""
    return f"{what}-{uuid4().hex[:8]}"


def once(*runs: str, good: int = GOOD) -> dict[str, list[str]]:
    """List what is kept when every good item of these sendings is kept exactly once."""
    names = sorted(f"{run}.{number}" for run in runs for number in range(good))
    return {str(signal): names for signal in Signal}


def kept(service: Running, *runs: str) -> dict[str, list[str]]:
    """List the stored items of these sendings, each as often as it is stored."""
    return {
        str(signal): sorted(name for run in runs for name in json.loads(service.rows(sql, f"{run}.*")[0]["names"]))
        for signal, sql in NAMES.items()
    }


def booked(service: Running, sender: Sender) -> Counter[str]:
    """Read the books of the sender's transport: `traces received`, `logs duplicate`, and so on."""
    columns = ("received", "stored", "duplicate", "rejected")
    lines = [line for line in service.ledger() if line.transport == sender.transport]
    return Counter({f"{line.signal} {column}": getattr(line, column) for line in lines for column in columns})


def port_of(service: Running, sender: Sender) -> int:
    """Give the port that speaks the sender's transport."""
    return service.grpc if sender.transport == "grpc" else service.http


def connect(sender: Sender, service: Running, *, compression: str = "gzip") -> None:
    """Make new exporters that send straight to the service."""
    sender.open(dict.fromkeys(Signal, port_of(service, sender)), compression=compression)


def send(sender: Sender, run: str, *, good: int = GOOD, bad: int = 0) -> Report:
    """Send a batch of each signal and wait for the end of it."""
    sender.start(run, good=good, bad=bad)
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
        proxies = {signal: stack.enter_context(cutting(target)) for signal in Signal}
        sender.open({signal: proxy.port for signal, proxy in proxies.items()}, compression="gzip")
        yield
        cuts = [proxy.cut for proxy in proxies.values()]

    assert cuts == [1, 1, 1]


def overload(sender: Sender, service: Running, run: str) -> Report:
    """Send while nothing can be written, and go on writing once each exporter was refused."""
    with paused(service):
        sender.start(run, good=GOOD)
        sender.wait_for_retries(len(Signal))
    return sender.report()


def ports(service: Running) -> dict[str, str]:
    """Write the settings that make another service listen where this one does."""
    return {
        "collector__grpc__endpoint": f"127.0.0.1:{service.grpc}",
        "collector__http__endpoint": f"127.0.0.1:{service.http}",
    }
