"""Read metric data points from OTLP/JSON."""

import math
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.proto.metrics.v1 import metrics_pb2 as proto

from schema.items import Head
from schema.json_fields import (
    Findings,
    Kept,
    double,
    enum,
    kept_hex,
    listed,
    message,
    messages,
    signed32,
    signed64,
    string,
    unsigned32,
    unsigned64,
    whole_number,
)
from schema.json_parse import Parsed
from schema.json_values import EXEMPLAR, POINT, attributes
from schema.points import Metric, check_bucket_count, check_buckets, check_number, check_scale, point_row
from schema.rows import Row
from schema.values import Plain, from_double, text_or_none

TYPES: Final = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}
TEMPORALITIES: Final = dict(proto.AggregationTemporality.items())
METRIC_KEYS = frozenset(field.json_name for field in proto.Metric.DESCRIPTOR.fields)
DATA_KEYS = frozenset(field.json_name for field in proto.Sum.DESCRIPTOR.fields)
EXEMPLAR_KEYS = frozenset(field.json_name for field in proto.Exemplar.DESCRIPTOR.fields)
POINT_KEYS = frozenset(
    field.json_name
    for kind in (
        proto.NumberDataPoint,
        proto.HistogramDataPoint,
        proto.ExponentialHistogramDataPoint,
        proto.SummaryDataPoint,
    )
    for field in kind.DESCRIPTOR.fields
)

Reading = tuple[int | float | None, int | None, float | None, dict[str, Any]]
"""(value, count, sum, data): the first for numbers, the others for distributions."""


def data_key(metric: Kept) -> str:
    """Name the key that holds a metric's data; empty when it has none of a known type (otlp.md M01)."""
    present = [key for key in metric if key in TYPES and metric[key] is not None]
    return present[-1] if present else ""


def points_of(metric: Kept, findings: Findings) -> list[Parsed]:
    """Give a metric's data points, or raise ItemRefusedError when they are not a list."""
    key = data_key(metric)
    return listed(message(metric[key], key, findings).get("dataPoints"), "dataPoints") if key else []


def read_metric(metric: Kept, findings: Findings) -> Metric:
    """Read what a metric's points share."""
    if not METRIC_KEYS.issuperset(metric):
        findings.unknown(metric, METRIC_KEYS)
    key = data_key(metric)
    data = message(metric.get(key), key, findings)
    if not DATA_KEYS.issuperset(data):
        findings.unknown(data, DATA_KEYS)
    return Metric(
        string(metric.get("name", ""), "metric.name", findings),
        string(metric.get("description", ""), "metric.description", findings),
        string(metric.get("unit", ""), "metric.unit", findings),
        TYPES.get(key, ""),
        _temporality(data, findings) if key in ("sum", "histogram", "exponentialHistogram") else None,
        int(data.get("isMonotonic") is True) if key == "sum" else None,
        text_or_none(attributes(metric.get("metadata") or (), findings)),
    )


def read_point(point: Kept, head: Head, findings: Findings, metric: Metric) -> Row:
    """Make the row of a JSON data point of any type, or raise ItemRefusedError."""
    get = point.get
    if not POINT_KEYS.issuperset(point):
        findings.unknown(point, POINT_KEYS)
    value, count, total, data = READERS[metric.type](point, findings)
    exemplars = get("exemplars") if metric.type != "summary" else None
    return point_row(
        head,
        metric,
        unsigned64(get("startTimeUnixNano", 0), "start_time_unix_nano", findings),
        unsigned64(get("timeUnixNano", 0), "time_unix_nano", findings),
        attributes(get("attributes") or (), findings, POINT),
        value,
        count,
        total,
        data,
        [_exemplar(item, findings) for item in messages(exemplars, "exemplars", findings)],
        unsigned32(get("flags", 0), "flags", findings),
        findings.notes,
    )


def _temporality(data: Kept, findings: Findings) -> int:
    return enum(data.get("aggregationTemporality", 0), TEMPORALITIES, "aggregationTemporality", findings)


