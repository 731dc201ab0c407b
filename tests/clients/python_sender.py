"""Send with the real OpenTelemetry exporters of whichever version the interpreter that runs this has.

Commands come in on standard input and events go out on standard output, one JSON object a line:

    {"do": "open", "compression": "gzip", "endpoints": {"traces": "http://127.0.0.1:4317", ...}}
    {"do": "send", "run": "overload", "good": 3, "bad": 0}

    {"event": "ready", "version": "1.44.0"}
    {"event": "opened"}
    {"event": "retry", "after": 1.0, "text": "Transient error ..."}
    {"event": "log", "text": "..."}
    {"event": "sent", "results": {"traces": {"result": "SUCCESS", "seconds": 0.02}, ...}}

Items are called `<run>.0`, `<run>.1`, ..., bad ones `<run>.bad.0`: spans have no ids, points have no time.
Log records are never bad: over protobuf the collector refuses none.
"""

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    Gauge,
    InMemoryMetricReader,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.version import __version__
from opentelemetry.trace import SpanContext

RESOURCE = Resource.create({"service.name": "python sender"})
SCOPE = "tests.clients"
RETRY = re.compile(r"retrying in ([\d.]+)s")
_printing = threading.Lock()


class Told(logging.Handler):
    """Pass on what the exporters log; a retry is an event of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event."""
        text = record.getMessage()
        retry = RETRY.search(text)
        if retry:
            say("retry", after=float(retry[1]), text=text)
        else:
            say("log", text=text)


def say(event: str, **fields: Any) -> None:
    """Write an event; several threads may."""
    with _printing:
        print(json.dumps({"event": event, **fields}), flush=True)


def spans(run: str, good: int, bad: int) -> list[ReadableSpan]:
    """Make spans with the SDK, and bad ones whose ids are all zeros."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer(SCOPE)
    for number in range(good):
        with tracer.start_as_current_span(f"{run}.{number}") as span:
            span.set_attribute("gen_ai.request.model", "gpt-4o")
    nobody = SpanContext(0, 0, is_remote=False)
    broken = [
        ReadableSpan(f"{run}.bad.{number}", nobody, resource=RESOURCE, start_time=1, end_time=2)
        for number in range(bad)
    ]
    return [*kept.get_finished_spans(), *broken]


def logs(run: str, good: int) -> list[ReadableLogRecord]:
    """Make log records with the SDK."""
    kept = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    logger = provider.get_logger(SCOPE)
    for number in range(good):
        record = LogRecord(
            timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, body=f"{run}.{number}"
        )
        logger.emit(record)
    return list(kept.get_finished_logs())


def points(run: str, good: int, bad: int) -> MetricsData:
    """Make metric points with the SDK, and bad ones without a time."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    meter = provider.get_meter(SCOPE)
    for number in range(good):
        meter.create_counter(f"{run}.{number}", unit="token").add(number)
    data = reader.get_metrics_data()
    made = list(data.resource_metrics) if data else []
    broken = [
        Metric(f"{run}.bad.{number}", None, None, Gauge([NumberDataPoint({}, 0, 0, number)])) for number in range(bad)
    ]
    if broken and made:
        scope = made[0].scope_metrics[0]
        wider = ScopeMetrics(scope.scope, [*scope.metrics, *broken], scope.schema_url)
        made = [ResourceMetrics(made[0].resource, [wider], made[0].schema_url)]
    return MetricsData(made)


def grpc_exporters(endpoints: dict[str, str], compression: str) -> dict[str, Any]:
    """Build the gRPC exporters; their timeouts and retries are as they come."""
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    codings = {"none": Compression.NoCompression, "gzip": Compression.Gzip, "deflate": Compression.Deflate}
    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "logs": OTLPLogExporter, "metrics": OTLPMetricExporter}
    return {
        signal: kind(endpoint=endpoints[signal], insecure=True, compression=codings[compression])
        for signal, kind in kinds.items()
    }


def http_exporters(endpoints: dict[str, str], compression: str) -> dict[str, Any]:
    """Build the HTTP exporters; their timeouts and retries are as they come."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "logs": OTLPLogExporter, "metrics": OTLPMetricExporter}
    return {
        signal: kind(endpoint=endpoints[signal], compression=Compression(compression))
        for signal, kind in kinds.items()
    }


def export(exporter: Any, data: Any) -> dict[str, Any]:
    """Export one batch; give what the exporter returned and how long it took."""
    began = time.monotonic()
    result = exporter.export(data)
    return {"result": result.name, "seconds": time.monotonic() - began}


def send(exporters: dict[str, Any], run: str, good: int, bad: int) -> dict[str, Any]:
    """Export a batch of each signal, all at the same time."""
    data = {"traces": spans(run, good, bad), "logs": logs(run, good), "metrics": points(run, good, bad)}
    with ThreadPoolExecutor(len(data)) as pool:
        futures = {signal: pool.submit(export, exporters[signal], batch) for signal, batch in data.items()}
    return {signal: future.result() for signal, future in futures.items()}


def listen_to_exporters() -> None:
    """Hear every warning: the exporters' own filter hides the same words said twice within a minute."""
    logging.getLogger().addHandler(Told(logging.WARNING))
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).filters.clear()


def commands() -> Iterator[dict[str, Any]]:
    """Read commands until there are no more."""
    for line in sys.stdin:
        yield json.loads(line)


def main(protocol: str) -> None:
    """Do what is asked until standard input ends."""
    build = {"grpc": grpc_exporters, "http": http_exporters}[protocol]
    exporters: dict[str, Any] = {}
    say("ready", version=__version__)
    for command in commands():
        if command["do"] == "open":
            for exporter in exporters.values():
                exporter.shutdown()
            exporters = build(command["endpoints"], command["compression"])
            listen_to_exporters()
            say("opened")
        else:
            say("sent", results=send(exporters, command["run"], command["good"], command["bad"]))


if __name__ == "__main__":
    main(sys.argv[1])
