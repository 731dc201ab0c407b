"""Decode OTLP/JSON requests into batches.

Not by the protobuf library: it takes hexadecimal ids for base64 and refuses a batch over one number (otlp.md, fact 5).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from core.errors import Undecodable
from schema.items import Head, ItemRefusedError, PayloadBudget, check_count, resource_row, scope_row
from schema.json_fields import Findings, Kept, RoundedError, camel_case, listed, message, string, unsigned32
from schema.json_logs import read_log
from schema.json_parse import Document, Parsed, parse, parse_exactly, scrub
from schema.json_points import data_key, points_of, read_metric, read_point
from schema.json_spans import read_span
from schema.json_values import RESOURCE, SCOPE, attributes
from schema.rows import Batch, Rejection, Row
from schema.signals import WIRE, Signal


@dataclass(frozen=True, slots=True)
class Keys:
    """Hold a signal's keys, from the request down to the list of items."""

    envelopes: str
    scoped: str
    items: str


KEYS = {
    Signal.TRACES: Keys("resourceSpans", "scopeSpans", "spans"),
    Signal.LOGS: Keys("resourceLogs", "scopeLogs", "logRecords"),
    Signal.METRICS: Keys("resourceMetrics", "scopeMetrics", "metrics"),
}

Place = tuple[int, ...]
Read = Callable[[Kept, Head, Findings], Row]
Wrap = Callable[[Parsed], Parsed]
"""Put what stands above an item inside its list around it: a point's metric; nothing around a span."""

ENVELOPES = frozenset(keys.envelopes for keys in KEYS.values())
RESOURCE_KEYS = frozenset(("attributes", "droppedAttributesCount", "entityRefs"))
SCOPE_KEYS = frozenset(("name", "version", "attributes", "droppedAttributesCount"))
HARMLESS = frozenset(("duplicateKeys", "keysByIndex"))

READ: dict[Signal, Read] = {Signal.TRACES: read_span, Signal.LOGS: read_log}


def decode(batch: Batch, body: bytes) -> None:
    """Fill the batch from a JSON request, or raise Undecodable or TooLarge.

    Refused as a whole is only what is not JSON, is another signal's, or holds no lists where envelopes should be.
    """
    try:
        _read(batch, parse(body))
    except RoundedError:
        _empty(batch)
        _read(batch, parse_exactly(body))


def _read(batch: Batch, document: Document) -> None:
    root, keys = document.root, KEYS[batch.signal]
    findings = Findings(document.exact)
    if root and keys.envelopes not in root:
        raise Undecodable(_nothing_known(batch.signal, root))
    try:
        _check_count(root, keys)
        _Request(batch, keys, findings, PayloadBudget.of(batch.body_bytes)).read(root)
    except ItemRefusedError as error:
        raise Undecodable(f"body is not a {batch.signal} request: {error}") from None
    batch.warnings.extend(findings.warnings.values())


def _empty(batch: Batch) -> None:
    """Forget what was read before the body turned out to need exact parsing."""
    batch.rows.clear()
    batch.resources.clear()
    batch.scopes.clear()
    batch.rejections.clear()


def _nothing_known(signal: Signal, root: Kept) -> str:
    for other in Signal:
        if WIRE[other].envelope_key in root:
            return f"body is not a {signal} request but looks like {other}; send it to {WIRE[other].path}"
    wanted = WIRE[signal].envelope_key
    misspelt = [key for key in root if camel_case(key) == wanted]
    hint = f'; "{misspelt[0]}" is not how OTLP/JSON spells it' if misspelt else ""
    return f"body is not a {signal} request: it has no {wanted}{hint}"


def _check_count(root: Kept, keys: Keys) -> None:
    """Count before reading; what is of the wrong kind is met again while reading."""
    envelopes = _dicts(root.get(keys.envelopes))
    scoped = [part for envelope in envelopes for part in _dicts(envelope.get(keys.scoped))]
    if keys.items == "metrics":
        metrics = [metric for part in scoped for metric in _dicts(part.get(keys.items))]
        held = [(metric.get(data_key(metric)), "dataPoints") for metric in metrics]
    else:
        held = [(part, keys.items) for part in scoped]
    lists = (holder.get(key) for holder, key in held if type(holder) is dict)
    check_count(sum(len(items) for items in lists if type(items) is list))


