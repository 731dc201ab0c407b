"""Name the three signals of OTLP and what each is called on the wire."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces


class Signal(StrEnum):
    """One of the three kinds of telemetry that OTLP carries."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Wire:
    """Hold a signal's names on the wire (opentelemetry-proto, collector/*/v1), and how an item's place is written."""

    path: str
    service: str
    request: type[Any]
    response: type[Any]
    rejected_field: str
    rejected_key: str
    envelope_key: str
    position: str


WIRE = {
    Signal.TRACES: Wire(
        "/v1/traces",
        "opentelemetry.proto.collector.trace.v1.TraceService",
        traces.ExportTraceServiceRequest,
        traces.ExportTraceServiceResponse,
        "rejected_spans",
        "rejectedSpans",
        "resourceSpans",
        "resourceSpans[{}].scopeSpans[{}].spans[{}]",
    ),
    Signal.LOGS: Wire(
        "/v1/logs",
        "opentelemetry.proto.collector.logs.v1.LogsService",
        logs.ExportLogsServiceRequest,
        logs.ExportLogsServiceResponse,
        "rejected_log_records",
        "rejectedLogRecords",
        "resourceLogs",
        "resourceLogs[{}].scopeLogs[{}].logRecords[{}]",
    ),
    Signal.METRICS: Wire(
        "/v1/metrics",
        "opentelemetry.proto.collector.metrics.v1.MetricsService",
        metrics.ExportMetricsServiceRequest,
        metrics.ExportMetricsServiceResponse,
        "rejected_data_points",
        "rejectedDataPoints",
        "resourceMetrics",
        "resourceMetrics[{}].scopeMetrics[{}].metrics[{}].dataPoints[{}]",
    ),
}
