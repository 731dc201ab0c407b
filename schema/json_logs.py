"""Read log records from OTLP/JSON."""

from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from schema.items import Head
from schema.json_fields import Findings, Kept, enum, optional_hex, string, unsigned32, unsigned64
from schema.json_values import BODY, attributes, plain
from schema.logs import MISSING, log_row
from schema.rows import Row

SEVERITIES: Final = dict(SeverityNumber.items())
LOG_KEYS = frozenset(field.json_name for field in LogRecord.DESCRIPTOR.fields)


def read_log(record: Kept, head: Head, findings: Findings) -> Row:
    """Make the row of a JSON LogRecord, or raise ItemRefusedError."""
    get = record.get
    if not LOG_KEYS.issuperset(record):
        findings.unknown(record, LOG_KEYS)
    body, pairs, trace_id, span_id = get("body"), get("attributes"), get("traceId"), get("spanId")
    return log_row(
        head,
        unsigned64(get("timeUnixNano", 0), "time_unix_nano", findings),
        unsigned64(get("observedTimeUnixNano", 0), "observed_time_unix_nano", findings),
        string(get("eventName", ""), "eventName", findings),
        enum(get("severityNumber", 0), SEVERITIES, "severityNumber", findings),
        string(get("severityText", ""), "severityText", findings),
        MISSING if body is None else plain(body, findings, BODY),
        attributes(pairs, findings) if pairs else {},
        unsigned32(get("droppedAttributesCount", 0), "dropped_attributes_count", findings),
        optional_hex(trace_id, "trace_id", findings) if trace_id else b"",
        optional_hex(span_id, "span_id", findings) if span_id else b"",
        unsigned32(get("flags", 0), "flags", findings),
        findings.notes,
    )
