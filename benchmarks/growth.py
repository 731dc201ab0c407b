"""Measure whether a grown database is slower.

The rate of the last half million of five million spans stands against that of the first half million.
"""

from itertools import pairwise

from benchmarks import books
from benchmarks.figures import MB, Figures, at_least
from benchmarks.job import Job, Sent, send
from benchmarks.settings import Settings, say

LEAST = 0.8
STEPS = 10


def measure(settings: Settings) -> Figures:
    """Fill a database several times."""
    ratios, notes = [], []
    for run in range(settings.long_runs):
        sent, db_mb = _one(settings)
        rates = steps(sent, span_count=settings.growth_window)
        ratios.append(rates[-1] / rates[0])
        notes.append({"spans_per_s": [round(rate) for rate in rates], "db_mb": round(db_mb), "retries": sent.retries})
        say(f"growth {run + 1}/{settings.long_runs}: {rates[0]:,.0f} spans/s at first, {rates[-1]:,.0f} at last")
    return {
        "growth": at_least(ratios, unit="last / first rate", least=LEAST, spans=settings.growth_spans, details=notes)
    }


def steps(sent: Sent, *, span_count: int) -> list[float]:
    """Give the rate of each successive so many spans, by when their answers came."""
    per_request = sent.spans // len(sent.answered_s)
    size = max(1, span_count // per_request)
    ends = [0.0, *sent.answered_s[size - 1 :: size]]
    return [size * per_request / (end - begin) for begin, end in pairwise(ends)]


def _one(settings: Settings) -> tuple[Sent, float]:
    with settings.daemon() as daemon:
        job = Job(daemon.http, requests=settings.growth_spans // Job("").shape.spans)
        sent = send(job)
        books.check(daemon.db, spans=job.spans, retries=sent.retries)
        return sent, daemon.db.stat().st_size / MB
