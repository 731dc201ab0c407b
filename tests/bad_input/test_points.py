"""Metric points that contradict themselves: row 63."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m

from schema.signals import Signal
from tests.support import build
from tests.support.build_json import metric, point
from tests.support.neighbours import Way, among_json, exported, kept, mixed, refused, send
from tests.support.otlp import twin
from tests.support.service import Running

MILLION = 1_000_000
DELTA = m.AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
times = iter(range(build.NOW, build.NOW + MILLION))


def histogram(counts: list[int], bounds: list[float], **fields: Any) -> m.Metric:
    """Build a histogram of one point."""
    made = m.Metric(name="latency")
    made.histogram.data_points.add(
        time_unix_nano=next(times), count=sum(counts), bucket_counts=counts, explicit_bounds=bounds, **fields
    )
    made.histogram.aggregation_temporality = DELTA
    return made


def exponential(**fields: Any) -> m.Metric:
    """Build an exponential histogram of one point."""
    made = m.Metric(name="latency.exp")
    made.exponential_histogram.data_points.add(time_unix_nano=next(times), count=1, **fields)
    made.exponential_histogram.aggregation_temporality = DELTA
    return made


def total(value: float, *, temporality: int = DELTA, start: int = 0) -> m.Metric:
    """Build a sum of one point."""
    made = m.Metric(name="tokens")
    made.sum.data_points.add(time_unix_nano=next(times), start_time_unix_nano=start, as_double=value)
    made.sum.aggregation_temporality = temporality  # type: ignore[assignment]  # any integer may come
    made.sum.is_monotonic = True
    return made


def buckets(counts: list[int], offset: int = 0) -> m.ExponentialHistogramDataPoint.Buckets:
    """Build one side of an exponential histogram."""
    return m.ExponentialHistogramDataPoint.Buckets(offset=offset, bucket_counts=counts)


CONTRADICTIONS: dict[str, tuple[str, Callable[[], m.Metric]]] = {
    "too few counts": ("bad_buckets", lambda: histogram([1, 2], [1.0, 2.0])),
    "too many counts": ("bad_buckets", lambda: histogram([1, 2, 3, 4], [1.0, 2.0])),
    "bounds without counts": ("bad_buckets", lambda: histogram([], [1.0])),
    "bounds that fall": ("bad_bounds", lambda: histogram([1, 2, 3], [2.0, 1.0])),
    "bounds that repeat": ("bad_bounds", lambda: histogram([1, 2, 3], [1.0, 1.0])),
    "a bound that is no number": ("bad_bounds", lambda: histogram([1, 2, 3], [1.0, float("nan")])),
    "no time": ("no_time", lambda: build.gauge(build.point(time_unix_nano=0))),
    "no value": ("no_value", lambda: build.gauge(m.NumberDataPoint(time_unix_nano=next(times)))),
}
NEGATIVE = {
    "count": metric("histogram", {"timeUnixNano": "1", "count": "-1"}),
    "bucket count": metric("histogram", {"timeUnixNano": "1", "bucketCounts": ["-1"]}),
    "number": metric("histogram", {"timeUnixNano": "1", "count": -1}),
    "zero count": metric("exponentialHistogram", {"timeUnixNano": "1", "zeroCount": "-1"}),
    "inside": metric("exponentialHistogram", {"timeUnixNano": "1", "positive": {"bucketCounts": ["1", "-1"]}}),
    "summary": metric("summary", {"timeUnixNano": "1", "count": "-1"}),
    "time": metric("gauge", point(timeUnixNano="-1")),
}
LEGAL: dict[str, Callable[[], m.Metric]] = {
    "no buckets": lambda: histogram([], [], sum=5.0),
    "one bucket": lambda: histogram([7], []),
    "infinite bound": lambda: histogram([1, 2], [float("inf")]),
    "large counts": lambda: histogram([1, (1 << 64) - 2], [0.5]),
    "small scale": lambda: exponential(scale=-10, positive=buckets([1])),
    "large scale": lambda: exponential(scale=20, negative=buckets([0, 1], offset=-(1 << 31))),
    "temporality unspecified": lambda: total(5, temporality=0),
    "temporality unknown": lambda: total(5, temporality=99),
    "reset": lambda: total(1, start=build.NOW - 1),
    "start after time": lambda: total(1, start=build.NOW * 2),
    "a monotonic sum that fell": lambda: total(-5),
}


def sent(service: Running, way: Way, made: m.Metric) -> Any:
    """Send a metric, or its JSON twin, among good ones."""
    as_json = orjson.dumps(twin(made)).decode() if way is Way.JSON else ""
    return send(service, way, Signal.METRICS, mixed(Signal.METRICS, way, made.SerializeToString(), as_json))


def only_point(made: m.Metric) -> Any:
    """Give the one point of a metric."""
    return getattr(made, made.WhichOneof("data") or "").data_points[0]


@pytest.mark.parametrize("kind", CONTRADICTIONS)
@pytest.mark.parametrize("way", Way)
def test_row_63_a_point_that_contradicts_itself_is_refused(shared_service: Running, way: Way, kind: str) -> None:
    """Buckets that do not fit their bounds, and points without time or value, are refused with what is wrong."""
    reason, write = CONTRADICTIONS[kind]

    refused(sent(shared_service, way, write()), reason)


@pytest.mark.parametrize("kind", NEGATIVE)
def test_row_63_a_negative_count_is_refused(shared_service: Running, kind: str) -> None:
    """JSON can say what protobuf cannot: a count below zero costs its point."""
    body = among_json(Signal.METRICS, NEGATIVE[kind])

    refused(send(shared_service, Way.JSON, Signal.METRICS, body), "out_of_range")


@pytest.mark.parametrize("scale", [-1000, 1000])
@pytest.mark.parametrize("way", [Way.GRPC, Way.JSON])
def test_row_63_a_scale_that_means_nothing_is_refused(shared_service: Running, way: Way, scale: int) -> None:
    """An exponential histogram whose buckets cannot be told apart by any double is refused."""
    result = sent(shared_service, way, exponential(scale=scale, positive=buckets([1])))

    assert refused(result, "bad_scale")


@pytest.mark.parametrize("kind", LEGAL)
@pytest.mark.parametrize("way", Way)
def test_row_63_what_is_only_unusual_is_kept(shared_service: Running, way: Way, kind: str) -> None:
    """Resets, unknown temporality and the ends of every range are kept as they came."""
    made = LEGAL[kind]()
    row = kept(sent(shared_service, way, made))
    told = exported(shared_service, Signal.METRICS, row["id"])

    assert _plain(told) == _plain(twin(only_point(made)))


@pytest.mark.parametrize("way", [Way.GRPC, Way.JSON])
def test_row_63_a_million_buckets_are_kept_or_refused_by_name(service: Running, way: Way) -> None:
    """A point with a million buckets is kept whole or refused with a reason; its neighbours are kept either way."""
    made = histogram([1] * MILLION, [float(number) for number in range(MILLION - 1)])
    counts, bounds = ",".join(["1"] * MILLION), ",".join(map(str, range(MILLION - 1)))
    as_json = f'{{"timeUnixNano":"1","count":"1","bucketCounts":[{counts}],"explicitBounds":[{bounds}]}}'
    as_json = f'{{"name":"latency","histogram":{{"dataPoints":[{as_json}]}}}}'
    result = send(service, way, Signal.METRICS, mixed(Signal.METRICS, way, made.SerializeToString(), as_json))

    assert result.told.rejected == len(result.refused) == 512 - len(result.rows)
    if not result.refused:
        assert orjson.loads(kept(result)["data"])["bucketCounts"] == [1] * MILLION


def _plain(value: Any) -> Any:
    """Read numbers that may be text, and leave out what is empty."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner not in (0, "0", [])}
    return float(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
