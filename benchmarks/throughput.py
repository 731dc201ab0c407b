"""Measure durable spans a second over each transport, beside the floor.

Requests of 512 spans, four in flight; the clock runs from the first send to the last acknowledgement.
Everything is derived beside it, as for every user; how far that lags behind is measured apart (`benchmarks.deriving`).
"""

from collections import defaultdict

from benchmarks import books, floor
from benchmarks.figures import Figure, Figures, share_of_floor
from benchmarks.job import Job, Sent, send
from benchmarks.server import fresh_folder
from benchmarks.settings import Settings, say

WAYS = {
    "grpc": ("grpc", "protobuf", 0.35),
    "http_protobuf": ("http", "protobuf", 0.35),
    "http_json": ("http", "json", 0.25),
}
"""Transport, encoding, and the least share of the floor."""


def measure(settings: Settings) -> Figures:
    """Measure the floor and every way by turns, so that all see the machine in the same moods."""
    floors: list[float] = []
    sent: dict[str, list[Sent]] = defaultdict(list)
    for run in range(settings.runs):
        floors.append(_floor(settings))
        for name in WAYS:
            sent[name].append(_one(settings, name))
        rates = ", ".join(f"{name} {held[-1].rate:,.0f}" for name, held in sent.items())
        say(f"throughput {run + 1}/{settings.runs}: floor {floors[-1]:,.0f} spans/s, {rates}")
    return {f"throughput_{name}": _figure(name, held, floors) for name, held in sent.items()}


def _figure(name: str, sent: list[Sent], floors: list[float]) -> Figure:
    client_cpu = [round(one.cpu_s / one.seconds, 3) for one in sent]
    retries = sum(one.retries for one in sent)
    return share_of_floor(
        [one.rate for one in sent],
        floors,
        unit="spans/s",
        least=WAYS[name][2],
        retries=retries,
        client_cores=client_cpu,
    )


def _floor(settings: Settings) -> float:
    with fresh_folder(settings.folder) as folder:
        return floor.measure(floor.Work(str(folder), settings.requests)).rate


def _one(settings: Settings, name: str) -> Sent:
    transport, encoding, _ = WAYS[name]
    with settings.daemon() as daemon:
        job = Job(daemon.address(transport), transport, encoding, settings.requests)
        sent = send(job)
        books.check(daemon.db, spans=job.spans, retries=sent.retries)
    return sent
