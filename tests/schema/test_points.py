"""The rules for metric data points, in both encodings (otlp.md M01-M06)."""

from typing import Any

import orjson
import pytest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m

from schema.signals import Signal
from tests.support import build
from tests.support.otlp import Read, in_both, item, items

TIME = 1795219725620893420


def _one(decoded: Read, metric: m.Metric) -> dict[str, Any]:
    return item(decoded(Signal.METRICS, build.metrics(metric)))


def _histogram(**fields: Any) -> m.Metric:
    point = m.HistogramDataPoint(time_unix_nano=TIME, **fields)
    return m.Metric(
        name="h", histogram=m.Histogram(data_points=[point], aggregation_temporality=m.AGGREGATION_TEMPORALITY_DELTA)
    )


def _exponential(**fields: Any) -> m.Metric:
    point = m.ExponentialHistogramDataPoint(time_unix_nano=TIME, **fields)
    return m.Metric(name="e", exponential_histogram=m.ExponentialHistogram(data_points=[point]))


EACH = {
    "gauge": build.gauge(build.point()),
    "sum": m.Metric(
        sum=m.Sum(
            data_points=[build.point(as_double=1.5)],
            is_monotonic=True,
            aggregation_temporality=m.AGGREGATION_TEMPORALITY_CUMULATIVE,
        )
    ),
    "histogram": _histogram(count=1),
    "exponential_histogram": _exponential(count=1),
    "summary": m.Metric(summary=m.Summary(data_points=[m.SummaryDataPoint(time_unix_nano=TIME, count=2, sum=3.5)])),
}


@in_both
@pytest.mark.parametrize("kind", EACH)
def test_M01_every_type_of_metric_is_stored(decoded: Read, kind: str) -> None:
    """A point of each of the five types becomes a row that names its type."""
    assert kind == _one(decoded, EACH[kind])["type"]


@in_both
def test_M01_a_metric_without_data_has_no_points(decoded: Read) -> None:
    """Unset data is no error."""
    batch = decoded(Signal.METRICS, build.metrics(m.Metric(name="nothing"), build.gauge(build.point())))

    assert (1, 0) == (len(batch.rows), batch.rejected)


@in_both
def test_M01_what_points_share_is_kept(decoded: Read) -> None:
    """Name, description, unit, monotonicity, temporality and metadata stand in every row."""
    metric = m.Metric(name="n", description="d", unit="u", metadata=build.attributes({"a": 1}))
    metric.sum.CopyFrom(EACH["sum"].sum)
    found = _one(decoded, metric)

    assert ("n", "d", "u", 1, 2, '{"a":1}') == tuple(
        found[key] for key in ("name", "description", "unit", "is_monotonic", "temporality", "metadata")
    )


@in_both
def test_M02_a_point_without_a_time_is_refused_alone(decoded: Read) -> None:
    """Of two points the one without a time is refused."""
    batch = decoded(Signal.METRICS, build.metrics(build.gauge(build.point(time_unix_nano=0), build.point())))

    assert (1, ["no_time"]) == (len(batch.rows), [rejection.reason for rejection in batch.rejections])
    assert "resourceMetrics[0].scopeMetrics[0].metrics[0].dataPoints[0]: time_unix_nano is 0" == batch.message


@in_both
def test_M03_a_number_without_a_value_is_refused_unless_it_says_so(decoded: Read) -> None:
    """Flagged as having no recorded value a point is a gap; without the flag it is refused."""
    gap, bad = m.NumberDataPoint(time_unix_nano=TIME, flags=1), m.NumberDataPoint(time_unix_nano=TIME)
    batch = decoded(Signal.METRICS, build.metrics(build.gauge(gap, bad)))

    assert [(None, 1)] == [(found["value"], found["flags"]) for found in items(batch)]
    assert ["no_value"] == [rejection.reason for rejection in batch.rejections]


@in_both
@pytest.mark.parametrize(
    ("counts", "bounds", "reason"),
    [
        ([], [], None),
        ([1, 2], [5.0], None),
        ([3], [], None),
        ([1, 2], [], "bad_buckets"),
        ([1], [5.0], "bad_buckets"),
        ([], [5.0], "bad_buckets"),
        ([1, 2, 3], [5.0, 5.0], "bad_bounds"),
        ([1, 2, 3], [5.0, 4.0], "bad_bounds"),
        ([1, 2, 3], [5.0, float("nan")], "bad_bounds"),
    ],
)
def test_M04_buckets_must_fit_their_bounds(
    decoded: Read, counts: list[int], bounds: list[float], reason: str | None
) -> None:
    """One more count than bounds, or none of either, and the bounds increase."""
    batch = decoded(
        Signal.METRICS, build.metrics(_histogram(bucket_counts=counts, explicit_bounds=bounds), EACH["gauge"])
    )

    assert [reason] * (reason is not None) == [rejection.reason for rejection in batch.rejections]
    assert (1 if reason else 2) == len(batch.rows)


@in_both
def test_M05_absent_is_not_zero(decoded: Read) -> None:
    """Sum, min and max of a histogram are there when they were sent, 0 included."""
    with_zero = _one(decoded, _histogram(count=2**64 - 1, sum=0.0, min=-1.5, max=0.0))
    without = _one(decoded, _histogram(count=0))

    assert {"count": 2**64 - 1, "sum": 0.0, "min": -1.5, "max": 0.0} == orjson.loads(with_zero["data"])
    assert (None, 0.0) == (with_zero["count"], with_zero["sum"])
    assert {"count": 0} == orjson.loads(without["data"])
    assert (0, None) == (without["count"], without["sum"])


