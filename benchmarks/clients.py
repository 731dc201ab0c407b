"""Send a load from a process of its own: `python -m benchmarks.clients` reads a job and writes what it saw.

Requests are made before the clock starts as far as memory allows, otherwise just before each is sent.
"""

import gc
import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from benchmarks.job import Job, Sent
from benchmarks.load import REQUEST_NS, Load
from benchmarks.senders import BusyError, Sender, sender

PREPARED_BYTES = 512 << 20
PATIENCE_S = 120
AGAIN_AFTER_S = 0.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hold which requests are next, shared by all senders, and when each is due; `every_s` 0 means at once."""

    places: Iterator[int]
    first: int
    begin: float = 0
    every_s: float = 0

    def wait(self, place: int) -> None:
        """Sleep until the request at this place is due."""
        ahead = self.begin + place * self.every_s - time.perf_counter()
        if self.every_s and ahead > 0:
            time.sleep(ahead)


@dataclass(slots=True)
class Seen:
    """Collect what one sender saw: when each request was sent and answered."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    retries: int = 0
    error: BaseException | None = None


def run(job: Job) -> Sent:
    """Send everything that the job says."""
    bodies = Bodies(job)
    senders = [sender(job) for _ in range(job.in_flight)]
    _all(senders, bodies, Schedule(iter(range(job.warm_up)), first=0))
    gc.collect()
    gc.freeze()
    cpu_s = time.process_time()
    seen = _all(senders, bodies, _schedule(job))
    cpu_s = time.process_time() - cpu_s
    for one in senders:
        one.close()
    return _sum(job, seen, cpu_s)


class Bodies:
    """Hold the requests made beforehand, and make the rest when they are asked for."""

    def __init__(self, job: Job) -> None:
        """Make as many as fit."""
        every_ns = int(_every_s(job) * 1e9) or REQUEST_NS
        self._load = Load(job.encoding, seed=job.seed, shape=job.shape, begin_ns=job.begin_ns, every_ns=every_ns)
        fitting = PREPARED_BYTES // len(self._load.request(0))
        count = job.warm_up + job.requests
        self._ready = {number: self._load.request(number) for number in range(count)} if count <= fitting else {}

    def __getitem__(self, number: int) -> bytes:
        """Give the request with this number."""
        return self._ready.get(number) or self._load.request(number)


def _schedule(job: Job) -> Schedule:
    return Schedule(iter(range(job.requests)), job.warm_up, time.perf_counter(), _every_s(job))


def _every_s(job: Job) -> float:
    """Say how long after one request the next is sent; 0 as soon as there is an answer."""
    return job.shape.spans / job.spans_per_second if job.spans_per_second else 0


def _all(senders: list[Sender], bodies: Bodies, schedule: Schedule) -> list[Seen]:
    """Let all senders work through the schedule, and raise what went wrong in any of them."""
    seen = [Seen() for _ in senders]
    pairs = zip(senders, seen, strict=True)
    threads = [threading.Thread(target=_work, args=(one, bodies, schedule, held)) for one, held in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for held in seen:
        if held.error is not None:
            raise held.error
    return seen


def _work(one: Sender, bodies: Bodies, schedule: Schedule, seen: Seen) -> None:
    try:
        for place in schedule.places:  # a range's iterator may be shared by threads
            body = bodies[schedule.first + place]
            schedule.wait(place)
            began = time.perf_counter()
            seen.retries += _send(one, body)
            seen.spans.append((began, time.perf_counter()))
    except Exception as error:  # raised again where the threads are waited for
        seen.error = error


def _send(one: Sender, body: bytes) -> int:
    """Send a request as often as it is asked for; give how often it was not the last time."""
    until = time.perf_counter() + PATIENCE_S
    retries = 0
    while True:
        try:
            one.send(body)
        except BusyError:
            if time.perf_counter() > until:
                raise
            retries += 1
            time.sleep(AGAIN_AFTER_S)
        else:
            return retries


def _sum(job: Job, seen: list[Seen], cpu_s: float) -> Sent:
    spans = sorted(span for one in seen for span in one.spans)
    begin = spans[0][0]
    answered = sorted(end - begin for _, end in spans)
    latencies = [1000 * (end - began) for began, end in spans]
    retries = sum(one.retries for one in seen)
    return Sent(len(spans) * job.shape.spans, begin, answered[-1], latencies, answered, retries, cpu_s)


if __name__ == "__main__":
    json.dump(asdict(run(Job(**json.load(sys.stdin)))), sys.stdout)
