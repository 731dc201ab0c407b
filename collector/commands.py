"""Find commands that cannot be done while a request is decoded, so that its answer can say so (mapping.md F.5).

The records are kept like all others; for a request without commands this is one look at each name.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from privacy.redaction import Redaction
from schema import decode as plainly
from schema.rows import LOG_COLUMNS, SPAN_COLUMNS, Batch, Row
from schema.signals import Signal
from tracking.faults import Fault
from tracking.records import NAMES, SPANS, Said, command_of, span_tells, tells, violation_of
from tracking.vocabulary import PREFIX

EVENT_NAME, ATTRIBUTES = map(LOG_COLUMNS.index, ("event_name", "attributes"))
NAME, EVENTS = SPAN_COLUMNS.index("name"), SPAN_COLUMNS.index("events")
MARK: Final = '"name":"'
"""Stands before the name of a span event, as it is kept."""
SOURCE_LINE: Final = "event "
"""What Rust's loggers write into the name, with the place in the source; the name is an attribute then."""
SHOWN: Final = 5
MAX_MESSAGE: Final = 1000


def decode(  # noqa: PLR0913  what is known of a request
    signal: Signal,
    encoding: str,
    body: bytes,
    *,
    transport: str,
    received_at: int,
    redaction: Redaction,
    digest: bytes | None = None,
) -> Batch:
    """Decode a request as `schema.decode` does but for what is never kept, and note what is wrong with its commands."""
    batch = plainly.decode(signal, encoding, body, transport=transport, received_at=received_at, digest=digest)
    redaction.apply(batch, body)
    if signal is not Signal.METRICS and batch.rows:
        check(batch)
    return batch


def check(batch: Batch) -> None:
    """Note what is wrong with the commands of a batch, in order of time."""
    find = _in_logs if batch.signal is Signal.LOGS else _in_spans
    for row, said in find(batch):
        try:
            command_of(said)
        except Fault as fault:
            batch.violations.append(violation_of(said, fault, batch.resources[row[0]][1]))
    if batch.violations:
        batch.violations.sort(key=lambda one: one.event_time)
        batch.message = "; ".join(filter(None, (batch.message, message(batch))))


def message(batch: Batch) -> str:
    """Name the first five, in at most 1,000 characters, and count the rest."""
    lines = [one.message for one in batch.violations[:SHOWN]]
    more = len(batch.violations) - len(lines)
    behind = f" (+{more} more)" if more else ""
    told, room = "; ".join(lines), MAX_MESSAGE - len(behind)
    return (told if len(told) <= room else told[: room - 1] + "…") + behind


def _in_logs(batch: Batch) -> Iterator[tuple[Row, Said]]:
    names = {row[EVENT_NAME] for row in batch.rows}
    if names.isdisjoint(NAMES) and not any(name.startswith((PREFIX, SOURCE_LINE)) for name in names):
        return
    for row in batch.rows:
        name = row[EVENT_NAME]
        if name.startswith(SOURCE_LINE):
            name = orjson.loads(row[ATTRIBUTES]).get("event.name")
        if isinstance(name, str) and tells(name):
            yield row, _log(batch, row, name)


def _log(batch: Batch, row: Row, name: str) -> Said:
    held = dict(zip(LOG_COLUMNS, row, strict=True))
    return Said(
        name,
        f"log/{held['sort_time']}/{held['fingerprint']}",
        held["time_unix_nano"] or held["observed_time_unix_nano"] or held["received_at"],
        orjson.loads(held["attributes"]),
        _resource(batch, row),
        orjson.loads(held["body"]) if held["body_is_json"] else held["body"],
        held["trace_id"],
        held["span_id"],
    )


def _in_spans(batch: Batch) -> Iterator[tuple[Row, Said]]:
    names = {row[NAME] for row in batch.rows}
    any_span = not names.isdisjoint(SPANS) or any(name.startswith(PREFIX) for name in names)
    for row in batch.rows:
        if any_span and span_tells(row[NAME]):
            yield row, _span(batch, row)
        if row[EVENTS] is not None and _may_tell(row[EVENTS]):
            for said in _events(batch, row):
                yield row, said


def _may_tell(events: str) -> bool:
    """Look for an event's name in their JSON text, which is quicker than reading it."""
    at = events.find(MARK)
    while at >= 0:
        start = at + len(MARK)
        end = events.find('"', start)
        if tells(events[start:end]):
            return True
        at = events.find(MARK, end)
    return False


def _span(batch: Batch, row: Row) -> Said:
    held = dict(zip(SPAN_COLUMNS, row, strict=True))
    return Said(
        held["name"],
        f"{held['trace_id']}/{held['span_id']}",
        max(held["start_time_unix_nano"] or 0, held["end_time_unix_nano"] or 0),
        orjson.loads(held["attributes"]),
        _resource(batch, row),
        None,
        held["trace_id"],
        held["span_id"],
        held["status_code"],
    )


def _events(batch: Batch, row: Row) -> Iterator[Said]:
    held = dict(zip(SPAN_COLUMNS, row, strict=True))
    resource = _resource(batch, row)
    for number, event in enumerate(orjson.loads(held["events"])):
        if tells(event["name"]):
            key = f"{held['trace_id']}/{held['span_id']}/{number}"
            at = event["timeUnixNano"] or held["end_time_unix_nano"] or 0
            yield Said(event["name"], key, at, event["attributes"], resource, None, held["trace_id"], held["span_id"])


def _resource(batch: Batch, row: Row) -> Any:
    return orjson.loads(batch.resources[row[0]][2])
