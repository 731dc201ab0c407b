"""Listen for OTLP/gRPC.

`Export` is registered as stream-unary with raw bytes: the same on the wire, but credentials and room are checked
before the body is read, and a malformed body is ours to answer (otlp.md facts 5 and 6, reliability.md 5.1).
"""

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from access.tokens import Scope
from collector.admission import Ticket
from collector.answers import answer, success, trailers
from collector.config import Grpc, Limits, Tls
from collector.ingest import Request
from collector.intake import Intake
from collector.ports import listen
from collector.tls import grpc_credentials
from core.errors import Misconfigured, Overloaded, Refused, TooSlow, TryAgain
from core.memory import resident_bytes
from core.section import Address
from schema.signals import WIRE, Signal

log = logging.getLogger(__name__)

UNKNOWN_BYTES = 1 << 20
"""What a call is taken to hold until its message is there."""
LOOK_AGAIN_S = 0.02
"""How often a slow upload is held against the memory limit."""
SLOW_S = 0.25
SLOW_BYTES = 16 << 20
"""An upload that takes longer than this must find this much room: grpc does not say how much of it is here already."""

Context = Any
"""grpc.aio.ServicerContext; its own type parameters say nothing about raw bytes."""


class Listener:
    """Serve the three Export services and health on one port."""

    def __init__(self, settings: Grpc, intake: Intake) -> None:
        """Keep the parts; nothing listens before `start`."""
        self._settings = settings
        self._limits = intake.limits
        self._calls = _Calls(intake)
        self._health = health.HealthServicer()
        self._server: Any = None
        self.port = 0

    async def start(self) -> None:
        """Listen, or raise AlreadyRunning or Misconfigured."""
        address = self._settings.endpoint
        assert address is not None, "a listener is built only for an address"
        self._server = grpc.aio.server(options=_options(self._limits))
        self._server.add_generic_rpc_handlers((_Handler(self._calls),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = _bind(self._server, address, self._settings.tls)
        await self._server.start()
        await self.serving(now=True)

    async def serving(self, *, now: bool) -> None:
        """Tell health checks whether requests can be kept (otlp.md G09)."""
        status = health_pb2.HealthCheckResponse.SERVING if now else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *(wire.service for wire in WIRE.values())):
            await self._health.set(name, status)

    async def stop(self, grace_s: float) -> None:
        """Refuse new calls at once and let those under way finish."""
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace_s)


class _Handler(grpc.GenericRpcHandler):
    """Find the method of a call; grpc answers UNIMPLEMENTED for the rest."""

    def __init__(self, calls: "_Calls") -> None:
        self._methods: dict[str, Any] = {
            f"/{wire.service}/Export": grpc.stream_unary_rpc_method_handler(_export(calls, signal))
            for signal, wire in WIRE.items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._methods.get(handler_call_details.method)


def _export(calls: "_Calls", signal: Signal) -> Any:
    async def export(_messages: object, context: Context) -> bytes:
        return await calls.export(signal, context)

    return export


class _Calls:
    """Answer Export calls."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._reading: OrderedDict[object, None] = OrderedDict()

    async def export(self, signal: Signal, context: Context) -> bytes:
        """Answer one call; every error becomes a status with details."""
        try:
            response = await self._take(signal, context)
        except Exception as error:
            await self._abort(error, context)
            raise
        self._intake.counters.answers.labels("grpc", "ok").inc()
        return response

    async def _take(self, signal: Signal, context: Context) -> bytes:
        metadata = context.invocation_metadata() or ()
        shown = [value for key, value in metadata if key == "authorization"]
        self._intake.rates.check(self._intake.gate.check(shown, Scope.INGEST, context.peer().rpartition(":")[0]))
        async with self._intake.admission.admit(UNKNOWN_BYTES) as ticket:
            body = await self._read(context, ticket)
            began = time.perf_counter()
            try:
                accepted = await self._intake.ingest.take(Request(signal, "protobuf", "grpc", body))
            finally:
                self._intake.counters.seconds.labels("grpc").observe(time.perf_counter() - began)
        return success(signal, "protobuf", rejected=accepted.rejected, message=accepted.message)

    async def _read(self, context: Context, ticket: Ticket) -> bytes:
        """Read the one message of a unary call within the time and memory there is."""
        mark = object()
        self._reading[mark] = None
        reading = asyncio.ensure_future(context.read())
        try:
            body = await self._watched(reading, mark, ticket)
        finally:
            reading.add_done_callback(_let_go)
            del self._reading[mark]
        self._intake.admission.settle(ticket, len(body))
        return body

    async def _watched(self, reading: "asyncio.Future[Any]", mark: object, ticket: Ticket) -> bytes:
        """Wait for a message; a slow one needs room of its own, and while memory is short only the oldest goes on.

        Short is half of what there is: the size of a message is known when it is whole, and then it is there twice.
        """
        limits = self._intake.limits
        began = time.monotonic()
        while True:
            done, _ = await asyncio.wait({reading}, timeout=LOOK_AGAIN_S)
            if done:
                message = reading.result()
                return b"" if message is grpc.aio.EOF else bytes(message)
            waited = time.monotonic() - began
            if waited > limits.body_timeout:
                raise TooSlow(f"the message did not arrive within {limits.body_timeout:g} s")
            if waited > SLOW_S and not self._intake.admission.try_grow(ticket, SLOW_BYTES):
                raise Overloaded("too many slow uploads are under way; send the same request again")
            if resident_bytes() > limits.memory // 2 and next(iter(self._reading)) is not mark:
                raise Overloaded("memory is short; send the same request again")

    async def _abort(self, error: Exception, context: Context) -> None:
        told = answer(error)
        if told.grpc is grpc.StatusCode.INTERNAL:
            log.error("request failed", exc_info=error)
        reason = error.reason if isinstance(error, Refused | TryAgain) else type(error).__name__
        self._intake.counters.answers.labels("grpc", reason).inc()
        await context.abort(told.grpc, told.message, trailers(told))


def _options(limits: Limits) -> list[tuple[str, int]]:
    """Bound what a client can do, and let keepalives through (otlp.md G05, G06, G07, Z10; reliability.md 2.1)."""
    return [
        ("grpc.max_receive_message_length", limits.request_bytes),
        ("grpc.max_send_message_length", 4 << 20),
        ("grpc.max_concurrent_streams", limits.streams),
        ("grpc.max_metadata_size", 16 << 10),
        ("grpc.absolute_max_metadata_size", 32 << 10),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 0),
    ]


def _bind(server: Any, address: Address, tls: Tls | None) -> int:
    """Bind the port; grpc's own error does not say why it failed, so a plain socket is asked first."""
    setting = "[collector.grpc] endpoint"
    if address.port:
        listen(address, setting).close()
    try:
        return int(
            server.add_secure_port(str(address), grpc_credentials(tls))
            if tls
            else server.add_insecure_port(str(address))
        )
    except RuntimeError as error:
        raise Misconfigured(f"cannot listen on {address}: {error}; set {setting}") from None


def _let_go(reading: "asyncio.Future[Any]") -> None:
    """Let a read end by itself: cancelling it would leave its message in grpc's hands for ever."""
    if not reading.cancelled():
        reading.exception()
