"""Build OTLP requests with only what a test cares about; everything else is valid and unique."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import Signal

NOW = 1795219725620893420
_numbers = count(1)


def attributes(values: Mapping[str, str | int | float | bool | bytes]) -> list[KeyValue]:
    """Build attributes from plain values."""
    return [KeyValue(key=key, value=_any_value(value)) for key, value in values.items()]


def span(**fields: Any) -> Span:
    """Build a valid span; each has ids of its own."""
    number = next(_numbers)
    defaults = {
        "trace_id": number.to_bytes(16, "big"),
        "span_id": number.to_bytes(8, "big"),
        "name": "chat gpt-4o",
        "kind": 3,
        "start_time_unix_nano": NOW + number,
        "end_time_unix_nano": NOW + number + 1_000_000,
    }
    return Span(**{**defaults, **fields})


def log(**fields: Any) -> LogRecord:
    """Build a valid log record; each has a time of its own."""
    number = next(_numbers)
    defaults = {"time_unix_nano": NOW + number, "body": AnyValue(string_value=f"record {number}"), "severity_number": 9}
    return LogRecord(**{**defaults, **fields})


def point(**fields: Any) -> NumberDataPoint:
    """Build a valid number data point; each has a time of its own."""
    return NumberDataPoint(**{"time_unix_nano": NOW + next(_numbers), "as_int": 1, **fields})


def gauge(*points: NumberDataPoint, name: str = "queue.length") -> Metric:
    """Build a gauge of these points."""
    metric = Metric(name=name)
    metric.gauge.data_points.extend(points)
    return metric


def traces(*spans: Span, service: str = "tests") -> ExportTraceServiceRequest:
    """Build a request of these spans."""
    made = ExportTraceServiceRequest()
    envelope = made.resource_spans.add()
    envelope.resource.attributes.extend(attributes({"service.name": service}))
    envelope.scope_spans.add().spans.extend(spans)
    return made


def logs(*records: LogRecord, service: str = "tests") -> ExportLogsServiceRequest:
    """Build a request of these log records."""
    made = ExportLogsServiceRequest()
    envelope = made.resource_logs.add()
    envelope.resource.attributes.extend(attributes({"service.name": service}))
    envelope.scope_logs.add().log_records.extend(records)
    return made


def metrics(*kinds: Metric, service: str = "tests") -> ExportMetricsServiceRequest:
    """Build a request of these metrics."""
    made = ExportMetricsServiceRequest()
    envelope = made.resource_metrics.add()
    envelope.resource.attributes.extend(attributes({"service.name": service}))
    envelope.scope_metrics.add().metrics.extend(kinds)
    return made


def body(signal: Signal, items: int = 1) -> bytes:
    """Build a request of some valid items of a signal, as bytes."""
    kinds: dict[Signal, Callable[[], Any]] = {
        Signal.TRACES: lambda: traces(*(span() for _ in range(items))),
        Signal.LOGS: lambda: logs(*(log() for _ in range(items))),
        Signal.METRICS: lambda: metrics(gauge(*(point() for _ in range(items)))),
    }
    return bytes(kinds[signal]().SerializeToString())


def with_bad(signal: Signal, *, good: int, bad: int) -> bytes:
    """Build a request in which some items cannot be kept: spans without a trace id, points without a time."""
    if signal is Signal.TRACES:
        made: Any = traces(*(span() for _ in range(good)), *(span(trace_id=b"") for _ in range(bad)))
    else:
        made = metrics(gauge(*(point() for _ in range(good)), *(point(time_unix_nano=0) for _ in range(bad))))
    return bytes(made.SerializeToString())


def _any_value(value: str | float | bool | bytes) -> AnyValue:
    kinds = ((str, "string_value"), (bool, "bool_value"), (int, "int_value"), (float, "double_value"))
    field = next((name for kind, name in kinds if isinstance(value, kind)), "bytes_value")
    made: dict[str, Any] = {field: value}
    return AnyValue(**made)
