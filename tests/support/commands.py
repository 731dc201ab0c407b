"""Tell of work by records: log records, spans and span events that are commands."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.build import NOW, attributes, log, logs, span, traces
from tests.support.clients import post
from tests.support.service import Running

SECOND = 1_000_000_000


def told(event: str, values: Mapping[str, Any], *, at: int = 0, **fields: Any) -> LogRecord:
    """Make a log record that is a command; `at` are seconds after the start of all tests."""
    return log(event_name=event, time_unix_nano=NOW + at * SECOND, attributes=attributes(values), **fields)


def spanned(event: str, values: Mapping[str, Any], *, at: int = 0, **fields: Any) -> Span:
    """Make a span that is a command."""
    start = NOW + at * SECOND
    return span(
        name=event, start_time_unix_nano=start, end_time_unix_nano=start, attributes=attributes(values), **fields
    )


def evented(event: str, values: Mapping[str, Any], *, at: int = 0, **fields: Any) -> Span:
    """Make a span with an event that is a command."""
    made = Span.Event(name=event, time_unix_nano=NOW + at * SECOND, attributes=attributes(values))
    return span(name="work", events=[made], **fields)


def say(service: Running, *records: LogRecord, name: str = "tests") -> tuple[int, str]:
    """Send log records; give how many the answer calls rejected, and its message."""
    reply = post(service, "/v1/logs", logs(*records, service=name).SerializeToString())
    assert reply.status == 200, reply.body
    partial = ExportLogsServiceResponse.FromString(reply.body).partial_success
    return partial.rejected_log_records, partial.error_message


def show(service: Running, *spans: Span, name: str = "tests") -> tuple[int, str]:
    """Send spans, likewise."""
    reply = post(service, "/v1/traces", traces(*spans, service=name).SerializeToString())
    assert reply.status == 200, reply.body
    partial = ExportTraceServiceResponse.FromString(reply.body).partial_success
    return partial.rejected_spans, partial.error_message