def _dicts(values: Parsed) -> list[Kept]:
    return [value for value in values if type(value) is dict] if type(values) is list else []


def _messages(holder: Kept, key: str, findings: Findings) -> Iterator[tuple[int, Kept]]:
    """Give the messages of a list above the items, with their places."""
    for place, value in enumerate(listed(holder.get(key), key)):
        if type(value) is dict:
            yield place, value
        elif value is None:
            findings.skipped(key)
        else:
            raise ItemRefusedError("not_an_object", f"{key}[{place}] is not an object")


@dataclass(frozen=True, slots=True)
class _Request:
    """Read a request into the batch."""

    batch: Batch
    keys: Keys
    findings: Findings
    budget: PayloadBudget

    def read(self, root: Kept) -> None:
        """Read every envelope; raise ItemRefusedError when something above the items is of the wrong kind."""
        self.findings.unknown(root, frozenset((self.keys.envelopes,)))
        self.findings.foreign(root, ENVELOPES - {self.keys.envelopes})
        for place, envelope in _messages(root, self.keys.envelopes, self.findings):
            scrubbed = self.findings.exact and scrub(envelope, skip=self.keys.scoped)
            resource = self._resource(envelope)
            self.batch.resources[resource[0]] = resource
            for index, scoped in _messages(envelope, self.keys.scoped, self.findings):
                self._scoped(envelope, scoped, resource[0], (place, index), scrubbed=scrubbed)

    def _scoped(self, envelope: Kept, scoped: Kept, resource_id: int, place: Place, *, scrubbed: bool) -> None:
        scrubbed |= self.findings.exact and scrub(scoped, skip=self.keys.items)
        scope = self._scope(scoped)
        self.batch.scopes[scope[0]] = scope
        head = (resource_id, scope[0], self.batch.received_at)
        _Items(self, envelope, scoped, head, scrubbed=scrubbed).read(place)

    def _resource(self, envelope: Kept) -> Row:
        findings = self.findings
        findings.notes = {}
        findings.unknown(envelope, frozenset(("resource", "schemaUrl", self.keys.scoped)))
        resource = message(envelope.get("resource"), "resource", findings)
        findings.unknown(resource, RESOURCE_KEYS)
        row = resource_row(
            attributes(resource.get("attributes") or (), findings, RESOURCE),
            dropped=self._dropped(resource, "resource"),
            schema_url=string(envelope.get("schemaUrl"), "schemaUrl", findings),
            entity_refs=[_entity_ref(ref, findings) for _, ref in _messages(resource, "entityRefs", findings)],
        )
        self.settle("resource")
        return row

    def _scope(self, scoped: Kept) -> Row:
        findings = self.findings
        findings.notes = {}
        findings.unknown(scoped, frozenset(("scope", "schemaUrl", self.keys.items)))
        scope = message(scoped.get("scope"), "scope", findings)
        findings.unknown(scope, SCOPE_KEYS)
        row = scope_row(
            string(scope.get("name"), "scope.name", findings),
            string(scope.get("version"), "scope.version", findings),
            attributes(scope.get("attributes") or (), findings, SCOPE),
            dropped=self._dropped(scope, "scope"),
            schema_url=string(scoped.get("schemaUrl"), "schemaUrl", findings),
        )
        self.settle("scope")
        return row

    def _dropped(self, holder: Kept, name: str) -> int:
        """Read a count that is not worth refusing all the items below it."""
        try:
            return unsigned32(holder.get("droppedAttributesCount"), "droppedAttributesCount", self.findings)
        except ItemRefusedError as error:
            self.findings.warn("dropped", f"{name}: {error}")
            return 0

    def settle(self, name: str) -> None:
        """Turn notes on what items share into a warning: there is no row of its own to keep them."""
        odd = sorted(self.findings.notes.keys() - HARMLESS)
        if odd:
            self.findings.warn(name, f"a {name} was kept with repairs: {', '.join(odd)}")


