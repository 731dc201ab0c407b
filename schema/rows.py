"""Shape what is kept: the columns of each raw table, and a decoded request.

A row is a plain tuple in the order of its columns: on the way in, nothing is cheaper.
`attributes`, `events`, `links`, `exemplars`, `metadata`, `data` and `repaired` are JSON text (see `schema.values`).
"""

from dataclasses import dataclass, field
from typing import Any

from schema.signals import Signal

Row = tuple[Any, ...]

RESOURCE_COLUMNS = ("id", "service_name", "attributes", "dropped_attributes_count", "schema_url", "entity_refs")

SCOPE_COLUMNS = ("id", "name", "version", "attributes", "dropped_attributes_count", "schema_url")

SPAN_COLUMNS = (
    "resource_id",
    "scope_id",
    "received_at",
    "trace_id",
    "span_id",
    "parent_span_id",
    "trace_state",
    "flags",
    "name",
    "kind",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "status_code",
    "status_message",
    "attributes",
    "dropped_attributes_count",
    "events",
    "dropped_events_count",
    "links",
    "dropped_links_count",
    "repaired",
)

LOG_COLUMNS = (
    "resource_id",
    "scope_id",
    "received_at",
    "sort_time",
    "fingerprint",
    "time_unix_nano",
    "observed_time_unix_nano",
    "event_name",
    "severity_number",
    "severity_text",
    "body",
    "body_is_json",
    "attributes",
    "dropped_attributes_count",
    "trace_id",
    "span_id",
    "flags",
    "repaired",
)

POINT_COLUMNS = (
    "resource_id",
    "scope_id",
    "received_at",
    "sort_time",
    "fingerprint",
    "name",
    "description",
    "unit",
    "type",
    "temporality",
    "is_monotonic",
    "metadata",
    "start_time_unix_nano",
    "time_unix_nano",
    "attributes",
    "value",
    "count",
    "sum",
    "data",
    "exemplars",
    "flags",
    "repaired",
)

COLUMNS = {Signal.TRACES: SPAN_COLUMNS, Signal.LOGS: LOG_COLUMNS, Signal.METRICS: POINT_COLUMNS}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Say what was refused, where it stood, why, and keep it so that it can be sent again.

    `payload` is a request with just this item, in the request's own encoding; None when it was too large to keep.
    `items` is 0 when the body could not be read far enough to count.
    """

    position: str
    reason: str
    message: str
    payload: bytes | None = None
    items: int = 1


@dataclass(frozen=True, slots=True)
class Violation:
    """Say what was wrong with a command that a record told; the record itself is kept (mapping.md F.5).

    `position` names the record, or the span event, for ever; `event_time` is Unix nanoseconds.
    `command_id` is the sender's own id of the command.
    """

    position: str
    event_time: int
    event_name: str
    entity_key: str | None
    code: str
    message: str
    attribute: str | None
    value_preview: str | None
    session_id: str | None
    service_name: str | None
    trace_id: str | None
    span_id: str | None
    command_id: str | None


@dataclass(slots=True)
class Batch:
    """Hold one request, decoded: everything that one transaction writes.

    `resources` and `scopes` are keyed by the content-made ids that `rows` refer to.
    `fingerprint` is the SHA-256 of signal and decompressed body, or None when equal bytes may be different telemetry.
    """

    signal: Signal
    encoding: str
    transport: str
    received_at: int
    body_bytes: int
    fingerprint: bytes | None = None
    rows: list[Row] = field(default_factory=list)
    resources: dict[int, Row] = field(default_factory=dict)
    scopes: dict[int, Row] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    message: str = ""

    @property
    def rejected(self) -> int:
        """Count the refused items."""
        return sum(rejection.items for rejection in self.rejections)

    @property
    def told_rejected(self) -> int:
        """Count what the sender is told of: refused items, and log records whose commands were refused."""
        return self.rejected + (len(self.violations) if self.signal is Signal.LOGS else 0)

    @property
    def received(self) -> int:
        """Count the items that came in."""
        return len(self.rows) + self.rejected
