"""Answer `spanledger demo`: send two sessions with the OpenTelemetry SDK, one over gRPC, one over HTTP."""

import logging
import os
import socket
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.trace import ReadableSpan

from collector.config import Tls
from core.section import Address
from spanledger import story
from spanledger.config import Config
from spanledger.options import Failed, database
from spanledger.sinks import a_token, reachable
from spanledger.telling import Session
from spanledger.terminal import say
from store import lock

TIMEOUT_S = 10.0
CONNECT_S = 2.0

QUERIES = {
    "How long did each agent work?": (
        "select service_name, name, duration_nano / 1000000 as ms from spans "
        "where name like 'invoke_agent%' order by id"
    ),
    "Which tools were called, and which call failed?": (
        "select name as tool, count(*) as calls, sum(is_error) as failed from tool_calls "
        "group by tool order by calls desc, tool"
    ),
    "How many tokens did each model read and write?": (
        "select model, count(*) as calls, sum(input_tokens) as read, sum(output_tokens) as written "
        "from model_calls group by model order by model"
    ),
}


class Exporters:
    """Send with one protocol's exporters of the SDK."""

    def __init__(self, spans: Any, logs: Any, metrics: Any) -> None:
        """Keep one exporter a signal."""
        self._spans, self._logs, self._metrics = spans, logs, metrics

    def spans(self, batch: Sequence[ReadableSpan]) -> bool:
        """Send spans."""
        return _taken(self._spans.export(batch))

    def logs(self, batch: Sequence[ReadableLogRecord]) -> bool:
        """Send log records."""
        return _taken(self._logs.export(batch))

    def metrics(self, data: MetricsData) -> bool:
        """Send metric points."""
        return _taken(self._metrics.export(data))

    def close(self) -> None:
        """Let the connections go."""
        for exporter in (self._spans, self._logs, self._metrics):
            exporter.shutdown()


def _taken(result: Any) -> bool:
    return str(result.name) == "SUCCESS"


def show(config: Config) -> None:
    """Send both sessions and say what to ask."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # what goes wrong is said below
    _speak_directly()
    now = time.time_ns()
    tales = [story.trip(_conversation(), now=now), story.repair(_conversation(), now=now)]
    for session, transport in zip(tales, _transports(config), strict=False):
        _send(session, transport, config)
    say("\nAsk for instance:")
    say("\n  # What did they do, step by step, and what did it cost?")
    say(f"  spanledger sessions\n  spanledger trace {tales[0].cast.conversation}")
    for question, query in QUERIES.items():
        say(f'\n  # {question}\n  spanledger sql "{query}"')


def _conversation() -> str:
    return f"conv_{uuid4().hex[:12]}"


def _transports(config: Config) -> list[tuple[str, Address]]:
    """Say how each session travels; over the same port twice when the other is off."""
    running = lock.read(database(config))
    settings = config.collector
    grpc = Address.parse(running.grpc) if running and running.grpc else settings.grpc.endpoint
    http = Address.parse(running.http) if running and running.http else settings.http.endpoint
    known = [(name, reachable(place)) for name, place in (("gRPC", grpc), ("HTTP", http)) if place is not None]
    return [known[0], known[-1]]


def _send(session: Session, transport: tuple[str, Address], config: Config) -> None:
    name, address = transport
    _check_reachable(address)
    outbox = _exporters(name, address, config)
    sent = session.send(outbox)
    outbox.close()
    counts = ", ".join(f"{count} {what}" for what, count in sent.items())
    if not all(sent.values()):
        raise Failed(f"the collector at {address} took only {counts}; look at its log, or run `spanledger doctor`")
    say(f"{session.cast.service:<13} {session.cast.conversation}  {name} {address}  {counts}")


def _check_reachable(address: Address) -> None:
    try:
        socket.create_connection(address, CONNECT_S).close()
    except OSError as error:
        raise Failed(
            f"no collector answers at {address} ({error}); start one with `spanledger serve`, or say where one is"
        ) from error


def _exporters(name: str, address: Address, config: Config) -> Exporters:
    token = a_token(config)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    part = config.collector.grpc if name == "gRPC" else config.collector.http
    _trust(part.tls)
    base = f"{'https' if part.tls else 'http'}://{address}"
    if name == "gRPC":
        options: dict[str, Any] = {"headers": headers, "timeout": TIMEOUT_S, "endpoint": base, "insecure": not part.tls}
        return Exporters(GrpcSpans(**options), GrpcLogs(**options), GrpcMetrics(**options))
    options = {"headers": headers, "timeout": TIMEOUT_S}
    return Exporters(
        HttpSpans(f"{base}/v1/traces", **options),
        HttpLogs(f"{base}/v1/logs", **options),
        HttpMetrics(f"{base}/v1/metrics", **options),
    )


def _trust(tls: Tls | None) -> None:
    """Let the exporters trust the collector's own certificate; they take it from the environment alone."""
    if tls is not None:
        os.environ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(tls.cert)


def _speak_directly() -> None:
    """Forget the proxies that the exporters would send through, even to this machine."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
