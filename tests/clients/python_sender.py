"""Send with the real OpenTelemetry exporters of whichever version the interpreter that runs this has.

Commands come in on standard input and events go out on standard output, one JSON object a line:

    {"do": "open", "endpoints": {"traces none": "http://127.0.0.1:4317", "traces gzip": ...}}
    {"do": "send", "run": "overload", "good": 3, "bad": 0}

    {"event": "ready", "release": "1.44.0"}
    {"event": "opened"}
    {"event": "retry", "after": 1.0, "text": "Transient error ..."}
    {"event": "log", "text": "..."}
    {"event": "sent", "results": {"traces none": {"result": "SUCCESS", "seconds": 0.02}, ...}}

There is one exporter for each signal and compression; all send at the same time.
Items are called `<run>.<compression>.0` and so on, bad ones `<run>.<compression>.bad.0`:
spans have no ids, points have no time; log records are never bad, since over protobuf the collector refuses none.
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
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
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
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()


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
    kept = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # its constructor has no annotations
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    logger = provider.get_logger(SCOPE)
    for number in range(good):
        record = LogRecord(timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, body=f"{run}.{number}")
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
    scopes = [scope for part in data.resource_metrics for scope in part.scope_metrics] if data else []
    timeless = [
        Metric(f"{run}.bad.{number}", None, None, Gauge([NumberDataPoint({}, 0, 0, number)])) for number in range(bad)
    ]
    broken = ScopeMetrics(InstrumentationScope(f"{SCOPE}.bad"), timeless, "")
    return MetricsData([ResourceMetrics(RESOURCE, [*scopes, broken] if bad else scopes, "")])


def grpc_exporter(key: str, endpoint: str) -> Any:
    """Build the gRPC exporter of a signal and a compression; its timeout and retries are as they come."""
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    signal, compression = key.split()
    codings = {"none": Compression.NoCompression, "gzip": Compression.Gzip, "deflate": Compression.Deflate}
    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "logs": OTLPLogExporter, "metrics": OTLPMetricExporter}
    return kinds[signal](endpoint=endpoint, insecure=True, compression=codings[compression])


def http_exporter(key: str, endpoint: str) -> Any:
    """Build the HTTP exporter of a signal and a compression; its timeout and retries are as they come."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    signal, compression = key.split()
    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "logs": OTLPLogExporter, "metrics": OTLPMetricExporter}
    return kinds[signal](endpoint=endpoint, compression=Compression(compression))


def batch(key: str, run: str, good: int, bad: int) -> Any:
    """Make what the exporter of a signal and a compression is to send."""
    signal, compression = key.split()
    name = f"{run}.{compression}"
    if signal == "logs":
        return logs(name, good)
    return {"traces": spans, "metrics": points}[signal](name, good, bad)


def export(exporter: Any, data: Any) -> dict[str, Any]:
    """Export one batch; give what the exporter returned and how long it took."""
    began = time.monotonic()
    result = exporter.export(data)
    return {"result": result.name, "seconds": time.monotonic() - began}


def send(exporters: dict[str, Any], run: str, good: int, bad: int) -> dict[str, Any]:
    """Export a batch with each exporter, all at the same time."""
    batches = {key: batch(key, run, good, bad) for key in exporters}
    with ThreadPoolExecutor(len(batches)) as pool:
        futures = {key: pool.submit(export, exporters[key], data) for key, data in batches.items()}
    return {key: future.result() for key, future in futures.items()}


def hear_everything() -> None:
    """Hear every retry: the exporters' own filter hides the same words said again within a minute."""
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).filters.clear()


def commands() -> Iterator[dict[str, Any]]:
    """Read commands until there are no more."""
    for line in sys.stdin:
        yield json.loads(line)


def main(protocol: str) -> None:
    """Do what is asked until standard input ends."""
    build = {"grpc": grpc_exporter, "http": http_exporter}[protocol]
    exporters: dict[str, Any] = {}
    logging.getLogger().addHandler(Told(logging.WARNING))
    say("ready", release=__version__)
    for command in commands():
        if command["do"] == "open":
            for exporter in exporters.values():
                exporter.shutdown()
            exporters = {key: build(key, endpoint) for key, endpoint in command["endpoints"].items()}
            hear_everything()
            say("opened")
        else:
            say("sent", results=send(exporters, command["run"], command["good"], command["bad"]))
    for exporter in exporters.values():
        exporter.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
