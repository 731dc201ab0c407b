"""Build rows and batches with only what a test cares about; everything else is valid."""

from collections.abc import Sequence
from typing import Any

from schema.rows import LOG_COLUMNS, POINT_COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS, SPAN_COLUMNS, Batch, Row
from schema.signals import Signal

SECOND = 1_000_000_000
NOW = 1_795_219_725 * SECOND
RESOURCE, SCOPE = 11, 22

_SHARED: dict[str, Any] = {
    "resource_id": RESOURCE,
    "scope_id": SCOPE,
    "received_at": NOW,
    "attributes": "{}",
    "flags": 0,
}
_SPAN: dict[str, Any] = _SHARED | {
    "trace_id": "ab" * 16,
    "trace_state": "",
    "name": "chat",
    "kind": 3,
    "start_time_unix_nano": NOW,
    "end_time_unix_nano": NOW + SECOND,
    "status_code": 0,
    "status_message": "",
    "dropped_attributes_count": 0,
    "dropped_events_count": 0,
    "dropped_links_count": 0,
}
_LOG: dict[str, Any] = _SHARED | {
    "sort_time": NOW,
    "time_unix_nano": NOW,
    "observed_time_unix_nano": 0,
    "event_name": "",
    "severity_number": 9,
    "severity_text": "INFO",
    "body": "hello",
    "body_is_json": 0,
    "dropped_attributes_count": 0,
}
_POINT: dict[str, Any] = _SHARED | {
    "sort_time": NOW,
    "name": "queue.length",
    "description": "",
    "unit": "1",
    "type": "gauge",
    "start_time_unix_nano": 0,
    "time_unix_nano": NOW,
    "value": 1,
}


def span(number: int, **columns: Any) -> Row:
    """Build a span whose identity is made from a number."""
    return _row(SPAN_COLUMNS, _SPAN | {"span_id": f"{number:016x}"} | columns)


def log(number: int, **columns: Any) -> Row:
    """Build a log record whose identity is made from a number."""
    return _row(LOG_COLUMNS, _LOG | {"fingerprint": number} | columns)


def point(number: int, **columns: Any) -> Row:
    """Build a metric point whose identity is made from a number."""
    return _row(POINT_COLUMNS, _POINT | {"fingerprint": number} | columns)


BUILD = {Signal.TRACES: span, Signal.LOGS: log, Signal.METRICS: point}


def resource(row_id: int = RESOURCE, service_name: str = "agent") -> Row:
    """Build a resource."""
    return _row(RESOURCE_COLUMNS, _ORIGIN | {"id": row_id, "service_name": service_name})


def scope(row_id: int = SCOPE, name: str = "tests") -> Row:
    """Build an instrumentation scope."""
    return _row(SCOPE_COLUMNS, _ORIGIN | {"id": row_id, "name": name, "version": "1"})


def batch(rows: Sequence[Row] = (), *, signal: Signal = Signal.TRACES, **fields: Any) -> Batch:
    """Build a batch of these rows, without a fingerprint unless one is given."""
    settings: dict[str, Any] = {
        "encoding": "protobuf",
        "transport": "grpc",
        "received_at": NOW,
        "body_bytes": 100 * len(rows),
        "resources": {RESOURCE: resource()},
        "scopes": {SCOPE: scope()},
    }
    return Batch(signal, rows=list(rows), **(settings | fields))


_ORIGIN: dict[str, Any] = {"attributes": "{}", "dropped_attributes_count": 0, "schema_url": ""}


def _row(columns: Sequence[str], values: dict[str, Any]) -> Row:
    assert values.keys() <= set(columns), values.keys() - set(columns)
    return tuple(values.get(column) for column in columns)
