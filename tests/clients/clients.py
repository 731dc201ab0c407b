"""List the clients that people use, and how each differs from the others when something goes wrong.

All of this was observed, with the releases that kits.py names; `retries_refusals` is about 503 and UNAVAILABLE.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from schema.signals import Signal
from tests.clients.kits import (
    GO_RELEASE,
    JAVASCRIPT_RELEASE,
    OLD_PYTHON_RELEASE,
    PYTHON_RELEASE,
    go_command,
    javascript_command,
    python_command,
)

Protocol = Literal["grpc", "http/protobuf", "http/json"]
AS_ASKED = (1.0, 1.0)
"""Delays, least and longest, of a client that waits as long as it is asked to."""
OF_ITS_OWN = (0.8, 1.2)
UNTOLD = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Client:
    """Hold one client: how to start it, and what it does."""

    language: str
    release: str
    protocol: Protocol
    command: Callable[[str], Sequence[str]]
    compressions: Sequence[str]
    partial_success: Literal["hidden", "logged", "failure"]
    retries_refusals: bool = True
    retries_lost_connections: bool = True
    delay: tuple[float, float] = AS_ASKED

    @property
    def name(self) -> str:
        """Name the client; metrics are named after it, so there must be no slash."""
        return f"{self.language}-{self.release}-{self.protocol.replace('/', '-')}"

    @property
    def transport(self) -> str:
        """Name the transport as the ledger does."""
        return self.protocol.partition("/")[0]

    @property
    def keys(self) -> list[str]:
        """Name the exporters, each by its signal and its compression."""
        return [f"{signal} {compression}" for signal in Signal for compression in self.compressions]

    @property
    def refusable(self) -> list[Signal]:
        """List the signals whose bad items are refused: over protobuf no log record is."""
        return [signal for signal in Signal if signal is not Signal.LOGS or self.protocol == "http/json"]


def _python(release: str, protocol: Protocol, delay: tuple[float, float] = AS_ASKED) -> Client:
    command = partial(python_command, release)
    return Client("python", release, protocol, command, ("none", "gzip", "deflate"), "hidden", delay=delay)


def _javascript(protocol: Protocol, *, retries: bool = True) -> Client:
    return Client(
        "javascript",
        JAVASCRIPT_RELEASE,
        protocol,
        javascript_command,
        ("none", "gzip"),
        "logged",
        retries_refusals=retries,
        retries_lost_connections=retries,
    )


def _go(protocol: Protocol, *, retries_lost_connections: bool) -> Client:
    return Client(
        "go",
        GO_RELEASE,
        protocol,
        go_command,
        ("none", "gzip"),
        "failure",
        retries_lost_connections=retries_lost_connections,
        delay=UNTOLD,
    )


CLIENTS = (
    _python(OLD_PYTHON_RELEASE, "grpc"),
    _python(OLD_PYTHON_RELEASE, "http/protobuf", OF_ITS_OWN),
    _python(PYTHON_RELEASE, "grpc"),
    _python(PYTHON_RELEASE, "http/protobuf"),
    _javascript("grpc", retries=False),
    _javascript("http/protobuf"),
    _javascript("http/json"),
    _go("grpc", retries_lost_connections=True),
    _go("http/protobuf", retries_lost_connections=False),
)
