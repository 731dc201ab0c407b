"""Work in a process of its own."""

import time

from benchmarks.job import Job, Sending
from tests.support.service import Running


def test_a_result_longer_than_a_pipe_holds_is_no_reason_to_wait(service: Running) -> None:
    """A sender that tells of thousands of requests ends although nobody reads its result meanwhile."""
    job = Job(f"127.0.0.1:{service.http}", "http", requests=4000, traces=1, spans_per_trace=1)
    sending = Sending(job)
    until = time.monotonic() + 60
    while sending.running and time.monotonic() < until:
        time.sleep(0.05)

    assert not sending.running
    assert 4000 == len(sending.result().latencies_ms)
