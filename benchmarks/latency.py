"""Measure how long a sender of one span waits until it is durable, one request after another.

The floor is one row's transaction by itself: begin, insert, commit with its fsync.
"""

from statistics import quantiles

from benchmarks import books, floor
from benchmarks.figures import Figures, at_most
from benchmarks.job import Job, send
from benchmarks.server import fresh_folder
from benchmarks.settings import Settings, say

WAYS = {"grpc": ("grpc", "protobuf"), "http_protobuf": ("http", "protobuf"), "http_json": ("http", "json")}
WARM_UP = 50
P50_MS, P99_MS = 3, 15


def measure(settings: Settings) -> Figures:
    """Measure the floor and every way by turns."""
    runs: dict[str, list[list[float]]] = {name: [] for name in ("floor", *WAYS)}
    for run in range(settings.runs):
        runs["floor"].append(_floor(settings))
        for name in WAYS:
            runs[name].append(_one(settings, name))
        seen = ", ".join(f"{name} {_at(held[-1], 50):.2f}" for name, held in runs.items())
        say(f"latency {run + 1}/{settings.runs}: p50 in ms: {seen}")
    return {key: figure for name in WAYS for key, figure in _figures(name, runs[name], runs["floor"]).items()}


def _figures(name: str, runs: list[list[float]], floors: list[list[float]]) -> Figures:
    return {
        f"latency_{name}_p{percent}": at_most(
            [_at(run, percent) for run in runs], unit="ms", most=most, floor_runs=[_at(run, percent) for run in floors]
        )
        for percent, most in ((50, P50_MS), (99, P99_MS))
    }


def _at(latencies: list[float], percent: int) -> float:
    return quantiles(latencies, n=100, method="inclusive")[percent - 1]


def _floor(settings: Settings) -> list[float]:
    with fresh_folder(settings.folder) as folder:
        work = floor.Work(str(folder), settings.small_requests, WARM_UP, 1, 1)
        return floor.measure(work).commits_ms


def _one(settings: Settings, name: str) -> list[float]:
    transport, encoding = WAYS[name]
    with settings.daemon() as daemon:
        job = Job(
            daemon.address(transport), transport, encoding, settings.small_requests, WARM_UP,
            in_flight=1, traces=1, spans_per_trace=1,
        )  # fmt: skip
        sent = send(job)
        books.check(daemon.db, spans=job.spans, retries=sent.retries)
    return sent.latencies_ms
