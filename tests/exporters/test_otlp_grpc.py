"""What a far side answers over gRPC, and what that means."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from core.errors import Refused, TooLarge, TryAgain
from exporters.exporter import Taken
from exporters.otlp_grpc import GrpcExporter
from schema.signals import WIRE, Signal
from tests.support import build

REQUEST = build.traces(build.span(name="a")).SerializeToString()
Code = grpc.StatusCode


@contextmanager
def far(
    code: Code | None = None, *, delay_s: int | None = None, answer: bytes = b""
) -> Iterator[tuple[str, list[Any]]]:
    """Serve one answer; give the URL, and the metadata and bodies that come in."""
    came: list[Any] = []

    def export(body: bytes, context: Any) -> bytes:
        came.append((dict(context.invocation_metadata()), body))
        if code is not None:
            if delay_s is not None:
                status = Status(code=code.value[0])
                status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=delay_s)))
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(code, "no")
        return answer

    server = grpc.server(ThreadPoolExecutor(2), options=(("grpc.so_reuseport", 0),))
    handler: Any = grpc.unary_unary_rpc_method_handler(export)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(WIRE[Signal.TRACES].service, {"Export": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", came
    finally:
        server.stop(None).wait()


def send(url: str, *, timeout_s: float = 5.0) -> Taken:
    """Send the request once."""
    sender = GrpcExporter(url, headers={"X-Key": "k"}, compress=True, authority=None, timeout_s=timeout_s)
    try:
        return sender.send(Signal.TRACES, REQUEST)
    finally:
        sender.close()


def test_a_request_arrives_with_its_metadata() -> None:
    """In protobuf; names of metadata are lower-case."""
    with far() as (url, came):
        assert Taken() == send(url)

    ((metadata, body),) = came
    assert "k" == metadata["x-key"]
    assert "a" == WIRE[Signal.TRACES].request.FromString(body).resource_spans[0].scope_spans[0].spans[0].name


def test_what_the_far_side_refuses_of_a_request_is_counted() -> None:
    """Its words go along; an answer that is none is a success."""
    response = WIRE[Signal.TRACES].response()
    response.partial_success.rejected_spans = 1
    response.partial_success.error_message = "too old"
    with far(answer=response.SerializeToString()) as (url, _):
        assert Taken(1, "too old") == send(url)
    with far(answer=b"\xff\xff") as (url, _):
        assert Taken() == send(url)


@pytest.mark.parametrize(
    ("code", "delay_s", "told", "after_s"),
    [
        (Code.UNAVAILABLE, None, TryAgain, 1),
        (Code.UNAVAILABLE, 7, TryAgain, 7),
        (Code.ABORTED, None, TryAgain, 1),
        (Code.RESOURCE_EXHAUSTED, 3, TryAgain, 3),
        (Code.UNAUTHENTICATED, None, TryAgain, 30),
        (Code.UNIMPLEMENTED, None, TryAgain, 30),
        (Code.RESOURCE_EXHAUSTED, None, TooLarge, None),
        (Code.INVALID_ARGUMENT, None, Refused, None),
        (Code.INTERNAL, None, Refused, None),
    ],
)
def test_codes_mean_what_otlp_says(
    code: Code, delay_s: int | None, told: type[Exception], after_s: float | None
) -> None:
    """Retryable, to be mended, too large, or never."""
    with far(code, delay_s=delay_s) as (url, _), pytest.raises(told, match=code.name) as caught:
        send(url)

    assert told is caught.type
    assert after_s == getattr(caught.value, "retry_after_s", None)


def test_nobody_there_is_tried_again() -> None:
    """A port on which nobody listens."""
    with far() as (url, _):
        pass
    with pytest.raises(TryAgain, match="UNAVAILABLE"):
        send(url)
