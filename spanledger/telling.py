"""Tell of an agent's work with the OpenTelemetry SDK, as its instrumentation would.

Names follow the OpenTelemetry GenAI semantic conventions.
Time is told, not spent: each step moves a clock of the session's own.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, use_span

SCHEMA_URL = "https://opentelemetry.io/schemas/gen-ai/1.42.0"
SCOPE = "spanledger.demo"
NANOSECONDS = 1_000_000_000
BETWEEN_STEPS_S = 0.02


@dataclass(frozen=True, slots=True)
class Cast:
    """Name who takes part in a session."""

    service: str
    provider: str
    model: str
    conversation: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Count one model call's tokens: input includes what the cache gave and took, output what was reasoned."""

    read: int
    wrote: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def attributes(self) -> dict[str, int]:
        """Write them under their names in the conventions."""
        return {
            "gen_ai.usage.input_tokens": self.read,
            "gen_ai.usage.output_tokens": self.wrote,
            "gen_ai.usage.cache_read.input_tokens": self.cache_read,
            "gen_ai.usage.cache_write.input_tokens": self.cache_write,
            "gen_ai.usage.reasoning.output_tokens": self.reasoning,
        }


class Outbox(Protocol):
    """Send telemetry; each method says whether the collector took it."""

    def spans(self, batch: Sequence[ReadableSpan]) -> bool:
        """Send spans."""
        ...

    def logs(self, batch: Sequence[ReadableLogRecord]) -> bool:
        """Send log records."""
        ...

    def metrics(self, data: MetricsData) -> bool:
        """Send metric points."""
        ...


