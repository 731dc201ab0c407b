"""Find the envelopes, scopes and items of a protobuf request without parsing them.

All three signals have the same three levels: resources, in them scopes, in them items (spans, log records, metrics).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from core.errors import Undecodable
from schema.signals import Signal
from schema.wire import Part, split

ENVELOPES, SCOPES, ITEMS = 1, 2, 2
"""The numbers of the fields that hold the level below, the same in every signal."""
MAX_PARTS = 600_000
"""As many items as a request may hold, each in a scope and a resource of its own."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Hold the messages of a signal's three levels, and the scope's field of items."""

    envelope: Any
    scoped: Any
    item: Any
    items: str


KINDS = {
    Signal.TRACES: Kinds(ResourceSpans, ScopeSpans, Span, "spans"),
    Signal.LOGS: Kinds(ResourceLogs, ScopeLogs, LogRecord, "log_records"),
    Signal.METRICS: Kinds(ResourceMetrics, ScopeMetrics, Metric, "metrics"),
}


@dataclass(frozen=True, slots=True)
class Scoped:
    """Hold one scope: its message without the items, and where these are in the body."""

    head: bytes
    items: list[Part]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Hold one resource: its message without the scopes, and these."""

    head: bytes
    scopes: list[Scoped]


def read(body: bytes) -> list[Envelope]:
    """Take a request apart.

    Raise DecodeError when its framing is broken, Undecodable when it is a flood of parts.
    """
    try:
        return _Reader(body, MAX_PARTS).request()
    except (IndexError, ValueError) as error:
        raise DecodeError("broken framing") from error


@dataclass(slots=True)
class _Reader:
    body: bytes
    left: int

    def request(self) -> list[Envelope]:
        """Read all envelopes."""
        _, parts = self._split((0, 0, len(self.body)), ENVELOPES)
        return [self._envelope(part) for part in parts]

    def _envelope(self, part: Part) -> Envelope:
        head, parts = self._split(part, SCOPES)
        return Envelope(head, [Scoped(*self._split(inner, ITEMS)) for inner in parts])

    def _split(self, part: Part, number: int) -> tuple[bytes, list[Part]]:
        """Part a message; the first that would be too many is the last that is looked at."""
        _, at, end = part
        head, parts = split(self.body, at, end, number=number, most=self.left)
        self.left -= len(parts)
        if self.left < 0:
            raise Undecodable(f"body of {len(self.body)} bytes holds more than {MAX_PARTS} parts, most of them empty")
        return head, parts


def runs(items: list[Part], most: int) -> Iterator[list[Part]]:
    """Cut a scope's items into runs of at most so many bytes; a larger item is a run of its own."""
    first = 0
    for number, (_, _, end) in enumerate(items):
        if end - items[first][0] > most and number > first:
            yield items[first:number]
            first = number
    if items:
        yield items[first:]
