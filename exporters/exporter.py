"""Say what a destination is: something that takes requests, and says what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from schema.encode import Item
from schema.signals import Signal

R = TypeVar("R")
"""A request, in the form that an exporter sends."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Say what the far side did with a request: how many items it refused for good, and why."""

    refused: int = 0
    message: str = ""


class Exporter(Protocol[R]):
    """Send requests to one place; called from one thread.

    `send` returns when the far side is answerable for the request. It raises
    TryAgain when the same request may succeed later, or once somebody has mended the configuration,
    TooLarge when a smaller one may be taken,
    any other Refused when the far side will never take this one.
    """

    def write(self, signal: Signal, items: Sequence[Item]) -> R:
        """Write items as one request."""
        ...

    def send(self, signal: Signal, request: R) -> Taken:
        """Hand one request over."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


Receiving = Exporter[bytes]
"""Send to an OTLP receiver, which takes protobuf."""
