"""Say what a destination is: something that takes requests, and says what became of them."""

from dataclasses import dataclass
from typing import Protocol

from schema.encode import Json
from schema.signals import Signal


@dataclass(frozen=True, slots=True)
class Taken:
    """Say what the far side did with a request: how many items it refused for good, and why."""

    refused: int = 0
    message: str = ""


class Exporter(Protocol):
    """Send requests to one place; called from one thread.

    `send` returns when the far side is answerable for the request. It raises
    TryAgain when the same request may succeed later, or once somebody has mended the configuration,
    TooLarge when a smaller one may be taken,
    any other Refused when the far side will never take this one.
    """

    def send(self, signal: Signal, request: Json) -> Taken:
        """Hand one request over; `request` is OTLP/JSON as `schema.encode` writes it."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class Receiving(Exporter, Protocol):
    """Send to an OTLP receiver, which takes protobuf."""

    def deliver(self, signal: Signal, sent: bytes) -> Taken:
        """Hand over a request that is protobuf already; what is promised of `send` holds."""
        ...
