"""The real SDK's exporters send to a collector that sends on to two more: everything is found there, value by value.

What is sent is what OpenTelemetry's own functional suites send: each kind of attribute, nested spans, events, links,
statuses; each instrument; each severity and kind of body; scopes and resources with attributes.
The far collectors are away when the first items come, and go away once more between.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from schema.signals import Signal
from tests.clients.python_sender import grpc_exporter, http_exporter
from tests.exporters.flat import kept, taken_apart
from tests.support.process import Ports, free_ports
from tests.support.service import Running, running
from tests.support.wait import until

PATIENCE_S = 60
RUNS = [f"{protocol} {compression}" for protocol in ("grpc", "http") for compression in ("none", "gzip")]
FAR = {"over_http": "otlp/http", "over_grpc": "otlp/grpc"}
ATTRIBUTES: dict[str, Any] = {
    "text": "häl\u2028lo",
    "whole": 42,
    "large": -(1 << 62),
    "part": 3.14,
    "yes": True,
    "empty": "",
    "texts": ("a", "b"),
    "wholes": (1, 2, 3),
    "parts": (0.5, -1.0),
    "flags": (True, False),
}
ENCODE: dict[Signal, Any] = {Signal.TRACES: encode_spans, Signal.LOGS: encode_logs, Signal.METRICS: encode_metrics}


def resource(run: str) -> Resource:
    """Describe a sender."""
    return Resource.create({"service.name": "chain", "service.instance.id": run, **ATTRIBUTES}, "https://example.org/1")


def spans(run: str) -> Any:
    """Make spans of each kind, nested, with events, links and statuses."""
    out = InMemorySpanExporter()
    provider = TracerProvider(resource=resource(run), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(out))
    tracer = provider.get_tracer("chain", "1.0.0", "https://example.org/2", ATTRIBUTES)
    other = SpanContext(0xDEADBEEF, 0xDEADBEF0, is_remote=True, trace_flags=TraceFlags(1))
    with tracer.start_as_current_span(f"{run} outer", attributes=ATTRIBUTES, links=[Link(other, ATTRIBUTES)]) as outer:
        outer.add_event("said", ATTRIBUTES)
        outer.set_status(Status(StatusCode.OK))
        for kind in SpanKind:
            with tracer.start_as_current_span(f"{run} {kind.name}", kind=kind) as inner:
                inner.set_status(Status(StatusCode.ERROR, "something went wrong"))
                inner.record_exception(ValueError("no such thing"))
    return list(out.get_finished_spans())


def logs(run: str) -> Any:
    """Make records of each severity and with each kind of body, one of them inside a span."""
    out = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # its constructor has no annotations
    provider = LoggerProvider(resource=resource(run), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(out))
    logger = provider.get_logger("chain", "1.0.0", "https://example.org/2", ATTRIBUTES)
    for number, severity in enumerate(SeverityNumber):
        logger.emit(LogRecord(timestamp=1 + number, severity_number=severity, severity_text=severity.name, body=run))
    bodies: tuple[Any, ...] = ("text", 42, 3.14, True, [1, "two", 3.0, None], {"a": {"b": [b"\x00\xff"]}}, b"raw")
    for number, body in enumerate(bodies):
        logger.emit(LogRecord(timestamp=100 + number, observed_timestamp=200, body=body, event_name=f"{run}.said"))
    span = trace.NonRecordingSpan(SpanContext(7, 8, is_remote=False, trace_flags=TraceFlags(1)))
    inside = trace.set_span_in_context(span)
    logger.emit(LogRecord(timestamp=300, context=inside, body="inside", attributes={**ATTRIBUTES, "run": run}))
    return list(out.get_finished_logs())


def points(run: str) -> Any:
    """Make points of each instrument."""
    reader = InMemoryMetricReader()
    views = [View(instrument_name="*.exponential", aggregation=ExponentialBucketHistogramAggregation())]
    provider = MeterProvider([reader], resource=resource(run), views=views, shutdown_on_exit=False)
    meter = provider.get_meter("chain", "1.0.0", "https://example.org/2", ATTRIBUTES)

    def seen(_options: CallbackOptions) -> Iterator[Observation]:
        yield Observation(1024, {"device": "eth0"})
        yield Observation(72.5, ATTRIBUTES)

    counter = meter.create_counter(f"{run}.counter", "{request}", "What was asked.")
    counter.add(3, {"status": "ok"})
    counter.add(7, {"status": "ok"})
    counter.add(5, ATTRIBUTES)
    meter.create_up_down_counter(f"{run}.open").add(-3)
    meter.create_gauge(f"{run}.gauge", "Cel").set(42)
    meter.create_observable_counter(f"{run}.read", [seen])
    meter.create_observable_up_down_counter(f"{run}.threads", [seen])
    meter.create_observable_gauge(f"{run}.warmth", [seen])
    for name in ("histogram", "exponential"):
        histogram = meter.create_histogram(f"{run}.{name}", "ms")
        for value in (0.0, 5, 15, 150, 1e9):
            histogram.record(value, {"method": "GET"})
    return reader.get_metrics_data()


MAKE = {Signal.TRACES: spans, Signal.LOGS: logs, Signal.METRICS: points}


@dataclass(slots=True)
class Chain:
    """Hold what was sent and what was kept at each end, as text an item."""

    sent: dict[Signal, Counter[str]] = field(default_factory=lambda: {signal: Counter() for signal in Signal})
    near: dict[Signal, Counter[str]] = field(default_factory=dict)
    far: dict[str, dict[Signal, Counter[str]]] = field(default_factory=dict)
    cursors: list[dict[str, Any]] = field(default_factory=list)

    def send(self, near: Running, run: str) -> None:
        """Send each signal with the SDK's own exporter for it."""
        protocol, compression = run.split()
        for signal in Signal:
            data = MAKE[signal](run.replace(" ", "."))
            if protocol == "grpc":
                exporter = grpc_exporter(f"{signal} {compression}", f"http://127.0.0.1:{near.grpc}")
            else:
                exporter = http_exporter(f"{signal} {compression}", near.url(f"/v1/{signal}"))
            assert "SUCCESS" == exporter.export(data).name
            exporter.shutdown()
            self.sent[signal].update(taken_apart(signal, ENCODE[signal](data).SerializeToString()))

    def arrived(self, near: Running) -> bool:
        """Say whether both exporters have sent all that is kept."""
        self.cursors = near.rows("select * from export_cursors")
        count = {signal: near.count(signal) for signal in Signal}
        return 6 == len(self.cursors) and all(row["sent"] == count[row["signal"]] for row in self.cursors)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Send all runs, with the far collectors away at first and once more between."""
    folder = tmp_path_factory.mktemp("chain")
    ports = {name: free_ports() for name in FAR}
    found = Chain()
    with running(folder / "near.db", **exporters(ports)) as near:
        found.send(near, RUNS[0])
        until(lambda: is_stuck(near), within_s=PATIENCE_S)
        with far(folder, ports):
            found.send(near, RUNS[1])
            until(lambda: found.arrived(near), within_s=PATIENCE_S)
        found.send(near, RUNS[2])
        until(lambda: is_stuck(near), within_s=PATIENCE_S)
        with far(folder, ports):
            found.send(near, RUNS[3])
            until(lambda: found.arrived(near), within_s=PATIENCE_S)
    found.near = read(folder / "near.db")
    found.far = {name: read(folder / f"{name}.db") for name in FAR}
    return found


def exporters(ports: dict[str, Ports]) -> dict[str, Any]:
    """Configure one over each protocol; both compress."""
    settings: dict[str, Any] = {}
    for name, kind in FAR.items():
        port = ports[name].http if kind == "otlp/http" else ports[name].grpc
        told = {"kind": kind, "endpoint": f"http://127.0.0.1:{port}", "start": "beginning", "batch_items": 7}
        settings |= {f"exporters__{name}__{key}": value for key, value in told.items()}
    return settings


def is_stuck(near: Running) -> bool:
    """Say whether both far sides are known to be away."""
    return all(state["trouble"] for state in near.service.exports.state()) and bool(near.service.exports.state())


def far(folder: Path, ports: dict[str, Ports]) -> ExitStack:
    """Run both far collectors, each with its books."""
    stack = ExitStack()
    for name in FAR:
        grpc, http = (f"127.0.0.1:{port}" for port in ports[name])
        settings = {"collector__grpc__endpoint": grpc, "collector__http__endpoint": http}
        stack.enter_context(running(folder / f"{name}.db", **settings))
    return stack


def read(db: Path) -> dict[Signal, Counter[str]]:
    """Read what a database keeps."""
    return {signal: Counter(kept(db, signal)) for signal in Signal}


@pytest.mark.parametrize("signal", list(Signal))
def test_the_near_collector_keeps_what_the_sdk_sent(chain: Chain, signal: Signal) -> None:
    """Over both protocols, with and without compression: each item once, with all its values."""
    assert sum(chain.sent[signal].values()) >= 4 * 6
    assert chain.sent[signal] == chain.near[signal]


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("signal", list(Signal))
def test_the_far_collector_keeps_the_same(chain: Chain, name: str, signal: Signal) -> None:
    """However long it was away: each item once, with all its values."""
    assert chain.sent[signal] == chain.far[name][signal]


def test_nothing_was_refused_or_given_up_on_the_way(chain: Chain) -> None:
    """The exporters' own books say the same."""
    assert 6 == len(chain.cursors)
    for row in chain.cursors:
        assert (0, 0, 0) == (row["refused"], row["expired"], row["passed"]), row
