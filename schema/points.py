"""Make rows of metric data points (opentelemetry-proto, metrics/v1/metrics.proto)."""

from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import Any

from schema.items import Head, ItemRefusedError, nanos, repaired
from schema.rows import Row
from schema.values import MAX_ATTRIBUTES, SIGNED_63, Notes, Plain, attributes_text, content_id, limited, text_or_none

NO_RECORDED_VALUE = 1
MAX_SCALE = 100
MAX_BUCKETS = 200_000


@dataclass(frozen=True, slots=True)
class Metric:
    """Hold what all points of a metric share; `temporality` and `is_monotonic` are None where the type has none."""

    name: str
    description: str
    unit: str
    type: str
    temporality: int | None
    is_monotonic: int | None
    metadata: str | None


def point_row(
    head: Head,
    metric: Metric,
    start: int,
    time: int,
    attributes: dict[str, Plain],
    value: float | None,
    count: int | None,
    total: float | None,
    data: dict[str, Any],
    exemplars: list[Plain],
    flags: int,
    notes: Notes,
) -> Row:
    """Make the row of a data point, or raise ItemRefusedError.

    A point needs a time (otlp.md M02).
    A sum that is not a number stays in `data` alone: SQLite would make null of it anyway.
    It is known by resource, scope, metric, attributes, start and time (I05).
    """
    if not time:
        raise ItemRefusedError("no_time", "time_unix_nano is 0")
    if len(attributes) > MAX_ATTRIBUTES:
        limited(attributes, notes)
    written = attributes_text(attributes, notes)
    return (
        *head,
        time if time <= SIGNED_63 else head[2],
        content_id(head[0], head[1], metric.name, metric.type, metric.unit, written, start, time),
        metric.name,
        metric.description,
        metric.unit,
        metric.type,
        metric.temporality,
        metric.is_monotonic,
        metric.metadata,
        nanos(start, "start_time_unix_nano", notes),
        nanos(time, "time_unix_nano", notes),
        written,
        value,
        count if count is None or count <= SIGNED_63 else None,
        None if total is None or isnan(total) else total,
        text_or_none(data),
        text_or_none(exemplars),
        flags,
        repaired(notes),
    )


def check_number(*, has_value: bool, flags: int) -> None:
    """Refuse a number without a value, unless it says that there is none (otlp.md M03)."""
    if not has_value and not flags & NO_RECORDED_VALUE:
        raise ItemRefusedError("no_value", "number data point has no value and is not flagged as having none")


def check_scale(scale: int) -> None:
    """Refuse an exponential histogram whose buckets no double can tell apart (reliability.md row 63)."""
    if abs(scale) > MAX_SCALE:
        raise ItemRefusedError("bad_scale", f"scale is {scale}, must be from -{MAX_SCALE} to {MAX_SCALE}")


def check_bucket_count(count: int) -> None:
    """Refuse a point with more buckets than anybody can look at (reliability.md row 63)."""
    if count > MAX_BUCKETS:
        raise ItemRefusedError("too_many_buckets", f"point has {count} buckets, the limit is {MAX_BUCKETS}")


def check_buckets(counts: list[int], bounds: list[float]) -> None:
    """Refuse a histogram whose buckets do not fit its bounds (otlp.md M04)."""
    if (counts or bounds) and len(counts) != len(bounds) + 1:
        raise ItemRefusedError(
            "bad_buckets", f"{len(counts)} bucket_counts for {len(bounds)} explicit_bounds, need one more"
        )
    if any(not low < high for low, high in pairwise(bounds)):
        raise ItemRefusedError("bad_bounds", "explicit_bounds do not increase strictly")
