"""Decode OTLP/protobuf requests into batches."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from google.protobuf.message import DecodeError

from core.errors import Undecodable
from schema import logs, spans
from schema.hints import other_signal, wrong_format
from schema.items import Head, ItemRefusedError, PayloadBudget, resource_row, scope_row
from schema.mend import Mended, mend
from schema.protobuf_logs import read_log
from schema.protobuf_points import points_of, read_metric, read_point
from schema.protobuf_spans import read_span
from schema.protobuf_values import Message, attributes
from schema.rows import Batch, Rejection, Row
from schema.signals import WIRE, Signal
from schema.values import Notes
from schema.wire import check_flood, check_items


@dataclass(frozen=True, slots=True)
class Names:
    """Hold a signal's field names inside its envelopes, and their OTLP/JSON spelling for positions."""

    envelopes: str
    scoped: str
    items: str
    position: str


NAMES = {
    Signal.TRACES: Names("resource_spans", "scope_spans", "spans", "resourceSpans[{}].scopeSpans[{}].spans[{}]"),
    Signal.LOGS: Names("resource_logs", "scope_logs", "log_records", "resourceLogs[{}].scopeLogs[{}].logRecords[{}]"),
    Signal.METRICS: Names(
        "resource_metrics",
        "scope_metrics",
        "metrics",
        "resourceMetrics[{}].scopeMetrics[{}].metrics[{}].dataPoints[{}]",
    ),
}

Read = Callable[[Message, Head, Notes], Row]

TIMELESS: dict[Signal, Callable[[Row], bool]] = {
    Signal.TRACES: spans.timeless,
    Signal.LOGS: logs.timeless,
    Signal.METRICS: lambda _: False,
}
"""A point without a time is refused, so a row of one always has it."""

READ: dict[Signal, Read] = {Signal.TRACES: read_span, Signal.LOGS: read_log}


def decode(batch: Batch, body: bytes) -> None:
    """Fill the batch from a protobuf request, or raise Undecodable or TooLarge.

    Only a body whose framing is broken, or which is another signal's, is refused as a whole.
    """
    check_flood(batch.signal, body)
    message, mended = _parse(batch.signal, body)
    names = NAMES[batch.signal]
    envelopes = getattr(message, names.envelopes)
    if body and not envelopes:
        raise Undecodable(_nothing_known(batch.signal, body))
    _check_count(batch.signal, envelopes, names)
    budget = PayloadBudget.of(len(body))
    for place, envelope in enumerate(envelopes):
        _Envelope(batch, names, mended, place, envelope, budget).read()
    _check_meant(batch, envelopes, names, body)


def _parse(signal: Signal, body: bytes) -> tuple[Message, Mended | None]:
    try:
        return WIRE[signal].request.FromString(body), None
    except DecodeError:
        pass
    try:
        mended = mend(signal, body)
        return WIRE[signal].request.FromString(mended.body), mended
    except (DecodeError, Undecodable):
        raise Undecodable(_nothing_known(signal, body)) from None


def _nothing_known(signal: Signal, body: bytes) -> str:
    other = other_signal(signal, body)
    if other:
        return f"body is not a {signal} request but looks like {other}; send it to {WIRE[other].path}"
    return f"body of {len(body)} bytes is not a protobuf {signal} request{wrong_format(body)}"


def _check_count(signal: Signal, envelopes: Any, names: Names) -> None:
    scoped = chain.from_iterable(getattr(envelope, names.scoped) for envelope in envelopes)
    lists = [getattr(part, names.items) for part in scoped]
    if signal is Signal.METRICS:
        lists = [points_of(metric) for metrics in lists for metric in metrics]
    check_items(sum(map(len, lists)))


def _check_meant(batch: Batch, envelopes: Any, names: Names, body: bytes) -> None:
    """Refuse another signal's request that happens to decode: items came, and none of what was kept has a time."""
    came = any(getattr(part, names.items) for one in envelopes for part in getattr(one, names.scoped))
    if came and all(map(TIMELESS[batch.signal], batch.rows)) and other_signal(batch.signal, body):
        raise Undecodable(_nothing_known(batch.signal, body))


