"""Measure how soon records are in the derived tables, how fast these follow, and that no shape of traces stalls it.

A lag counts from the moment in which a span can be read until everything that was derived from it can.
A stall is the longest that a sender waited while traces of a difficult shape came in and were derived.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator

from benchmarks import books, odd
from benchmarks.figures import Figures, at_least, at_most
from benchmarks.follower import Follower, Lag, at, following
from benchmarks.job import Job, Sending, send
from benchmarks.senders import Sender, sender
from benchmarks.server import Daemon
from benchmarks.settings import Settings, say

SPANS_PER_SECOND = 5_000
LAG_S = 1
STALL_MS = 250
WARM_REQUESTS = 20
PROBE_EVERY_S = 0.02
PROBES_FOR_S = 120

Shapes = dict[str, Callable[[Settings, int], Iterator[bytes]]]
SHAPES: Shapes = {
    "one_trace": lambda settings, now: odd.one_trace(settings.giant_spans, now),
    "sessions": lambda settings, now: odd.sessions(settings.sessions, now),
    "circle": lambda settings, now: odd.circle(settings.giant_spans, now),
}


def measure(settings: Settings) -> Figures:
    """Measure everything by turns."""
    lags: list[list[Lag]] = []
    rates: list[float] = []
    stalls: dict[str, list[float]] = defaultdict(list)
    for run in range(settings.runs):
        lags.append(_lags(settings))
        rates.append(_rate(settings))
        for name, make in SHAPES.items():
            stalls[name].append(_stall(settings, make))
        longest = ", ".join(f"{name} {held[-1]:.0f}" for name, held in stalls.items())
        lag = f"lag p99 {at(lags[-1], 0.99):.2f} s, {rates[-1]:,.0f} spans/s"
        say(f"deriving {run + 1}/{settings.runs}: {lag}, longest answer in ms: {longest}")
    return {
        "derive_lag_p50": at_most([at(run, 0.5) for run in lags], unit="s", most=LAG_S),
        "derive_lag_p99": at_most([at(run, 0.99) for run in lags], unit="s", most=LAG_S),
        "derive_rate": at_least(rates, unit="spans/s", least=SPANS_PER_SECOND),
        **{f"stall_{name}": at_most(held, unit="ms", most=STALL_MS) for name, held in stalls.items()},
    }


def _lags(settings: Settings) -> list[Lag]:
    """Send at a steady rate, half over gRPC and half over HTTP, once a few requests have warmed everything up."""
    with settings.daemon() as daemon, following(daemon.db) as follower:
        spans = _sent(daemon, WARM_REQUESTS)
        follower.wait()
        jobs = [_job(settings, daemon, transport, seed) for seed, transport in enumerate(("grpc", "http"), 2)]
        sendings = [Sending(job) for job in jobs]
        lags = follower.lags(lambda: any(sending.running for sending in sendings))
        retries = sum(sending.result().retries for sending in sendings)
        books.check(daemon.db, spans=spans + sum(job.spans for job in jobs), retries=retries)
    return lags


def _job(settings: Settings, daemon: Daemon, transport: str, seed: int) -> Job:
    rate = SPANS_PER_SECOND / 2
    requests = max(1, round(settings.lag_s * rate / Job("").shape.spans))
    return Job(daemon.address(transport), transport, requests=requests, warm_up=0, spans_per_second=rate, seed=seed)


def _sent(daemon: Daemon, requests: int) -> int:
    job = Job(daemon.address("http"), requests=requests, warm_up=0)
    send(job)
    return job.spans


def _rate(settings: Settings) -> float:
    """Send as fast as answers come, and measure how fast the rest is derived once nobody sends any more."""
    with settings.daemon() as daemon, following(daemon.db) as follower:
        spans = _sent(daemon, settings.requests)
        rate = follower.wait()
        books.check(daemon.db, spans=spans)
    return rate


def _stall(settings: Settings, make: Callable[[Settings, int], Iterator[bytes]]) -> float:
    """Send a shape, then single spans until all is derived; give the longest that an answer took, in milliseconds."""
    with settings.daemon() as daemon, following(daemon.db) as follower:
        bodies = list(make(settings, time.time_ns()))
        _sent(daemon, 1)
        follower.wait()
        one = sender(Job(daemon.address("http")))
        waits = [_answer_ms(one, body) for body in bodies]
        waits += _probe(one, follower)
        one.close()
    return max(waits)


def _probe(one: Sender, follower: Follower) -> list[float]:
    """Send one span after the other until what came before them is derived."""
    newest, _ = follower.reached()
    until = time.perf_counter() + PROBES_FOR_S
    waits = []
    while time.perf_counter() < until and follower.reached()[1] < newest:
        waits.append(_answer_ms(one, odd.probe(time.time_ns())))
        time.sleep(PROBE_EVERY_S)
    return waits


def _answer_ms(one: Sender, body: bytes) -> float:
    began = time.perf_counter()
    one.send(body)
    return (time.perf_counter() - began) * 1000
