"""Build OTLP/JSON items as text; only what a test cares about differs, and it may be what no encoder writes."""

import json
from itertools import count
from typing import Any

from schema.signals import Signal
from tests.support.build import NOW

_numbers = count(1 << 40)
"""Ids and times apart from those of `tests.support.build`, which counts from 1."""

KEYS = {
    Signal.TRACES: ("resourceSpans", "scopeSpans", "spans"),
    Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords"),
    Signal.METRICS: ("resourceMetrics", "scopeMetrics", "metrics"),
}


def span(**fields: Any) -> str:
    """Write a valid span, except for what is given; each has ids of its own."""
    number = next(_numbers)
    defaults = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "chat gpt-4o",
        "kind": 3,
        "startTimeUnixNano": str(NOW + number),
        "endTimeUnixNano": str(NOW + number + 1000),
    }
    return json.dumps({**defaults, **fields})


def log(**fields: Any) -> str:
    """Write a valid log record, except for what is given; each has a time of its own."""
    number = next(_numbers)
    defaults = {"timeUnixNano": str(NOW + number), "severityNumber": 9, "body": {"stringValue": f"record {number}"}}
    return json.dumps({**defaults, **fields})


def point(**fields: Any) -> dict[str, Any]:
    """Build a valid number data point, except for what is given."""
    return {"timeUnixNano": str(NOW + next(_numbers)), "asInt": "1", **fields}


def metric(kind: str = "gauge", *points: dict[str, Any], name: str = "queue.length", **data: Any) -> str:
    """Write a metric of some kind; without points it has one that is valid for a number."""
    return json.dumps({"name": name, kind: {"dataPoints": list(points) or [point()], **data}})


def attribute(key: Any, value: Any) -> dict[str, Any]:
    """Build an attribute; the value says its kind itself."""
    return {"key": key, "value": value}


def request(signal: Signal, *items: str) -> bytes:
    """Write a request of some items."""
    outer, middle, inner = KEYS[signal]
    service = json.dumps({"attributes": [attribute("service.name", {"stringValue": "tests"})]})
    return f'{{"{outer}":[{{"resource":{service},"{middle}":[{{"{inner}":[{",".join(items)}]}}]}}]}}'.encode()


ONE = {Signal.TRACES: span, Signal.LOGS: log, Signal.METRICS: metric}
"""Write one valid item of a signal."""