@dataclass(frozen=True, slots=True)
class _Items:
    """Read the items of one scope."""

    request: _Request
    envelope: Kept
    scoped: Kept
    head: Head
    scrubbed: bool

    def read(self, place: Place) -> None:
        """Read every item; what is refused becomes a rejection."""
        batch, keys = self.request.batch, self.request.keys
        items = listed(self.scoped.get(keys.items), keys.items)
        if batch.signal is Signal.METRICS:
            for number, metric in enumerate(items):
                self._metric(metric, (*place, number))
        else:
            self._each(items, READ[batch.signal], place, lambda item: item, scrubbed=self.scrubbed)

    def _metric(self, metric: Parsed, place: Place) -> None:
        """Read a metric's points; when it cannot be read far enough to know them, it is refused like one item."""
        findings = self.request.findings
        findings.notes = {}
        if type(metric) is not dict:
            self._odd(metric, place)
            return
        key = data_key(metric)
        scrubbed = self.scrubbed | (findings.exact and scrub(metric, skip=key))
        try:
            points, shared = points_of(metric, findings), read_metric(metric, findings)
        except ItemRefusedError as error:
            self._refuse(error, place, metric)
            return
        self.request.settle("metric")
        read, wrap = partial(read_point, metric=shared), partial(_with_point, metric, key)
        self._each(points, read, place, wrap, scrubbed=scrubbed)

    def _each(self, items: list[Parsed], read: Read, place: Place, wrap: Wrap, *, scrubbed: bool) -> None:
        findings, head = self.request.findings, self.head
        keep = self.request.batch.rows.append
        for number, item in enumerate(items):
            if type(item) is not dict:
                self._odd(item, (*place, number))
                continue
            findings.notes = {}
            if findings.exact and (scrub(item) or scrubbed):
                findings.mended("surrogate")
            try:
                keep(read(item, head, findings))
            except ItemRefusedError as error:
                self._refuse(error, (*place, number), wrap(item))

    def _odd(self, item: Parsed, place: Place) -> None:
        """Skip null and refuse what is no message (otlp.md J13)."""
        if item is None:
            self.request.findings.skipped(self.request.keys.items)
        else:
            self._refuse(ItemRefusedError("not_an_object", "not an object"), place, item)

    def _refuse(self, error: ItemRefusedError, place: Place, item: Parsed) -> None:
        levels = WIRE[self.request.batch.signal].position.split(".")[: len(place)]
        position = ".".join(levels).format(*place)
        payload = self.request.budget.spend(partial(self._alone, item))
        self.request.batch.rejections.append(Rejection(position, error.reason, f"{position}: {error}", payload))

    def _alone(self, item: Parsed) -> bytes | None:
        """Make a request that holds just this item; None when it is nested too deep to be written."""
        keys = self.request.keys
        scoped = {key: self.scoped[key] for key in ("scope", "schemaUrl") if key in self.scoped}
        envelope = {key: self.envelope[key] for key in ("resource", "schemaUrl") if key in self.envelope}
        try:
            return orjson.dumps({keys.envelopes: [{**envelope, keys.scoped: [{**scoped, keys.items: [item]}]}]})
        except TypeError:
            return None


def _with_point(metric: Kept, key: str, point: Parsed) -> Kept:
    return {**metric, key: {**metric[key], "dataPoints": [point]}}


def _entity_ref(ref: Kept, findings: Findings) -> dict[str, Any]:
    """Hold an entity reference, a field still in development (otlp.md P03)."""
    held: dict[str, Any] = {key: string(ref.get(key), f"entityRefs.{key}", findings) for key in ("schemaUrl", "type")}
    for key in ("idKeys", "descriptionKeys"):
        held[key] = [string(name, f"entityRefs.{key}", findings) for name in listed(ref.get(key), key)]
    return {key: value for key, value in held.items() if value}
