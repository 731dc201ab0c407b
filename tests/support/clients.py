"""Speak OTLP to a running service with nothing in between: bytes out, bytes back."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.rpc.status_pb2 import Status

from schema.signals import WIRE, Signal
from tests.support.service import Running

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold an HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> Status:
        """Read the google.rpc.Status of an error, in either encoding."""
        if self.headers["content-type"] == "application/x-protobuf":
            return Status.FromString(self.body)
        told = orjson.loads(self.body)
        return Status(code=told["code"], message=told["message"])


@dataclass(frozen=True, slots=True)
class GrpcReply:
    """Hold a gRPC answer; `details` are the two trailers that clients read."""

    code: grpc.StatusCode
    message: str
    body: bytes
    trailers: Mapping[str, str | bytes]


def post(service: Running, path: str, body: bytes, headers: Mapping[str, str] = PROTOBUF) -> Reply:
    """Post a body on a connection of its own."""
    return request(service, "POST", path, body, headers)


def request(
    service: Running, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Send any request on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.http, timeout=TIMEOUT_S)) as connection:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())


def raw(service: Running, sent: bytes, *, port: int | None = None, timeout: float = TIMEOUT_S) -> bytes:
    """Send bytes as they are and read until the other side closes or stays silent."""
    with socket.create_connection(("127.0.0.1", port or service.http), timeout=timeout) as connection:
        connection.sendall(sent)
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except (TimeoutError, ConnectionResetError):
            pass
        return b"".join(parts)


@contextmanager
def channel(service: Running, **options: Any) -> Iterator[grpc.Channel]:
    """Open a gRPC channel to the service."""
    size = ("grpc.max_send_message_length", -1)
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc}", options=[size], **options) as opened:
        yield opened


def export(
    service: Running,
    signal: Signal,
    body: bytes,
    *,
    metadata: tuple[tuple[str, str | bytes], ...] = (),
    compression: grpc.Compression | None = None,
    timeout: float = TIMEOUT_S,
) -> GrpcReply:
    """Call Export with raw bytes."""
    with channel(service) as opened:
        method: Any = opened.unary_unary(f"/{WIRE[signal].service}/Export")
        try:
            answer, call = method.with_call(body, metadata=metadata, compression=compression, timeout=timeout)
        except grpc.RpcError as error:
            failed: Any = error
            return GrpcReply(failed.code(), failed.details(), b"", dict(failed.trailing_metadata() or ()))
        return GrpcReply(call.code(), call.details() or "", answer, {})
