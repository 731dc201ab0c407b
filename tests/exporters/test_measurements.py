"""Mirror of exporters/measurements.py."""

from typing import Any

from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from core.counters import Counters
from exporters.measurements import Measurements
from schema.signals import WIRE, Signal

BEGAN, NOW = 5, 9
RESOURCE = {"service.name": "spanledger", "service.version": "1.2"}


def written(counters: Counters) -> Any:
    """Write a request and read it."""
    sent = Measurements(counters, RESOURCE, began=BEGAN).request(NOW)
    return WIRE[Signal.METRICS].request.FromString(sent).resource_metrics[0]


def metrics(counters: Counters) -> dict[str, Any]:
    """Give the metrics of a request by their names."""
    return {metric.name: metric for metric in written(counters).scope_metrics[0].metrics}


def test_a_request_says_whose_it_is() -> None:
    """The daemon is the resource, the scope has its version."""
    told = written(Counters())

    assert RESOURCE == {one.key: one.value.string_value for one in told.resource.attributes}
    assert ("spanledger", "1.2") == (told.scope_metrics[0].scope.name, told.scope_metrics[0].scope.version)


def test_each_kind_is_written_as_it_is_counted() -> None:
    """Counters are sums that only grow, histograms count between their bounds, gauges stand as they are."""
    counters = Counters()
    counters.stored.labels("traces", "grpc").inc(3)
    counters.queued_bytes.set(70)
    for seconds in (0.0005, 0.003, 0.004, 9.0):
        counters.commit_seconds.observe(seconds)
    found = metrics(counters)
    stored, queued = found["spanledger.items.stored"], found["spanledger.queue.size"]
    (distribution,) = found["spanledger.commit.duration"].histogram.data_points

    assert (True, AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE) == (
        stored.sum.is_monotonic,
        stored.sum.aggregation_temporality,
    )
    assert (3, BEGAN, NOW) == tuple(
        getattr(stored.sum.data_points[0], name) for name in ("as_double", "start_time_unix_nano", "time_unix_nano")
    )
    assert (70, "By") == (queued.gauge.data_points[0].as_double, queued.unit)
    assert [1, 0, 2, *[0] * 9, 1] == list(distribution.bucket_counts)
    assert 0.001 == distribution.explicit_bounds[0]
    assert (4, False) == (distribution.count, distribution.HasField("min"))


def test_what_the_page_shows_is_what_is_sent() -> None:
    """Every family that has samples is in the request, under its own name and with its unit."""
    counters = Counters()
    counters.exported.set(2, "far", "traces", "sent")
    meters = counters.meters.all
    shown = {meters[family.name].name for family in counters.registry.collect() if family.samples}

    assert shown == set(metrics(counters))
    assert "spanledger.export.items" in shown
