"""Hand requests on: to the collector that runs on a database, or else to the database itself.

A sink promises that a request it has answered is durable, and that one sent again is not stored twice.
"""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from collector.config import Http
from collector.local import local
from core.errors import (
    AlreadyRunning,
    Ambiguous,
    Forbidden,
    Invalid,
    Missing,
    Refused,
    StoreBusy,
    TryAgain,
    Unauthenticated,
)
from core.section import Address
from schema.signals import WIRE, Signal
from spanledger.config import Config
from spanledger.options import database
from store import lock
from store.lock import Holder
from store.protocol import Outcome

T = TypeVar("T")

MEDIA = {"protobuf": "application/x-protobuf", "json": "application/json"}
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to reach a listener on all interfaces
TIMEOUT_S = 60.0
TRIES = 20
DEFAULT_DELAY_S = 1.0
ERRORS: dict[int, type[Refused]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: Missing,
    409: Ambiguous,
}
COME_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Sent:
    """Say what became of one request; a collector does not say how many items it stored."""

    rejected: int = 0
    message: str = ""
    stored: int | None = None
    duplicate: int | None = None


class Sink(Protocol):
    """Take requests."""

    where: str

    def send(self, signal: Signal, encoding: str, body: bytes) -> Sent:
        """Hand one request on; raise Refused when nothing of it was kept, TryAgain when it cannot be kept now."""
        ...


@contextmanager
def opened(config: Config) -> Iterator[Sink]:
    """Open the sink for a configuration's database."""
    path = database(config)
    holder = lock.read(path)
    if holder is None:
        with local(config.store, config.privacy.wanted()) as here:
            yield LocalSink(here.take, where=str(path))
        return
    if holder.http is None:
        raise AlreadyRunning(f"{path} is in use by {holder}, which has no HTTP port; stop it or switch that port on")
    with daemon(config, holder) as sink:
        yield sink


@contextmanager
def daemon(config: Config, holder: Holder) -> Iterator["DaemonSink"]:
    """Connect to the HTTP port of the collector that holds a database."""
    assert holder.http is not None, "the caller has seen that there is a port"
    sink = DaemonSink(Address.parse(holder.http), config.collector.http, token=holder.secret)
    try:
        yield sink
    finally:
        sink.close()


def a_token(config: Config) -> str | None:
    """Find a token that the collector accepts: its own while it runs on this database, or a configured one."""
    holder = lock.read(database(config))
    configured = (token.get_secret_value() for token in config.collector.tokens)
    return (holder.secret if holder else None) or next(configured, None)


def reachable(address: Address) -> Address:
    """Say where a listener on all interfaces is reached from this machine."""
    return Address(ANYWHERE.get(address.host, address.host), address.port)


class LocalSink:
    """Write to the database in this process, which holds its lock."""

    def __init__(self, take: Callable[[Signal, str, bytes], Outcome], *, where: str) -> None:
        """Keep what decodes and commits."""
        self._take = take
        self.where = where

    def send(self, signal: Signal, encoding: str, body: bytes) -> Sent:
        """Decode and commit one request."""
        outcome = patiently(lambda: self._take(signal, encoding, body))
        return Sent(outcome.rejected, outcome.message, outcome.stored, outcome.duplicate)


class DaemonSink:
    """Post to a running collector over one connection that is kept open."""

    def __init__(self, address: Address, settings: Http, *, token: str | None) -> None:
        """Connect with the first request."""
        place = reachable(address)
        self.where = f"the collector at {place}"
        self._connection = _connection(place, settings)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, signal: Signal, encoding: str, body: bytes) -> Sent:
        """Post one request, again for as long as the collector asks for that."""
        status, answer = patiently(lambda: self._request("POST", WIRE[signal].path, MEDIA[encoding], body))
        if status != http.HTTPStatus.OK:
            raise Refused(_error_message(answer, encoding) or f"the collector answered HTTP {status}")
        return _partial(signal, encoding, answer)

    def ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Send a request under /api/v1, again for as long as the collector asks for that; raise what it answers."""
        status, answer = patiently(lambda: self._request(method, path, MEDIA["json"], body))
        told: dict[str, Any] = orjson.loads(answer or b"{}")
        if status >= http.HTTPStatus.BAD_REQUEST:
            kind = ERRORS.get(status, Refused)
            raise kind(str(told.get("detail") or f"the collector answered HTTP {status}"), told=told)
        return told

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _request(self, method: str, path: str, media: str, body: bytes) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, {**self._headers, "Content-Type": media})
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise StoreBusy(f"{self.where} does not answer: {str(error) or type(error).__name__}") from error
        if response.status in COME_AGAIN:
            delay = response.headers.get("Retry-After", "")
            after = float(delay) if delay.isdigit() else DEFAULT_DELAY_S
            raise StoreBusy(f"{self.where} asks to come again", retry_after_s=after)
        return response.status, answer


def patiently(work: Callable[[], T]) -> T:
    """Do work again for as long as it asks for that, within reason."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except TryAgain as busy:
            time.sleep(busy.retry_after_s)
    return work()


def _connection(address: Address, settings: Http) -> http.client.HTTPConnection:
    if settings.tls is None:
        return http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context(cafile=str(settings.tls.cert))
    context.check_hostname = False  # the certificate itself is pinned: it is the one the collector was given
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return http.client.HTTPSConnection(address.host, address.port, timeout=TIMEOUT_S, context=context)


def _partial(signal: Signal, encoding: str, answer: bytes) -> Sent:
    wire = WIRE[signal]
    if encoding == "json":
        told: dict[str, Any] = orjson.loads(answer or b"{}").get("partialSuccess", {})
        return Sent(int(told.get(wire.rejected_key, 0)), str(told.get("errorMessage", "")))
    partial = wire.response.FromString(answer).partial_success
    return Sent(int(getattr(partial, wire.rejected_field)), str(partial.error_message))


def _error_message(answer: bytes, encoding: str) -> str:
    """Read the message of a google.rpc.Status."""
    try:
        return str(orjson.loads(answer)["message"] if encoding == "json" else Status.FromString(answer).message)
    except (ValueError, KeyError, TypeError, DecodeError):
        return ""
