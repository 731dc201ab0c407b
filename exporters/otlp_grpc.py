"""Send OTLP/gRPC to any receiver."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from core.errors import Refused, TooLarge, TryAgain
from exporters.exporter import Taken
from schema import protobuf_write
from schema.encode import Item
from schema.signals import WIRE, Signal

Code = grpc.StatusCode
COME_AGAIN: Final = frozenset(
    {Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.OUT_OF_RANGE, Code.UNAVAILABLE, Code.DATA_LOSS}
)
"""What OTLP calls retryable (specification, Failures)."""
TO_BE_MENDED: Final = frozenset({Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.UNIMPLEMENTED})
OPTIONS: Final = (("grpc.max_receive_message_length", 64 << 10), ("grpc.max_send_message_length", -1))
SHOWN: Final = 200
TOO_LONG: Final = "CLIENT: Received message larger than max"
"""What grpc says of an answer over its limit."""
DETAILS: Final = "grpc-status-details-bin"


class GrpcExporter:
    """Keep one channel to a receiver."""

    def __init__(
        self, endpoint: str, *, headers: Mapping[str, str], compress: bool, authority: bytes | None, timeout_s: float
    ) -> None:
        """Connect with the first request; `endpoint` is https for TLS, else http."""
        self._timeout_s = timeout_s
        self._where = endpoint
        self._metadata = tuple((name.lower(), value) for name, value in headers.items())
        parts = urlsplit(endpoint)
        target = parts.netloc or parts.path
        compression = grpc.Compression.Gzip if compress else grpc.Compression.NoCompression
        if parts.scheme == "https":
            credentials = grpc.ssl_channel_credentials(authority)
            self._channel = grpc.secure_channel(target, credentials, OPTIONS, compression)
        else:
            self._channel = grpc.insecure_channel(target, OPTIONS, compression)
        self._methods: dict[Signal, Any] = {
            signal: self._channel.unary_unary(f"/{wire.service}/Export") for signal, wire in WIRE.items()
        }

    def write(self, signal: Signal, items: Sequence[Item]) -> bytes:
        """Write items in protobuf."""
        return protobuf_write.request(signal, items)

    def send(self, signal: Signal, request: bytes) -> Taken:
        """Call Export."""
        try:
            answer = self._methods[signal](
                request, timeout=self._timeout_s, metadata=self._metadata, wait_for_ready=False
            )
        except grpc.RpcError as error:
            if _was_answered(error):
                return Taken()
            raise self._told(error) from None
        wire = WIRE[signal]
        try:
            partial = wire.response.FromString(answer).partial_success
        except DecodeError:
            return Taken()
        return Taken(getattr(partial, wire.rejected_field), partial.error_message[:SHOWN])

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def _told(self, error: Any) -> Exception:
        code, delay_s = error.code(), _delay_s(error)
        text = f"{self._where} answered {code.name}: {str(error.details())[:SHOWN]}"
        if code in TO_BE_MENDED:
            return TryAgain(f"{text}; look at its endpoint and headers in the configuration", retry_after_s=30.0)
        if code in COME_AGAIN or (code is Code.RESOURCE_EXHAUSTED and delay_s is not None):
            return TryAgain(text, retry_after_s=delay_s or 1.0)
        return TooLarge(text) if code is Code.RESOURCE_EXHAUSTED else Refused(text)


def _was_answered(error: Any) -> bool:
    """Say whether there was an answer, which is only too long to be read: one of OTLP's never is."""
    return error.code() is Code.RESOURCE_EXHAUSTED and TOO_LONG in str(error.details())


def _delay_s(error: Any) -> float | None:
    """Find how long the far side asks to wait; None when it does not."""
    metadata = dict(error.trailing_metadata() or ())
    try:
        details = Status.FromString(metadata.get(DETAILS, b"")).details
        found = (one for one in details if one.Is(RetryInfo.DESCRIPTOR))
        info = RetryInfo.FromString(next(found).value)
    except (DecodeError, StopIteration):
        return None
    return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
