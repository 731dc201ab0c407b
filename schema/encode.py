"""Write rows as OTLP/JSON requests, in the file exporter's form (specification, protocol/file-exporter.md).

Decoding what this writes gives the same rows again, save for the time of receipt and the marks of what was mended.
Integers of 64 bits are strings, ids hexadecimal, enums integers; fields at their default are left out.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

import orjson

from schema.signals import WIRE, Signal
from schema.values import Plain, to_any_value, to_key_values

Item = dict[str, Any]
"""The columns of a row, by name, with those of its resource and scope."""

Json = dict[str, Any]

MAX_ITEMS = 512

METRIC = ("name", "description", "unit", "type", "temporality", "is_monotonic", "metadata")
COUNTS = frozenset(("count", "zeroCount", "scale"))
DATA_KEYS = {"exponential_histogram": "exponentialHistogram"}


def requests(signal: Signal, items: Iterable[Item], *, max_items: int = MAX_ITEMS) -> Iterator[Json]:
    """Give requests of at most `max_items` items; neighbours of the same resource and scope share their envelopes."""
    remaining = iter(items)
    while chunk := list(islice(remaining, max_items)):
        envelopes = [_envelope(signal, list(group)) for _, group in groupby(chunk, resource_key)]
        yield {WIRE[signal].envelope_key: envelopes}


def request(signal: Signal, items: Sequence[Item]) -> Json:
    """Give one request of all items."""
    (told,) = requests(signal, items, max_items=len(items))
    return told


def resource_key(item: Item) -> object:
    """Tell resources apart."""
    return item["resource_id"]


def scope_key(item: Item) -> object:
    """Tell scopes apart."""
    return item["scope_id"]


def _metric_key(item: Item) -> tuple[object, ...]:
    return tuple(item[column] for column in METRIC)


def _envelope(signal: Signal, items: list[Item]) -> Json:
    key, write = SCOPED[signal]
    return resource(items[0]) | {key: [write(list(group)) for _, group in groupby(items, scope_key)]}


def resource(item: Item) -> Json:
    """Write an item's resource as an envelope that holds nothing."""
    told = {
        "attributes": _key_values(item["resource"]),
        "droppedAttributesCount": item["resource_dropped_attributes_count"],
        "entityRefs": _loaded(item["entity_refs"]),
    }
    return _present({"resource": _present(told), "schemaUrl": item["resource_schema_url"]})


def scope(item: Item) -> Json:
    """Write an item's scope as an envelope that holds nothing."""
    told = {
        "name": item["scope_name"],
        "version": item["scope_version"],
        "attributes": _key_values(item["scope_attributes"]),
        "droppedAttributesCount": item["scope_dropped_attributes_count"],
    }
    return _present({"scope": _present(told), "schemaUrl": item["scope_schema_url"]})


def _spans(items: list[Item]) -> Json:
    return scope(items[0]) | {"spans": [span(item) for item in items]}


def _logs(items: list[Item]) -> Json:
    return scope(items[0]) | {"logRecords": [log(item) for item in items]}


def _metrics(items: list[Item]) -> Json:
    return scope(items[0]) | {"metrics": [_metric(list(group)) for _, group in groupby(items, _metric_key)]}


SCOPED: dict[Signal, tuple[str, Callable[[list[Item]], Json]]] = {
    Signal.TRACES: ("scopeSpans", _spans),
    Signal.LOGS: ("scopeLogs", _logs),
    Signal.METRICS: ("scopeMetrics", _metrics),
}


def span(item: Item) -> Json:
    """Write a span."""
    return _present(
        {
            "traceId": item["trace_id"],
            "spanId": item["span_id"],
            "traceState": item["trace_state"],
            "parentSpanId": item["parent_span_id"],
            "flags": item["flags"],
            "name": item["name"],
            "kind": item["kind"],
            "startTimeUnixNano": _time(item, "start_time_unix_nano"),
            "endTimeUnixNano": _time(item, "end_time_unix_nano"),
            "attributes": _key_values(item["attributes"]),
            "droppedAttributesCount": item["dropped_attributes_count"],
            "events": [_event(event) for event in _loaded(item["events"])],
            "droppedEventsCount": item["dropped_events_count"],
            "links": [_link(link) for link in _loaded(item["links"])],
            "droppedLinksCount": item["dropped_links_count"],
            "status": _present({"message": item["status_message"], "code": item["status_code"]}),
        }
    )


def _event(event: Json) -> Json:
    return _present(
        event | {"timeUnixNano": _integer(event["timeUnixNano"]), "attributes": to_key_values(event["attributes"])}
    )


