"""Send from clocks that are wrong, and turn ours: client times are data, what happens here goes by our time."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import post
from tests.support.service import TABLES, Running

HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS
TIMES = {"1970": 1, "2262": 2**63 - 1, "2554": 2**64 - 1}
MAKE: dict[Signal, Callable[[int], Any]] = {
    Signal.TRACES: lambda now: build.traces(build.span(start_time_unix_nano=now, end_time_unix_nano=now)),
    Signal.LOGS: lambda now: build.logs(build.log(time_unix_nano=now, observed_time_unix_nano=now)),
    Signal.METRICS: lambda now: build.metrics(build.gauge(build.point(time_unix_nano=now, start_time_unix_nano=now))),
}
COLUMNS = {Signal.TRACES: "start_time_unix_nano", Signal.LOGS: "time_unix_nano", Signal.METRICS: "time_unix_nano"}


@pytest.mark.parametrize("year", TIMES)
@pytest.mark.parametrize("signal", Signal)
def test_row_92_any_client_time_is_kept_and_receipt_is_ours(shared_service: Running, signal: Signal, year: str) -> None:
    """A time in 1970, 2262 or 2554 is kept as it came, beside its column if need be; `received_at` is our own."""
    before = time.time_ns()
    reply = post(shared_service, WIRE[signal].path, MAKE[signal](TIMES[year]).SerializeToString())
    after = time.time_ns()
    newest = f"select *, {COLUMNS[signal]} as told from {TABLES[signal]} order by id desc limit 1"
    (row,) = shared_service.rows(newest)
    told = row["told"] or int(orjson.loads(row["repaired"])[COLUMNS[signal]])
    partial = WIRE[signal].response.FromString(reply.body).partial_success

    assert reply.status == 200
    assert getattr(partial, WIRE[signal].rejected_field) == 0
    assert before <= row["received_at"] <= after
    assert told == TIMES[year]


@pytest.mark.parametrize("leap_ns", [DAY_NS, -DAY_NS], ids=["forward", "back"])
@pytest.mark.parametrize("signal", Signal)
def test_row_92_a_leap_of_our_clock_loses_and_doubles_nothing(service: Running, signal: Signal, leap_ns: int) -> None:
    """When our clock leaps a day, a replay is still a duplicate, and new items are stored with the new time."""
    known, fresh = build.body(signal, 3), build.body(signal, 3)
    clock = service.service.ingest.clock
    path = WIRE[signal].path
    post(service, path, known)
    service.service.ingest.clock = lambda: clock() + leap_ns
    replies = [post(service, path, body).status for body in (known, fresh, known, fresh)]

    assert replies == [200] * 4
    assert service.count(signal) == 6
    received = [row["received_at"] for row in service.rows(f"select received_at from {TABLES[signal]} order by id")]
    assert max(received[:3]) - min(received[:3]) < HOUR_NS
    assert all(abs(at - received[0] - leap_ns) < HOUR_NS for at in received[3:])
