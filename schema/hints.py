"""Guess what a sender meant when nothing of a body could be kept (otlp.md D12, reliability.md rows 4 and 5)."""

from typing import Any

from google.protobuf.message import DecodeError

from core.errors import Undecodable
from schema.signals import WIRE, Signal
from schema.wire import check_flood


def other_signal(signal: Signal, body: bytes) -> Signal | None:
    """Name the signal whose request this protobuf body really is, if it is another one."""
    return next((other for other in Signal if other is not signal and _fits(other, body)), None)


def wrong_format(body: bytes) -> str:
    """Say what a body that is not protobuf looks like, as the end of a sentence; empty when nothing comes to mind."""
    if body[:64].lstrip()[:1] in (b"{", b"["):
        return "; it looks like JSON: send it with Content-Type: application/json"
    return _foreign(body)


def wrong_json(body: bytes) -> str:
    """Say what a body that is not JSON looks like, as the end of a sentence; empty when nothing comes to mind."""
    if any(_fits(signal, body) for signal in Signal):
        return "; it looks like protobuf: send it with Content-Type: application/x-protobuf"
    if body[:2] in (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{"):
        return "; it looks like UTF-16: send UTF-8"
    return _foreign(body)


def _foreign(body: bytes) -> str:
    if body[:64].lstrip()[:1] == b"<":
        return "; it looks like HTML or XML"
    if body[:2] == b"\x1f\x8b":
        return "; it looks like gzip: send it with Content-Encoding: gzip"
    return ""


def _fits(signal: Signal, body: bytes) -> bool:
    try:
        check_flood(signal, body)
        request = WIRE[signal].request.FromString(body)
    except (DecodeError, Undecodable):
        return False
    return FITS[signal](request)


def _fits_traces(request: Any) -> bool:
    spans = [span for envelope in request.resource_spans for scoped in envelope.scope_spans for span in scoped.spans]
    return bool(spans) and all(
        len(span.trace_id) == 16 and len(span.span_id) == 8 and span.start_time_unix_nano for span in spans
    )


def _fits_logs(request: Any) -> bool:
    records = [
        item for envelope in request.resource_logs for scoped in envelope.scope_logs for item in scoped.log_records
    ]
    return bool(records) and all(record.time_unix_nano or record.observed_time_unix_nano for record in records)


def _fits_metrics(request: Any) -> bool:
    metrics = [
        item for envelope in request.resource_metrics for scoped in envelope.scope_metrics for item in scoped.metrics
    ]
    return bool(metrics) and all(metric.name and metric.WhichOneof("data") for metric in metrics)


FITS = {Signal.TRACES: _fits_traces, Signal.LOGS: _fits_logs, Signal.METRICS: _fits_metrics}