def _link(link: Json) -> Json:
    told = {key: value for key, value in link.items() if key != "invalid"}
    return _present(told | {"attributes": to_key_values(link.get("attributes", {}))})


def log(item: Item) -> Json:
    """Write a log record."""
    written = _present(
        {
            "timeUnixNano": _time(item, "time_unix_nano"),
            "observedTimeUnixNano": _time(item, "observed_time_unix_nano"),
            "severityNumber": item["severity_number"],
            "severityText": item["severity_text"],
            "attributes": _key_values(item["attributes"]),
            "droppedAttributesCount": item["dropped_attributes_count"],
            "flags": item["flags"],
            "traceId": item["trace_id"],
            "spanId": item["span_id"],
            "eventName": item["event_name"],
        }
    )
    return written | _body(item)


def _body(item: Item) -> Json:
    """Write a body; one that is there but empty is not one that is missing."""
    if item["body"] is None:
        return {}
    return {"body": to_any_value(orjson.loads(item["body"]) if item["body_is_json"] else item["body"])}


def _metric(items: list[Item]) -> Json:
    first = items[0]
    shared = {
        "name": first["name"],
        "description": first["description"],
        "unit": first["unit"],
        "metadata": _key_values(first["metadata"]),
    }
    data = {"aggregationTemporality": first["temporality"], "isMonotonic": bool(first["is_monotonic"])}
    kind = str(first["type"])
    key = DATA_KEYS.get(kind, kind)
    return _present(shared) | {key: {"dataPoints": [_point(item) for item in items]} | _present(data)}


def _point(item: Item) -> Json:
    written = {
        "attributes": _key_values(item["attributes"]),
        "startTimeUnixNano": _time(item, "start_time_unix_nano"),
        "timeUnixNano": _time(item, "time_unix_nano"),
        "exemplars": [_exemplar(exemplar) for exemplar in _loaded(item["exemplars"])],
        "flags": item["flags"],
    }
    return _present(written) | _value(item["value"]) | _data(_loaded(item["data"]) or {})


def _value(value: float | None) -> Json:
    if value is None:
        return {}
    return {"asInt": str(value)} if isinstance(value, int) else {"asDouble": _double(value)}


def _data(data: Json) -> Json:
    """Write what a distribution holds; a field is there when it was there."""
    told = {key: value for key, value in data.items() if value or key not in COUNTS}
    return {key: DATA[key](value) if key in DATA else _double(value) for key, value in told.items()}


def _buckets(held: Json) -> Json:
    return _present({"offset": held["offset"], "bucketCounts": [str(count) for count in held["bucketCounts"]]})


DATA: dict[str, Callable[[Any], Any]] = {
    "count": str,
    "zeroCount": str,
    "scale": int,
    "bucketCounts": lambda counts: [str(count) for count in counts],
    "explicitBounds": lambda bounds: [_double(bound) for bound in bounds],
    "positive": _buckets,
    "negative": _buckets,
    "quantileValues": lambda values: [{key: _double(value) for key, value in held.items()} for held in values],
}


def _exemplar(held: Json) -> Json:
    value = {key: write(held[key]) for key, write in (("asInt", str), ("asDouble", _double)) if key in held}
    others = {
        "timeUnixNano": _integer(held["timeUnixNano"]),
        "spanId": held.get("spanId"),
        "traceId": held.get("traceId"),
        "filteredAttributes": to_key_values(held.get("filteredAttributes", {})),
    }
    return _present(others) | value


def _time(item: Item, column: str) -> str | None:
    """Write a time; one beyond SQLite's integers stands in the notes."""
    if item[column] is not None:
        return _integer(item[column])
    noted = _loaded(item["repaired"]) or {}
    return noted.get(column)


def _integer(value: int) -> str | None:
    return str(value) if value else None


def _double(value: Plain) -> float | str:
    """Write a double; the three that JSON has no word for are strings, stored as objects or as they are."""
    if isinstance(value, dict):
        return str(value["doubleValue"])
    if isinstance(value, str) or math.isfinite(value):
        return value  # type: ignore[no-any-return]  # what was stored as a number is one
    return "Infinity" if value > 0 else "-Infinity"


def _loaded(text: str | None) -> Plain:
    return orjson.loads(text) if text else []


def _key_values(text: str | None) -> list[Json]:
    return to_key_values(_loaded(text) or {})


def _present(fields: Json) -> Json:
    """Leave out fields at their default."""
    return {key: value for key, value in fields.items() if value}
