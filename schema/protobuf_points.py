"""Read metric data points from protobuf."""

from collections.abc import Callable
from math import isnan
from typing import Any

from schema.items import Head
from schema.points import Metric, check_bucket_count, check_buckets, check_number, check_scale, point_row
from schema.protobuf_values import Message, attributes
from schema.rows import Row
from schema.values import Notes, Plain, from_double, text_or_none


def points_of(metric: Message) -> Any:
    """Give a metric's data points; a metric of no known type has none (otlp.md M01)."""
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else ()


def read_metric(metric: Message, notes: Notes) -> Metric:
    """Read what a metric's points share."""
    kind = metric.WhichOneof("data") or ""
    data = getattr(metric, kind, None)
    return Metric(
        metric.name,
        metric.description,
        metric.unit,
        kind,
        getattr(data, "aggregation_temporality", None),
        int(metric.sum.is_monotonic) if kind == "sum" else None,
        text_or_none(attributes(metric.metadata, notes)),
    )


def read_point(point: Message, head: Head, notes: Notes, metric: Metric) -> Row:
    """Make the row of a protobuf data point of any type."""
    value, count, total, data = READERS[metric.type](point)
    exemplars = [_exemplar(item, notes) for item in point.exemplars] if metric.type != "summary" else []
    return point_row(
        head,
        metric,
        point.start_time_unix_nano,
        point.time_unix_nano,
        attributes(point.attributes, notes),
        value,
        count,
        total,
        data,
        exemplars,
        point.flags,
        notes,
    )


Reading = tuple[int | float | None, int | None, float | None, dict[str, Any]]
"""(value, count, sum, data): the first for numbers, the others for distributions."""


def _number(point: Message) -> Reading:
    kind = point.WhichOneof("value")
    check_number(has_value=kind is not None, flags=point.flags)
    if kind is None:
        return None, None, None, {}
    value = getattr(point, kind)
    if isnan(value):
        return None, None, None, {"asDouble": "NaN"}
    return value, None, None, {}


def _histogram(point: Message) -> Reading:
    check_bucket_count(len(point.bucket_counts))
    counts, bounds = list(point.bucket_counts), list(point.explicit_bounds)
    check_buckets(counts, bounds)
    data: dict[str, Any] = {"count": point.count, **_optional(point, "sum", "min", "max")}
    if counts:
        data |= {"bucketCounts": counts, "explicitBounds": [from_double(bound) for bound in bounds]}
    return None, point.count, _sum(point), data


def _exponential(point: Message) -> Reading:
    check_scale(point.scale)
    check_bucket_count(len(point.positive.bucket_counts) + len(point.negative.bucket_counts))
    data: dict[str, Any] = {
        "count": point.count,
        **_optional(point, "sum", "min", "max"),
        "scale": point.scale,
        "zeroCount": point.zero_count,
        "zeroThreshold": from_double(point.zero_threshold),
    }
    for side in ("positive", "negative"):
        if point.HasField(side):
            buckets = getattr(point, side)
            data[side] = {"offset": buckets.offset, "bucketCounts": list(buckets.bucket_counts)}
    return None, point.count, _sum(point), data


def _summary(point: Message) -> Reading:
    quantiles = [
        {"quantile": from_double(item.quantile), "value": from_double(item.value)} for item in point.quantile_values
    ]
    return (
        None,
        point.count,
        point.sum,
        {"count": point.count, "sum": from_double(point.sum), "quantileValues": quantiles},
    )


READERS: dict[str, Callable[[Message], Reading]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def _sum(point: Message) -> float | None:
    return point.sum if point.HasField("sum") else None


def _optional(point: Message, *fields: str) -> dict[str, Any]:
    """Read the fields that are there; absent is not 0 (otlp.md M05)."""
    return {field: from_double(getattr(point, field)) for field in fields if point.HasField(field)}


def _exemplar(item: Message, notes: Notes) -> Plain:
    held: dict[str, Any] = {"timeUnixNano": item.time_unix_nano}
    kind = item.WhichOneof("value")
    if kind:
        value = getattr(item, kind)
        held["asInt" if kind == "as_int" else "asDouble"] = from_double(value) if kind == "as_double" else value
    optional = {
        "spanId": item.span_id.hex(),
        "traceId": item.trace_id.hex(),
        "filteredAttributes": attributes(item.filtered_attributes, notes),
    }
    held.update((key, value) for key, value in optional.items() if value)
    return held
