"""Translate what happened into what the client is told: one table for gRPC and HTTP (otlp.md 0.1).

Error bodies are `google.rpc.Status` in the request's own encoding, and problem documents beside OTLP.
"""

import math
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from core import errors
from schema.signals import WIRE, Signal

INTERNAL_MESSAGE = "internal error; the server's log says more"
MEDIA_TYPE = {"protobuf": "application/x-protobuf", "json": "application/json"}
PROBLEM = "application/problem+json"
API = "/api/v1/"
"""Paths under which an error is told as a problem document."""
Code = grpc.StatusCode


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold an error in both tongues."""

    http: int
    grpc: Code
    message: str
    retry_after_s: float | None = None
    bad_request: bool = False


TABLE: tuple[tuple[type[errors.SpanledgerError], int, Code], ...] = (
    (errors.Undecodable, 400, Code.INVALID_ARGUMENT),
    (errors.NothingAccepted, 400, Code.INVALID_ARGUMENT),
    (errors.TooLarge, 413, Code.RESOURCE_EXHAUSTED),
    (errors.UnsupportedMedia, 415, Code.INVALID_ARGUMENT),
    (errors.NotAcceptable, 406, Code.INVALID_ARGUMENT),
    (errors.Missing, 404, Code.NOT_FOUND),
    (errors.Ambiguous, 409, Code.INVALID_ARGUMENT),
    (errors.TooLong, 504, Code.INVALID_ARGUMENT),
    (errors.UnknownPath, 404, Code.UNIMPLEMENTED),
    (errors.WrongMethod, 405, Code.UNIMPLEMENTED),
    (errors.Unauthenticated, 401, Code.UNAUTHENTICATED),
    (errors.Forbidden, 403, Code.PERMISSION_DENIED),
    (errors.TooOften, 429, Code.RESOURCE_EXHAUSTED),
    (errors.TooSlow, 408, Code.INVALID_ARGUMENT),
    (errors.Refused, 400, Code.INVALID_ARGUMENT),
    (errors.RateLimited, 429, Code.RESOURCE_EXHAUSTED),
    (errors.TryAgain, 503, Code.UNAVAILABLE),
)


def answer(error: BaseException) -> Answer:
    """Find the answer to an error; what is not ours is an internal error, without its text."""
    for kind, http, code in TABLE:
        if isinstance(error, kind):
            retry = error.retry_after_s if isinstance(error, errors.TryAgain) else None
            return Answer(http, code, str(error), retry, code is Code.INVALID_ARGUMENT and http == 400)
    return Answer(500, Code.INTERNAL, INTERNAL_MESSAGE)


def success(signal: Signal, encoding: str, *, rejected: int, message: str) -> bytes:
    """Write the response; on full success without a warning it is empty (otlp.md R01, R02)."""
    wire = WIRE[signal]
    if encoding == "json":
        return orjson.dumps(_partial_json(wire.rejected_key, rejected, message))
    if not rejected and not message:
        return b""
    response = wire.response()
    setattr(response.partial_success, wire.rejected_field, rejected)
    response.partial_success.error_message = message
    return bytes(response.SerializeToString())


def status(told: Answer, encoding: str) -> bytes:
    """Write the error as google.rpc.Status."""
    return orjson.dumps(_status_json(told)) if encoding == "json" else _status(told).SerializeToString()


def problem(told: Answer, error: BaseException) -> bytes:
    """Write the error as a problem document (RFC 9457)."""
    reason = error.reason if isinstance(error, errors.Refused | errors.TryAgain) else "internal"
    title = reason.replace("_", " ").capitalize()
    document = {"type": "about:blank", "title": title, "status": told.http, "detail": told.message, "code": reason}
    return orjson.dumps(document | (dict(error.told) if isinstance(error, errors.Refused) else {}))


def retry_after(told: Answer) -> str:
    """Write the delay for HTTP: whole seconds from 1 to 5 (otlp.md B03)."""
    return str(min(5, max(1, math.ceil(told.retry_after_s or 1))))


def trailers(told: Answer) -> tuple[tuple[str, bytes], ...]:
    """Write the details for gRPC; the delay goes where each client looks for it (otlp.md B04)."""
    details = (("grpc-status-details-bin", _status(told).SerializeToString()),)
    if told.retry_after_s is None:
        return details
    return (*details, ("google.rpc.retryinfo-bin", _retry_info(told.retry_after_s).SerializeToString()))


def _partial_json(key: str, rejected: int, message: str) -> dict[str, Any]:
    partial: dict[str, str] = {key: str(rejected)} if rejected else {}
    if message:
        partial["errorMessage"] = message
    return {"partialSuccess": partial} if partial else {}


def _status(told: Answer) -> Status:
    made = Status(code=told.grpc.value[0], message=told.message)
    if told.bad_request:
        made.details.add().Pack(BadRequest(field_violations=[BadRequest.FieldViolation(description=told.message)]))
    if told.retry_after_s is not None:
        made.details.add().Pack(_retry_info(told.retry_after_s))
    return made


def _status_json(told: Answer) -> dict[str, Any]:
    made: dict[str, Any] = {"code": told.grpc.value[0], "message": told.message}
    details = []
    if told.bad_request:
        violation = {"description": told.message}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    if told.retry_after_s is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{told.retry_after_s:g}s"})
    return {**made, "details": details} if details else made


def _retry_info(seconds: float) -> RetryInfo:
    whole = int(seconds)
    return RetryInfo(retry_delay=Duration(seconds=whole, nanos=int((seconds - whole) * 1e9)))
