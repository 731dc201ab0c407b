"""Find the envelopes, scopes and items of a protobuf request without parsing them.

All three signals have the same three levels: resources, in them scopes, in them items (spans, log records, metrics).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from core.errors import Refused, TooLarge, Undecodable
from schema.items import MAX_ITEMS
from schema.signals import Signal
from schema.wire import Part, split

ENVELOPES, SCOPES, ITEMS = LEVELS = (1, 2, 2)
"""The numbers of the fields that hold each level, the same in every signal."""
LEAST_BYTES = 16
"""No item that says anything is shorter."""


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

    Raise DecodeError when its framing is broken, Undecodable or TooLarge when it has too many parts.
    """
    try:
        return _Reader(body).request()
    except (IndexError, ValueError) as error:
        raise DecodeError("broken framing") from error


@dataclass(slots=True)
class _Reader:
    body: bytes
    left: list[int] = field(default_factory=lambda: [MAX_ITEMS] * len(LEVELS))
    """How many parts more each level may hold; every item could stand in a scope and a resource of its own."""

    def request(self) -> list[Envelope]:
        """Read all envelopes."""
        _, parts = self._split((0, 0, len(self.body)), 0)
        return [self._envelope(part) for part in parts]

    def _envelope(self, part: Part) -> Envelope:
        head, parts = self._split(part, 1)
        return Envelope(head, [Scoped(*self._split(inner, 2)) for inner in parts])

    def _split(self, part: Part, level: int) -> tuple[bytes, list[Part]]:
        """Part a message; the first that would be too many is the last that is looked at."""
        _, at, end = part
        head, parts = split(self.body, at, end, number=LEVELS[level], most=self.left[level])
        self.left[level] -= len(parts)
        if self.left[level] < 0:
            raise _too_many(len(self.body), parts[-1][2])
        return head, parts


def _too_many(size: int, read_so_far: int) -> Refused:
    """Smaller batches help a sender whose items say something, and no flood of empty ones."""
    if read_so_far < MAX_ITEMS * LEAST_BYTES:
        return Undecodable(f"body of {size} bytes holds more than {MAX_ITEMS} parts, most of them empty")
    return TooLarge(f"body of {size} bytes holds more than {MAX_ITEMS} items; send smaller batches")


def runs(items: list[Part], most: int) -> Iterator[list[Part]]:
    """Cut a scope's items into runs of at most so many bytes; a larger item is a run of its own."""
    first = 0
    for number, (_, _, end) in enumerate(items):
        if end - items[first][0] > most and number > first:
            yield items[first:number]
            first = number
    if items:
        yield items[first:]