@in_both
def test_M05_histograms_are_exact(decoded: Read) -> None:
    """Bucket counts of 64 bits and infinite bounds are kept."""
    found = _one(decoded, _histogram(bucket_counts=[0, 2**64 - 1, 1], explicit_bounds=[0.1, float("inf")]))

    assert {
        "count": 0,
        "bucketCounts": [0, 2**64 - 1, 1],
        "explicitBounds": [0.1, {"doubleValue": "Infinity"}],
    } == orjson.loads(found["data"])


@in_both
def test_M05_exponential_histograms_are_exact(decoded: Read) -> None:
    """Negative scale and offset, threshold, and a side that is there but empty are kept."""
    buckets = m.ExponentialHistogramDataPoint.Buckets
    metric = _exponential(
        count=3,
        scale=-4,
        zero_count=2**63,
        zero_threshold=0.25,
        positive=buckets(offset=-7, bucket_counts=[1, 0, 2]),
        negative=buckets(),
    )

    assert {
        "count": 3,
        "scale": -4,
        "zeroCount": 2**63,
        "zeroThreshold": 0.25,
        "positive": {"offset": -7, "bucketCounts": [1, 0, 2]},
        "negative": {"offset": 0, "bucketCounts": []},
    } == orjson.loads(_one(decoded, metric)["data"])


@in_both
def test_M05_summaries_are_exact(decoded: Read) -> None:
    """Quantiles are kept in order, NaN among them."""
    quantile = m.SummaryDataPoint.ValueAtQuantile
    point = m.SummaryDataPoint(
        time_unix_nano=TIME, count=2, sum=3.5, quantile_values=[quantile(quantile=1.0, value=float("nan")), quantile()]
    )
    found = _one(decoded, m.Metric(summary=m.Summary(data_points=[point])))

    assert (2, 3.5) == (found["count"], found["sum"])
    assert [
        {"quantile": 1.0, "value": {"doubleValue": "NaN"}},
        {"quantile": 0.0, "value": 0.0},
    ] == orjson.loads(found["data"])["quantileValues"]


@in_both
def test_M06_an_unspecified_temporality_is_kept_with_a_warning(decoded: Read) -> None:
    """The specification forbids it and senders do it: the points are stored."""
    batch = decoded(Signal.METRICS, build.metrics(m.Metric(sum=m.Sum(data_points=[build.point()]))))

    assert [0] == [found["temporality"] for found in items(batch)]
    assert ["aggregation_temporality is unspecified"] == batch.warnings


@in_both
def test_M06_exemplars_are_kept_whatever_their_ids(decoded: Read) -> None:
    """Exemplars keep time, value, filtered attributes and ids, also ids of a wrong length."""
    exemplars = [
        m.Exemplar(time_unix_nano=2**64 - 1, as_int=-(2**63), span_id=b"\xab" * 8, trace_id=b"\xcd" * 16),
        m.Exemplar(as_double=float("inf"), span_id=b"\x01", filtered_attributes=build.attributes({"a": 1.5})),
        m.Exemplar(),
    ]
    found = _one(decoded, build.gauge(build.point(exemplars=exemplars)))

    assert [
        {"timeUnixNano": 2**64 - 1, "asInt": -(2**63), "spanId": "ab" * 8, "traceId": "cd" * 16},
        {"timeUnixNano": 0, "asDouble": {"doubleValue": "Infinity"}, "spanId": "01", "filteredAttributes": {"a": 1.5}},
        {"timeUnixNano": 0},
    ] == orjson.loads(found["exemplars"])


VALUES: list[tuple[dict[str, Any], Any, str | None]] = [
    ({"as_int": 1}, 1, None),
    ({"as_double": 1.0}, 1.0, None),
    ({"as_int": -(2**63)}, -(2**63), None),
    ({"as_double": float("-inf")}, float("-inf"), None),
    ({"as_double": float("nan")}, None, '{"asDouble":"NaN"}'),
]


@in_both
@pytest.mark.parametrize(("fields", "value", "data"), VALUES)
def test_Q02_Q04_numbers_keep_type_and_value(decoded: Read, fields: dict[str, Any], value: Any, data: str) -> None:
    """Integers stay integers and doubles doubles; NaN, which SQLite cannot hold, is kept by name."""
    found = _one(decoded, build.gauge(build.point(**fields)))

    assert (value, type(value), data) == (found["value"], type(found["value"]), found["data"])


@in_both
def test_I05_a_point_is_known_by_metric_attributes_and_times(decoded: Read) -> None:
    """Another value does not make another point; another attribute, time or metric does."""
    points = [
        build.point(time_unix_nano=5),
        build.point(time_unix_nano=5, as_int=2),
        build.point(time_unix_nano=6),
        build.point(time_unix_nano=5, start_time_unix_nano=1),
        build.point(time_unix_nano=5, attributes=build.attributes({"a": 1})),
    ]
    request = build.metrics(build.gauge(*points), build.gauge(points[0], name="other"))
    prints = [found["fingerprint"] for found in items(decoded(Signal.METRICS, request))]

    assert prints[0] == prints[1]
    assert 5 == len(set(prints))
