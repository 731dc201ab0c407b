"""Write OTLP/JSON by hand, as no encoder would: whatever a test wants to say, field by field."""

import json
from typing import Any

import orjson

from schema.rows import Batch
from schema.signals import Signal
from tests.support import build
from tests.support.otlp import item, read_json, twin

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def span(**fields: Any) -> dict[str, Any]:
    """Write a valid span, with these fields."""
    return {"traceId": TRACE, "spanId": SPAN, "name": "n", "startTimeUnixNano": "1", "endTimeUnixNano": "2", **fields}


def traces(*spans: Any) -> dict[str, Any]:
    """Write a request of these spans, or of whatever stands in their place."""
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def logs(*records: Any) -> dict[str, Any]:
    """Write a request of these log records."""
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def gauge(*points: Any) -> dict[str, Any]:
    """Write a request of one gauge with these points."""
    metric = {"name": "m", "gauge": {"dataPoints": list(points)}}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


def read_spans(*spans: Any) -> Batch:
    """Decode a request of these spans."""
    return read_json(Signal.TRACES, traces(*spans))


def read_one(**fields: Any) -> dict[str, Any]:
    """Decode one span with these fields; give its columns."""
    return item(read_spans(span(**fields)))


def read_raw(text: str, **fields: str) -> Batch:
    """Decode one span with fields written by hand."""
    body = json.dumps(traces(span(**{key: f"@{key}" for key in fields})), ensure_ascii=False)
    for key, value in fields.items():
        body = body.replace(f'"@{key}"', value)
    return read_json(Signal.TRACES, (text + body).encode("utf-8", "surrogatepass"))


def read_value(value: Any) -> tuple[Any, list[str]]:
    """Decode one attribute; give its stored value, and the kinds that did not fit."""
    found = read_one(attributes=[{"key": "a", "value": value}])
    return orjson.loads(found["attributes"])["a"], orjson.loads(found["repaired"] or "{}").get("misfit", [])


def read_raw_value(value: str) -> tuple[Any, list[str]]:
    """Decode one attribute whose value is written by hand."""
    batch = read_raw("", attributes=f'[{{"key":"a","value":{value}}}]')
    found = item(batch)
    return orjson.loads(found["attributes"])["a"], orjson.loads(found["repaired"] or "{}").get("misfit", [])


def everything() -> dict[Signal, Any]:
    """Write a request of each signal that has attributes everywhere."""
    pairs = build.attributes({"a": "b", "c": 1})
    span = build.span(
        attributes=pairs,
        events=[{"name": "e", "attributes": pairs}],
        links=[{"trace_id": b"x" * 16, "attributes": pairs}],
        status={"code": 2},
    )
    point = build.point(attributes=pairs, exemplars=[{"as_int": 1, "filtered_attributes": pairs}])
    return {
        Signal.TRACES: twin(build.traces(span)),
        Signal.LOGS: twin(build.logs(build.log(attributes=pairs))),
        Signal.METRICS: twin(build.metrics(build.gauge(point))),
    }
