"""Read log records from protobuf."""

from schema.items import Head
from schema.logs import MISSING, log_row
from schema.protobuf_values import Message, attributes, plain
from schema.rows import Row
from schema.values import Notes


def read_log(record: Message, head: Head, notes: Notes) -> Row:
    """Make the row of a protobuf LogRecord."""
    return log_row(
        head,
        record.time_unix_nano,
        record.observed_time_unix_nano,
        record.event_name,
        record.severity_number,
        record.severity_text,
        plain(record.body) if record.HasField("body") else MISSING,
        attributes(record.attributes, notes),
        record.dropped_attributes_count,
        record.trace_id,
        record.span_id,
        record.flags,
        notes,
    )