def _value(point: Kept, findings: Findings) -> int | float | None:
    """Read the value of a point or an exemplar; an integer too large for one is kept as a double (otlp.md J09)."""
    present = [key for key in ("asDouble", "asInt") if point.get(key) is not None]
    if not present:
        return None
    sent = point[present[-1]]
    if present[-1] == "asDouble":
        return double(sent, "as_double")
    if type(sent) is float and abs(sent) >= 1 << 63 and whole_number(sent, findings) is not None:
        findings.misfit("asInt")
        return sent
    return signed64(sent, "as_int", findings)


def _number(point: Kept, findings: Findings) -> Reading:
    value = _value(point, findings)
    check_number(has_value=value is not None, flags=unsigned32(point.get("flags", 0), "flags", findings))
    if value is not None and math.isnan(value):
        return None, None, None, {"asDouble": "NaN"}
    return value, None, None, {}


def _histogram(point: Kept, findings: Findings) -> Reading:
    counts = _counts(point, "bucketCounts", findings)
    bounds = [double(bound, "explicit_bounds") for bound in listed(point.get("explicitBounds"), "explicitBounds")]
    check_buckets(counts, bounds)
    count = unsigned64(point.get("count", 0), "count", findings)
    data: dict[str, Any] = {"count": count, **_optional(point)}
    if counts:
        data |= {"bucketCounts": counts, "explicitBounds": [from_double(bound) for bound in bounds]}
    return None, count, _sum(point), data


def _exponential(point: Kept, findings: Findings) -> Reading:
    count = unsigned64(point.get("count", 0), "count", findings)
    scale = signed32(point.get("scale"), "scale", findings)
    check_scale(scale)
    data: dict[str, Any] = {
        "count": count,
        **_optional(point),
        "scale": scale,
        "zeroCount": unsigned64(point.get("zeroCount", 0), "zero_count", findings),
        "zeroThreshold": from_double(double(point.get("zeroThreshold"), "zero_threshold")),
    }
    for side in ("positive", "negative"):
        if point.get(side) is not None:
            buckets = message(point[side], side, findings)
            offset = signed32(buckets.get("offset"), "offset", findings)
            data[side] = {"offset": offset, "bucketCounts": _counts(buckets, "bucketCounts", findings)}
    return None, count, _sum(point), data


def _summary(point: Kept, findings: Findings) -> Reading:
    count, total = unsigned64(point.get("count", 0), "count", findings), double(point.get("sum"), "sum")
    items = messages(point.get("quantileValues"), "quantileValues", findings)
    quantiles = [{key: from_double(double(item.get(key), key)) for key in ("quantile", "value")} for item in items]
    return None, count, total, {"count": count, "sum": from_double(total), "quantileValues": quantiles}


READERS: dict[str, Callable[[Kept, Findings], Reading]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def _counts(holder: Kept, key: str, findings: Findings) -> list[int]:
    counts = listed(holder.get(key), key)
    check_bucket_count(len(counts))
    return [unsigned64(count, key, findings) for count in counts]


def _sum(point: Kept) -> float | None:
    return None if point.get("sum") is None else double(point["sum"], "sum")


def _optional(point: Kept) -> dict[str, Plain]:
    """Read the fields that are there; absent is not 0 (otlp.md M05)."""
    present = (field for field in ("sum", "min", "max") if point.get(field) is not None)
    return {field: from_double(double(point[field], field)) for field in present}


def _exemplar(item: Kept, findings: Findings) -> Plain:
    """Hold an exemplar; ids are kept whatever they are (otlp.md M06)."""
    if not EXEMPLAR_KEYS.issuperset(item):
        findings.unknown(item, EXEMPLAR_KEYS)
    time = unsigned64(item.get("timeUnixNano", 0), "exemplar time_unix_nano", findings)
    held: dict[str, Any] = {"timeUnixNano": time}
    value = _value(item, findings)
    if value is not None:
        held["asInt" if type(value) is int else "asDouble"] = from_double(value)
    optional = {
        "spanId": kept_hex(item.get("spanId")),
        "traceId": kept_hex(item.get("traceId")),
        "filteredAttributes": attributes(item.get("filteredAttributes") or (), findings, EXEMPLAR),
    }
    held.update((key, value) for key, value in optional.items() if value)
    return held