class Session:
    """Tell one session, step by step, and send what was told."""

    def __init__(self, cast: Cast, *, began: int) -> None:
        """Set the SDK up; `began` is Unix nanoseconds."""
        self.cast = cast
        self.now = began
        self._responses = 0
        self._spans = InMemorySpanExporter()
        self._records = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # it says nothing of its types
        self._points = InMemoryMetricReader()
        self._use(Resource.create({"service.name": cast.service, "service.version": "2.1.0"}, SCHEMA_URL))

    def _use(self, resource: Resource) -> None:
        traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        traces.add_span_processor(SimpleSpanProcessor(self._spans))
        self._tracer = traces.get_tracer(SCOPE, schema_url=SCHEMA_URL)
        logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
        logs.add_log_record_processor(SimpleLogRecordProcessor(self._records))
        self._logger = logs.get_logger(SCOPE, schema_url=SCHEMA_URL)
        meters = MeterProvider([self._points], resource=resource, shutdown_on_exit=False)
        meter = meters.get_meter(SCOPE, schema_url=SCHEMA_URL)
        self._tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of model calls.")
        self._seconds = meter.create_histogram("gen_ai.client.operation.duration", "s", "Duration of operations.")

    @contextmanager
    def agent(self, name: str, *, task: str) -> Iterator[Span]:
        """Let an agent work for the length of a block."""
        attributes = {**self._about("invoke_agent"), "gen_ai.agent.name": name, "gen_ai.agent.description": task}
        with self._span(f"invoke_agent {name}", attributes) as span:
            yield span

    @contextmanager
    def tool(self, name: str, call: str, arguments: Mapping[str, Any]) -> Iterator[Span]:
        """Let a tool work for the length of a block."""
        attributes = {
            **self._about("execute_tool"),
            "gen_ai.tool.name": name,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call,
            "gen_ai.tool.call.arguments": json.dumps(arguments),
        }
        with self._span(f"execute_tool {name}", attributes) as span:
            yield span

    def result(self, span: Span, value: object, *, seconds: float) -> None:
        """Let a tool give its result."""
        self.wait(seconds)
        span.set_attribute("gen_ai.tool.call.result", json.dumps(value))

    def error(self, span: Span, error: Exception, *, seconds: float) -> None:
        """Let a tool fail."""
        self.wait(seconds)
        kind = type(error).__name__
        span.set_attribute("error.type", kind)
        span.set_status(StatusCode.ERROR, str(error))
        span.record_exception(error, timestamp=self.now)
        told = {"exception.type": kind, "exception.message": str(error)}
        self._log("gen_ai.client.operation.exception", SeverityNumber.WARN, told, body=str(error))

    def chat(self, prompt: str, answer: str, usage: Usage, *, seconds: float, calls: Sequence[str] = ()) -> None:
        """Ask the model; `calls` names the tools that it wants called."""
        self._responses += 1
        finish = "tool_call" if calls else "stop"
        attributes = {
            **self._about("chat"),
            "gen_ai.request.model": self.cast.model,
            "gen_ai.response.model": f"{self.cast.model}-2026-08-01",
            "gen_ai.response.id": f"resp_{self.cast.conversation[5:]}_{self._responses}",
            "gen_ai.response.finish_reasons": [finish],
            **usage.attributes(),
        }
        with self._span(f"chat {self.cast.model}", attributes, kind=SpanKind.CLIENT):
            self.wait(seconds)
            content = _content(prompt, answer, calls, finish)
            self._log("gen_ai.client.inference.operation.details", SeverityNumber.DEBUG, {**attributes, **content})
            self._measure(usage, seconds)

    def judge(self, name: str, score: float, *, why: str) -> None:
        """Record what an evaluation says of the answer."""
        told = {
            "gen_ai.evaluation.name": name,
            "gen_ai.evaluation.score.value": score,
            "gen_ai.evaluation.explanation": why,
            "gen_ai.conversation.id": self.cast.conversation,
        }
        self._log("gen_ai.evaluation.result", SeverityNumber.INFO, told)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += int(seconds * NANOSECONDS)

    def send(self, outbox: Outbox) -> dict[str, int]:
        """Send what was told, a request a signal; count the items of those that the collector took."""
        spans, records = self._spans.get_finished_spans(), self._records.get_finished_logs()
        points = self._points.get_metrics_data()
        sent = {"spans": len(spans) if outbox.spans(spans) else 0}
        sent["log records"] = len(records) if outbox.logs(records) else 0
        sent["metric points"] = _count(points) if points and outbox.metrics(points) else 0
        return sent

    @contextmanager
    def _span(self, name: str, attributes: Mapping[str, Any], *, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
        self.wait(BETWEEN_STEPS_S)
        span = self._tracer.start_span(name, kind=kind, attributes=attributes, start_time=self.now)
        with use_span(span, end_on_exit=False):
            yield span
        span.end(self.now)

    def _about(self, operation: str) -> dict[str, Any]:
        return {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": self.cast.provider,
            "gen_ai.conversation.id": self.cast.conversation,
        }

    def _log(
        self, event: str, severity: SeverityNumber, attributes: Mapping[str, Any], *, body: str | None = None
    ) -> None:
        self._logger.emit(
            timestamp=self.now,
            observed_timestamp=self.now,
            severity_number=severity,
            severity_text=severity.name,
            event_name=event,
            attributes=attributes,
            body=body,
        )

    def _measure(self, usage: Usage, seconds: float) -> None:
        labels = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": self.cast.provider}
        labels["gen_ai.request.model"] = self.cast.model
        self._tokens.record(usage.read, {**labels, "gen_ai.token.type": "input"})
        self._tokens.record(usage.wrote, {**labels, "gen_ai.token.type": "output"})
        self._seconds.record(seconds, labels)


def _content(prompt: str, answer: str, calls: Sequence[str], finish: str) -> dict[str, Any]:
    """Write the messages in the conventions' form."""
    text = [{"type": "text", "content": answer}] if answer else []
    asked = [{"type": "tool_call", "id": f"call_{name}", "name": name} for name in calls]
    return {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": prompt}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [*text, *asked], "finish_reason": finish}],
    }


def _count(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
