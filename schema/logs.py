"""Make a row of a log record (opentelemetry-proto, logs/v1/logs.proto)."""

from collections import Counter

from schema.items import Head, nanos, optional_id, repaired
from schema.rows import LOG_COLUMNS, Row
from schema.values import (
    MAX_ATTRIBUTES,
    SIGNED_63,
    UNSIGNED_32,
    Notes,
    Plain,
    attributes_text,
    bounded_text,
    content_id,
    cut,
    limited,
)

RECEIVED = LOG_COLUMNS.index("received_at")
SORT_TIME = LOG_COLUMNS.index("sort_time")
FINGERPRINT = LOG_COLUMNS.index("fingerprint")
TIME = LOG_COLUMNS.index("time_unix_nano")
OBSERVED = LOG_COLUMNS.index("observed_time_unix_nano")
MISSING = object()
"""The body of a record that has none; an empty AnyValue is None."""


def log_row(
    head: Head,
    time: int,
    observed: int,
    event_name: str,
    severity_number: int,
    severity_text: str,
    body: Plain,
    attributes: dict[str, Plain],
    dropped_attributes: int,
    trace_id: bytes,
    span_id: bytes,
    flags: int,
    notes: Notes,
) -> Row:
    """Make the row of a log record; a record is never refused.

    Ids that are missing or wrong leave it without association (otlp.md L01).
    `event_name` falls back to the attribute `event.name` of older producers (L03).
    A record with no time at all is given the time of receipt as its observed time (L02).
    """
    if len(attributes) > MAX_ATTRIBUTES:
        dropped_attributes = min(dropped_attributes + limited(attributes, notes), UNSIGNED_32)
    if not (time or observed):
        observed = head[2]
        notes["observed_time_unix_nano"] = "0"
    if not event_name:
        legacy = attributes.get("event.name")
        event_name = legacy if isinstance(legacy, str) else ""
    content = (
        nanos(time, "time_unix_nano", notes),
        nanos(observed, "observed_time_unix_nano", notes),
        event_name,
        severity_number,
        severity_text,
        *_body(body, notes),
        attributes_text(attributes, notes),
        dropped_attributes,
        optional_id(trace_id, 16, "trace_id", notes) if trace_id else None,
        optional_id(span_id, 8, "span_id", notes) if span_id else None,
        flags,
    )
    sort_time = next((sent for sent in (time, observed) if 0 < sent <= SIGNED_63), head[2])
    return (*head, sort_time, content_id(head[0], head[1], *content), *content, repaired(notes))


def timeless(row: Row) -> bool:
    """Tell whether a record came without any time of its own."""
    return bool(row[TIME] == 0 and row[OBSERVED] == row[RECEIVED])


def tell_twins_apart(rows: list[Row]) -> None:
    """Give records of one request that are equal in everything, time included, numbers, so that each is kept.

    A clock of milliseconds makes such twins; the same request sent again numbers them the same.
    """
    seen: Counter[tuple[int, int]] = Counter()
    for place, row in enumerate(rows):
        identity = row[SORT_TIME], row[FINGERPRINT]
        if seen[identity]:
            twin = content_id(row[FINGERPRINT], seen[identity])
            rows[place] = (*row[:FINGERPRINT], twin, *row[FINGERPRINT + 1 :])
        seen[identity] += 1


def _body(body: Plain, notes: Notes) -> tuple[str | None, int]:
    """Keep a string as it is and anything else as JSON text; say which."""
    if body is MISSING:
        return None, 0
    if isinstance(body, str):
        return cut(body, "body", notes), 0
    return bounded_text(body, "body", notes), 1
