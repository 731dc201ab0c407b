"""Say what tools need of whoever runs them: the daemon, or a command beside it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from api.console import Answer
from api.writing import Operation
from store.protocol import ReadSide

T = TypeVar("T")


class Desk(Protocol):
    """Ask and write for one caller."""

    base: str
    """Where pages are, such as http://127.0.0.1:4318; empty when nobody serves them."""

    async def read(self, work: Callable[[ReadSide], T]) -> T:
        """Ask in a thread, with a deadline."""
        ...

    async def query(self, values: Mapping[str, Any]) -> Answer:
        """Run a statement, `query`, for up to `limit` rows."""
        ...

    async def write(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation, and give its answer once it is durable; raise Forbidden when the caller may not."""
        ...
