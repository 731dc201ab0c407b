"""Guess what a sender meant when nothing of a body could be kept (otlp.md D12, reliability.md rows 4 and 5)."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from core.errors import Refused
from schema.envelopes import KINDS, read
from schema.protobuf_parse import parse
from schema.signals import Signal


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
    """Tell whether all items of a body make sense as this signal's; the first that does not settles it."""
    try:
        found = read(body)
        parts = [part[1:] for envelope in found for scoped in envelope.scopes for part in scoped.items]
        return bool(parts) and all(FITS[signal](parse(KINDS[signal].item, body[at:end], {})) for at, end in parts)
    except (DecodeError, Refused):
        return False


def _fits_span(span: Any) -> bool:
    return bool(len(span.trace_id) == 16 and len(span.span_id) == 8 and span.start_time_unix_nano)


def _fits_log(record: Any) -> bool:
    return bool(record.time_unix_nano or record.observed_time_unix_nano)


def _fits_metric(metric: Any) -> bool:
    return bool(metric.name) and metric.WhichOneof("data") is not None


FITS: dict[Signal, Callable[[Any], bool]] = {
    Signal.TRACES: _fits_span,
    Signal.LOGS: _fits_log,
    Signal.METRICS: _fits_metric,
}
