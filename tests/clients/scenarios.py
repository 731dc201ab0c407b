"""Take senders through what happens to senders, and find every item again.

Whoever runs the service balances its books at the end.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from schema.signals import Signal
from tests.clients.clients import Client
from tests.clients.sender import Report, Sender
from tests.support.pause import paused
from tests.support.process import HOST, free_ports
from tests.support.proxy import cutting
from tests.support.service import Running, running

GOOD, BAD = 4, 2
MANY = 5000
"""How often a client may fail before it counts as lost; about a minute's worth."""
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


def all_told(client: Client, result: str) -> dict[str, str]:
    """Write what a report says when every exporter returned this."""
    return dict.fromkeys(client.keys, result)


def told_of_refusal(client: Client, result: str) -> dict[str, str]:
    """Write what a report says when those exporters returned this whose bad items are refused."""
    return {key: result if key.split()[0] in client.refusable else "SUCCESS" for key in client.keys}


def kept(service: Running, *runs: str) -> Kept:
    """List the stored items of these sendings, each as often as it is stored."""
    return {signal: sorted(name for run in runs for name in _names(service, sql, run)) for signal, sql in NAMES.items()}


def once(client: Client, *runs: str) -> Kept:
    """List what is kept when every good item of these sendings is kept exactly once."""
    batches = [f"{run}.{compression}" for run in runs for compression in client.compressions]
    return dict.fromkeys(Signal, sorted(f"{batch}.{number}" for batch in batches for number in range(GOOD)))


def nothing() -> Kept:
    """List what is kept when nothing is."""
    return {signal: [] for signal in Signal}


def once_if_reported(reports: Mapping[str, Report]) -> Kept:
    """List what is kept when the items that were reported as sent are kept exactly once, and no others."""
    found = nothing()
    for run, report in reports.items():
        for key in (key for key, result in report.told.items() if result == "SUCCESS"):
            signal, compression = key.split()
            found[Signal(signal)] += [f"{run}.{compression}.{number}" for number in range(GOOD)]
    return {signal: sorted(names) for signal, names in found.items()}


def booked(service: Running, client: Client) -> Counter[str]:
    """Read the books of the client's transport: `traces received`, `logs duplicate`, and so on."""
    lines = [line for line in service.ledger() if line.transport == client.transport]
    return Counter({f"{line.signal} {column}": getattr(line, column) for line in lines for column in COLUMNS})


def gain(client: Client, *signals: Signal, **counts: int) -> Counter[str]:
    """Write what the books gain when each exporter of these signals adds so many items."""
    each = len(client.compressions)
    return Counter({f"{signal} {column}": count * each for signal in signals for column, count in counts.items()})


def connect(sender: Sender, service: Running) -> None:
    """Make new exporters that send straight to the service."""
    sender.open(dict.fromkeys(sender.client.keys, _port(service, sender)))


def send(sender: Sender, run: str, *, good: int = GOOD, bad: int = 0) -> Report:
    """Send a batch with each exporter and wait for the end of it."""
    sender.start(run, good=good, bad=bad)
    return sender.report()


def send_until_success(sender: Sender) -> dict[str, Report]:
    """Send one batch after another until every exporter has succeeded; give the reports of all sendings."""
    reports: dict[str, Report] = {}
    for _ in range(MANY):
        run = new_run("again")
        reports[run] = send(sender, run)
        if reports[run].told == all_told(sender.client, "SUCCESS"):
            return reports
    raise AssertionError(f"{sender.client.name} did not find the service again")


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


def cut(sender: Sender, service: Running, run: str) -> Report:
    """Send, and lose the first answer to each exporter on the way back."""
    with ExitStack() as stack:
        proxies = {key: stack.enter_context(cutting(_port(service, sender))) for key in sender.client.keys}
        sender.open({key: proxy.port for key, proxy in proxies.items()})
        report = send(sender, run)
        cuts = {key: proxy.cut for key, proxy in proxies.items()}

    assert cuts == dict.fromkeys(proxies, 1)
    return report


def own_ports() -> dict[str, str]:
    """Write settings by which one service after the other listens where no outgoing connection can be meanwhile."""
    ports = free_ports()
    return {
        "collector__grpc__endpoint": f"{HOST}:{ports.grpc}",
        "collector__http__endpoint": f"{HOST}:{ports.http}",
    }


def _port(service: Running, sender: Sender) -> int:
    return service.grpc if sender.client.transport == "grpc" else service.http


def _names(service: Running, sql: str, run: str) -> list[str]:
    return [str(name) for name in json.loads(service.rows(sql, f"{run}.*")[0]["names"])]
