"""Measure memory, idle and at work, and how soon after its start the daemon is ready."""

import time
from itertools import pairwise
from statistics import median

from benchmarks import books
from benchmarks.figures import Figures, at_most
from benchmarks.job import Job, Sending
from benchmarks.server import Daemon
from benchmarks.settings import Settings, say

IDLE_MB, READY_S = 90, 1
BUSY_MB, FLAT = 300, 1.1
SPANS_PER_SECOND = 5_000
SAMPLE_EVERY_S = 0.5


def idle(settings: Settings) -> Figures:
    """Measure a daemon that nobody sends to."""
    ready, rss = [], []
    for run in range(settings.runs):
        with settings.daemon() as daemon:
            time.sleep(settings.idle_s)
            ready.append(daemon.ready_s)
            rss.append(daemon.rss_mb())
        say(f"idle {run + 1}/{settings.runs}: ready after {ready[-1]:.2f} s, {rss[-1]:.1f} MB")
    return {
        "start_to_ready": at_most(ready, unit="s", most=READY_S),
        "idle_rss": at_most(rss, unit="MB", most=IDLE_MB),
    }


def steady(settings: Settings) -> Figures:
    """Measure a daemon that is sent the same few spans each second for minutes, half over gRPC and half over HTTP."""
    samples = []
    for run in range(settings.long_runs):
        samples.append(_one(settings))
        peak, flat = max(samples[-1]), flatness(samples[-1])
        say(f"steady {run + 1}/{settings.long_runs}: at most {peak:.1f} MB, last to third tenth {flat:.3f}")
    peaks = [max(held) for held in samples]
    ratios = [flatness(held) for held in samples]
    by_tenth = [[round(part, 1) for part in tenths(held)] for held in samples]
    return {
        "steady_rss": at_most(peaks, unit="MB", most=BUSY_MB, minutes=settings.minutes, by_tenth_mb=by_tenth),
        "steady_rss_flat": at_most(ratios, unit="last / third tenth", most=FLAT),
    }


def flatness(samples: list[float]) -> float:
    """Compare the last tenth with the third: by then whatever is filled once has been filled."""
    parts = tenths(samples)
    return parts[-1] / parts[2]


def tenths(samples: list[float]) -> list[float]:
    """Give the median of each tenth of the time."""
    edges = [round(part * len(samples) / 10) for part in range(11)]
    return [median(samples[begin:end]) for begin, end in pairwise(edges)]


def _one(settings: Settings) -> list[float]:
    with settings.daemon() as daemon:
        jobs = [_job(settings, daemon, transport, seed) for seed, transport in enumerate(("grpc", "http"), 1)]
        sendings = [Sending(job) for job in jobs]
        samples = _sample(daemon, sendings)
        sent = [sending.result() for sending in sendings]
        books.check(daemon.db, spans=sum(job.spans for job in jobs), retries=sum(one.retries for one in sent))
    return samples


def _job(settings: Settings, daemon: Daemon, transport: str, seed: int) -> Job:
    rate = SPANS_PER_SECOND / 2
    requests = max(1, round(settings.minutes * 60 * rate / Job("").shape.spans))
    return Job(daemon.address(transport), transport, requests=requests, spans_per_second=rate, seed=seed)


def _sample(daemon: Daemon, sendings: list[Sending]) -> list[float]:
    samples = []
    while any(sending.running for sending in sendings):
        samples.append(daemon.rss_mb())
        time.sleep(SAMPLE_EVERY_S)
    return samples
