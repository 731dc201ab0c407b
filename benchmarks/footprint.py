"""Measure memory, idle and at work, and how soon after its start the daemon is ready."""

import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from benchmarks import books
from benchmarks.figures import Figures, at_least, at_most
from benchmarks.job import Job, Sending
from benchmarks.server import Daemon
from benchmarks.settings import Settings, say

IDLE_MB, READY_S = 90, 1
BUSY_MB, FLAT = 300, 1.1
SPANS_PER_SECOND = 5_000
KEPT_UP = 0.98
SAMPLE_EVERY_S = 0.25


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
    seen = []
    for run in range(settings.long_runs):
        seen.append(one := _one(settings))
        facts = f"{one.rate:,.0f} spans/s, at most {one.peak:.1f} MB, last to third tenth {one.flatness:.3f}"
        say(f"steady {run + 1}/{settings.long_runs}: {facts}")
    by_tenth = [[round(part, 1) for part in tenths(one.samples)] for one in seen]
    return {
        "steady_rate": at_least([one.rate for one in seen], unit="spans/s", least=KEPT_UP * SPANS_PER_SECOND),
        "steady_rss": at_most([one.peak for one in seen], unit="MB", most=BUSY_MB, by_tenth_mb=by_tenth),
        "steady_rss_flat": at_most([one.flatness for one in seen], unit="last / third tenth", most=FLAT),
    }


@dataclass(frozen=True, slots=True)
class Steady:
    """Hold the memory that was seen while spans came in, and how many came."""

    samples: list[float]
    rate: float

    @property
    def peak(self) -> float:
        """Give the most that was held."""
        return max(self.samples)

    @property
    def flatness(self) -> float:
        """Compare the last tenth with the third: by then whatever is filled once has been filled."""
        parts = tenths(self.samples)
        return parts[-1] / parts[2]


def tenths(samples: list[float]) -> list[float]:
    """Give the median of each tenth of the time."""
    edges = [round(part * len(samples) / 10) for part in range(11)]
    return [median(samples[begin:end]) for begin, end in pairwise(edges)]


def _one(settings: Settings) -> Steady:
    with settings.daemon() as daemon:
        jobs = [_job(settings, daemon, transport, seed) for seed, transport in enumerate(("grpc", "http"), 1)]
        sendings = [Sending(job) for job in jobs]
        samples = _sample(daemon, sendings)
        sent = [sending.result() for sending in sendings]
        books.check(daemon.db, spans=sum(job.spans for job in jobs), retries=sum(one.retries for one in sent))
    began = max(one.began for one in sent)
    return Steady([rss for at, rss in samples if at >= began], sum(one.rate for one in sent))


def _job(settings: Settings, daemon: Daemon, transport: str, seed: int) -> Job:
    rate = SPANS_PER_SECOND / 2
    requests = max(1, round(settings.minutes * 60 * rate / Job("").shape.spans))
    return Job(daemon.address(transport), transport, requests=requests, spans_per_second=rate, seed=seed)


def _sample(daemon: Daemon, sendings: list[Sending]) -> list[tuple[float, float]]:
    """Look at the daemon's memory, and at the clock, for as long as anybody sends."""
    samples = []
    while any(sending.running for sending in sendings):
        samples.append((time.perf_counter(), daemon.rss_mb()))
        time.sleep(SAMPLE_EVERY_S)
    return samples
