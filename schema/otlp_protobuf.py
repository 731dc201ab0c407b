"""Decode OTLP/protobuf requests into batches."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from core.errors import Undecodable
from schema import envelopes, logs, spans
from schema.envelopes import ENVELOPES, ITEMS, KINDS, SCOPES, Envelope, Kinds, Scoped, runs
from schema.hints import other_signal, wrong_format
from schema.items import Head, ItemRefusedError, PayloadBudget, check_count, resource_row, scope_row
from schema.protobuf_logs import read_log
from schema.protobuf_parse import parse
from schema.protobuf_points import points_of, read_metric, read_point
from schema.protobuf_spans import read_span
from schema.protobuf_values import Message, attributes
from schema.rows import Batch, Rejection, Row
from schema.signals import WIRE, Signal
from schema.values import Notes
from schema.wire import Part, field

RUN_BYTES = 64 << 10
"""Items are parsed so many bytes at a time: quicker than one by one, and without holding all of them."""

Read = Callable[[Message, Head, Notes], Row]
Place = tuple[int, ...]


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
    try:
        found = envelopes.read(body)
        if found or not body:
            _Request(batch, body, KINDS[batch.signal], PayloadBudget.of(len(body))).read(found)
    except DecodeError:
        raise Undecodable(_nothing_known(batch.signal, body)) from None
    came = any(scoped.items for envelope in found for scoped in envelope.scopes)
    if (body and not found) or (came and _meant_otherwise(batch, body)):
        raise Undecodable(_nothing_known(batch.signal, body))


def _meant_otherwise(batch: Batch, body: bytes) -> bool:
    """Know another signal's request that happens to decode: none of what was kept has a time."""
    return all(map(TIMELESS[batch.signal], batch.rows)) and other_signal(batch.signal, body) is not None


def _nothing_known(signal: Signal, body: bytes) -> str:
    other = other_signal(signal, body)
    if other:
        return f"body is not a {signal} request but looks like {other}; send it to {WIRE[other].path}"
    return f"body of {len(body)} bytes is not a protobuf {signal} request{wrong_format(body)}"


@dataclass(frozen=True, slots=True)
class _Above:
    """Hold what stands above an item: its messages, outermost first, the place, and what was mended on the way."""

    messages: tuple[Message, ...] = ()
    place: Place = ()
    mended: tuple[str, ...] = ()

    def notes(self) -> Notes:
        """Begin the notes of a message below."""
        return {"mended": [*self.mended]} if self.mended else {}

    def below(self, message: Message, number: int, notes: Notes) -> "_Above":
        """Go one level down."""
        return _Above((*self.messages, message), (*self.place, number), tuple(notes.get("mended", ())))


@dataclass(slots=True)
class _Request:
    """Read a request's items into the batch."""

    batch: Batch
    body: bytes
    kinds: Kinds
    budget: PayloadBudget
    items: int = 0

    def read(self, found: Iterable[Envelope]) -> None:
        """Read every envelope."""
        for number, envelope in enumerate(found):
            notes: Notes = {}
            message = parse(self.kinds.envelope, envelope.head, notes)
            resource = _resource(message, notes)
            self.batch.resources[resource[0]] = resource
            above = _Above().below(message, number, notes)
            for index, scoped in enumerate(envelope.scopes):
                self._scope(scoped, resource[0], above, index)

    def _scope(self, scoped: Scoped, resource_id: int, above: _Above, number: int) -> None:
        notes = above.notes()
        message = parse(self.kinds.scoped, scoped.head, notes)
        scope = _scope(message, notes)
        self.batch.scopes[scope[0]] = scope
        head = (resource_id, scope[0], self.batch.received_at)
        inside = above.below(message, number, notes)
        if self.batch.signal is Signal.METRICS:
            self._metrics(scoped, head, inside)
        else:
            self._count(len(scoped.items))
            self._each(self._parsed(scoped, inside), READ[self.batch.signal], head, inside)

    def _metrics(self, scoped: Scoped, head: Head, above: _Above) -> None:
        for number, (metric, notes) in enumerate(self._parsed(scoped, above)):
            points = points_of(metric)
            self._count(len(points))
            read = partial(read_point, metric=read_metric(metric, notes))
            inside = above.below(metric, number, notes)
            self._each(((point, inside.notes()) for point in points), read, head, inside)

    def _parsed(self, scoped: Scoped, above: _Above) -> Iterator[tuple[Message, Notes]]:
        """Parse items run by run, each with its notes; where a run cannot be parsed, one by one."""
        for run in runs(scoped.items, RUN_BYTES):
            items = self._together(run)
            if items is not None:
                for item in items:
                    yield item, above.notes()
            else:
                yield from self._one_by_one(run, above)

    def _one_by_one(self, run: list[Part], above: _Above) -> Iterator[tuple[Message, Notes]]:
        for _, start, end in run:
            notes = above.notes()
            yield parse(self.kinds.item, self.body[start:end], notes), notes

    def _together(self, run: list[Part]) -> Any:
        """Parse a run as the scope that holds nothing else; None when it is too large or has to be mended."""
        start, end = run[0][0], run[-1][2]
        if end - start > RUN_BYTES:
            return None
        try:
            return getattr(self.kinds.scoped.FromString(self.body[start:end]), self.kinds.items)
        except DecodeError:
            return None

    def _count(self, items: int) -> None:
        self.items += items
        check_count(self.items)

    def _each(self, items: Iterable[tuple[Message, Notes]], read: Read, head: Head, above: _Above) -> None:
        """Read items one by one; what is refused becomes a rejection."""
        keep = self.batch.rows.append
        for number, (item, notes) in enumerate(items):
            try:
                keep(read(item, head, notes))
            except ItemRefusedError as error:
                self._refuse(error, item, above, number)

    def _refuse(self, error: ItemRefusedError, item: Message, above: _Above, number: int) -> None:
        position = WIRE[self.batch.signal].position.format(*above.place, number)
        payload = self.budget.spend(partial(_alone, item, *above.messages))
        self.batch.rejections.append(Rejection(position, error.reason, f"{position}: {error}", payload))


def _alone(item: Message, envelope: Message, scoped: Message, metric: Message | None = None) -> bytes:
    """Write a request that holds just this item, so that it can be sent again."""
    if metric is not None:
        item = _only(metric, item)
    inner = scoped.SerializeToString() + field(ITEMS, item.SerializeToString())
    outer = envelope.SerializeToString() + field(SCOPES, inner)
    return field(ENVELOPES, outer)


def _only(metric: Message, point: Message) -> Message:
    """Make the metric with one of its points."""
    alone = type(metric)()
    alone.CopyFrom(metric)
    points = points_of(alone)
    del points[:]
    points.add().CopyFrom(point)
    return alone


def _resource(envelope: Message, notes: Notes) -> Row:
    resource = envelope.resource
    return resource_row(
        attributes(resource.attributes, notes),
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


def _scope(scoped: Message, notes: Notes) -> Row:
    scope = scoped.scope
    return scope_row(
        scope.name,
        scope.version,
        attributes(scope.attributes, notes),
        dropped=scope.dropped_attributes_count,
        schema_url=scoped.schema_url,
    )