@dataclass(slots=True)
class _Envelope:
    """Read one resource's items into the batch."""

    batch: Batch
    names: Names
    mended: Mended | None
    place: int
    envelope: Message
    budget: PayloadBudget

    def read(self) -> None:
        """Read every scope's items."""
        resource = _resource(self.envelope)
        self.batch.resources[resource[0]] = resource
        for index, scoped in enumerate(getattr(self.envelope, self.names.scoped)):
            scope = _scope(scoped)
            self.batch.scopes[scope[0]] = scope
            head = (resource[0], scope[0], self.batch.received_at)
            self._items(scoped, head, index)

    def _items(self, scoped: Message, head: Head, index: int) -> None:
        items = getattr(scoped, self.names.items)
        if self.batch.signal is Signal.METRICS:
            for number, metric in enumerate(items):
                read = partial(read_point, metric=read_metric(metric))
                self._each(points_of(metric), read, head, (self.place, index, number), scoped)
        else:
            self._each(items, READ[self.batch.signal], head, (self.place, index), scoped)

    def _each(self, items: Any, read: Read, head: Head, above: tuple[int, ...], scoped: Message) -> None:
        """Read items one by one; what is refused becomes a rejection."""
        keep = self.batch.rows.append
        mended = self.mended
        for number, item in enumerate(items):
            notes: Notes = {}
            if mended is not None and (told := mended.notes((*above, number))):
                notes["mended"] = told
            try:
                keep(read(item, head, notes))
            except ItemRefusedError as error:
                self._refuse(error, (*above, number), item, scoped)

    def _refuse(self, error: ItemRefusedError, place: tuple[int, ...], item: Message, scoped: Message) -> None:
        position = self.names.position.format(*place)
        payload = self.budget.spend(partial(self._alone, item, scoped, place))
        self.batch.rejections.append(Rejection(position, error.reason, f"{position}: {error}", payload))

    def _alone(self, item: Message, scoped: Message, place: tuple[int, ...]) -> bytes:
        """Make a request that holds just this item, so that it can be sent again."""
        request = WIRE[self.batch.signal].request()
        envelope = getattr(request, self.names.envelopes).add(schema_url=self.envelope.schema_url)
        envelope.resource.CopyFrom(self.envelope.resource)
        inner = getattr(envelope, self.names.scoped).add(schema_url=scoped.schema_url)
        inner.scope.CopyFrom(scoped.scope)
        if self.batch.signal is Signal.METRICS:
            metric = inner.metrics.add()
            metric.CopyFrom(scoped.metrics[place[2]])
            points = points_of(metric)
            del points[:]
            points.add().CopyFrom(item)
        else:
            getattr(inner, self.names.items).add().CopyFrom(item)
        return bytes(request.SerializeToString())


def _resource(envelope: Message) -> Row:
    resource = envelope.resource
    return resource_row(
        attributes(resource.attributes, {}),
        dropped=resource.dropped_attributes_count,
        schema_url=envelope.schema_url,
        entity_refs=[_entity_ref(ref) for ref in resource.entity_refs],
    )


def _entity_ref(ref: Message) -> dict[str, Any]:
    """Hold an entity reference, a field still in development (otlp.md P03)."""
    held = {
        "schemaUrl": ref.schema_url,
        "type": ref.type,
        "idKeys": [*ref.id_keys],
        "descriptionKeys": [*ref.description_keys],
    }
    return {key: value for key, value in held.items() if value}


def _scope(scoped: Message) -> Row:
    scope = scoped.scope
    return scope_row(
        scope.name,
        scope.version,
        attributes(scope.attributes, {}),
        dropped=scope.dropped_attributes_count,
        schema_url=scoped.schema_url,
    )
