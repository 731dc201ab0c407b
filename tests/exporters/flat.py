"""Take OTLP requests apart: each item with the resource, the scope and the metric that it belongs to, as plain data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from schema import encode
from schema.encode_protobuf import body
from schema.signals import WIRE, Signal
from store.reading import SqliteReadSide

SCOPED = {Signal.TRACES: ("scopeSpans", "spans"), Signal.LOGS: ("scopeLogs", "logRecords")}
POINTS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
PAGE = 500


def taken_apart(signal: Signal, sent: bytes) -> Iterator[str]:
    """Write each item of a request as text that is the same for the same values."""
    told = MessageToDict(WIRE[signal].request.FromString(sent))
    for envelope in told[WIRE[signal].envelope_key]:
        resource = envelope.get("resource", {}), envelope.get("schemaUrl")
        for scoped in envelope[_scoped(signal)]:
            scope = scoped.get("scope", {}), scoped.get("schemaUrl")
            for item in _items(signal, scoped):
                yield repr(_ordered([resource, scope, item]))


def kept(db: Path, signal: Signal) -> list[str]:
    """Read all that a database holds of a signal the same way."""
    side = SqliteReadSide(db)
    try:
        found: list[str] = []
        after = 0
        while page := side.items(signal, after_id=after, limit=PAGE):
            after = page[-1]["id"]
            for request in encode.requests(signal, page):
                found += taken_apart(signal, body(signal, request))
        return sorted(found)
    finally:
        side.close()


def _scoped(signal: Signal) -> str:
    return "scopeMetrics" if signal is Signal.METRICS else SCOPED[signal][0]


def _items(signal: Signal, scoped: dict[str, Any]) -> Iterator[Any]:
    if signal is not Signal.METRICS:
        yield from scoped[SCOPED[signal][1]]
        return
    for metric in scoped["metrics"]:
        (kind,) = (name for name in POINTS if name in metric)
        for point in metric[kind]["dataPoints"]:
            yield {**metric, kind: {**metric[kind], "dataPoints": point}}


def _ordered(value: Any) -> Any:
    """Put the keys of objects, and lists of attributes, into an order of their own."""
    if isinstance(value, dict):
        return sorted((key, _ordered(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        parts = [_ordered(one) for one in value]
        return sorted(parts) if value and isinstance(value[0], dict) and "key" in value[0] else parts
    return value
