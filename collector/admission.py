"""Decide how many bytes may be under way at once.

Every byte of a request counts from before it is read until the request is answered.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import Overloaded


class Ticket:
    """Stand for one admitted request and the bytes it is known to hold."""

    __slots__ = ("bytes",)

    def __init__(self, count: int) -> None:
        """Hold the bytes."""
        self.bytes = count


class Admission:
    """Bound the bytes in flight; first come, first served; nobody waits longer than `wait_s`."""

    def __init__(self, *, limit_bytes: int, wait_s: float) -> None:
        """Start empty."""
        self.limit_bytes = limit_bytes
        self.wait_s = wait_s
        self.in_flight_bytes = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, count: int) -> AsyncIterator[Ticket]:
        """Hold `count` bytes while the body runs, or raise Overloaded when no room is made in time."""
        count = min(count, self.limit_bytes)
        await self._enter(count)
        ticket = Ticket(count)
        try:
            yield ticket
        finally:
            self._leave(ticket.bytes)

    async def grow(self, ticket: Ticket, count: int) -> None:
        """Let a request hold `count` bytes in all, waiting for room when that is more than it holds."""
        more = min(count, self.limit_bytes) - ticket.bytes
        if more > 0:
            await self._enter(more)
        else:
            self._leave(-more)
        ticket.bytes += more

    def try_grow(self, ticket: Ticket, count: int) -> bool:
        """Let a request hold `count` bytes in all if there is room for them now, and say so."""
        more = max(0, count - ticket.bytes)
        if self.in_flight_bytes + more > self.limit_bytes:
            return False
        self.in_flight_bytes += more
        ticket.bytes += more
        return True

    def settle(self, ticket: Ticket, count: int) -> None:
        """Let a request hold `count` bytes that are in memory already, room or not."""
        self.in_flight_bytes += count - ticket.bytes
        ticket.bytes = count
        self._wake()

    async def _enter(self, count: int) -> None:
        if not self._waiting and self.in_flight_bytes + count <= self.limit_bytes:
            self.in_flight_bytes += count
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        try:
            async with asyncio.timeout(self.wait_s):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up(count, turn)
            if isinstance(error, TimeoutError):
                raise Overloaded("too many bytes are in flight; send the same request again") from None
            raise

    def _give_up(self, count: int, turn: asyncio.Future[None]) -> None:
        """Leave the queue; room that was granted in the very same moment goes back."""
        if (count, turn) in self._waiting:
            self._waiting.remove((count, turn))
            self._wake()
        elif turn.done() and not turn.cancelled():
            self._leave(count)

    def _leave(self, count: int) -> None:
        self.in_flight_bytes -= count
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            count, turn = self._waiting[0]
            if self.in_flight_bytes + count > self.limit_bytes:
                return
            self._waiting.popleft()
            if not turn.done():
                self.in_flight_bytes += count
                turn.set_result(None)
