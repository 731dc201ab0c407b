"""Send again what was refused: what can be kept now is kept and its refusal settled; the rest stays as it is listed.

An item that is refused once more is not listed twice.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from collector.ingest import Ingest, Request
from core.errors import Missing, Overloaded, Refused
from schema.decode import DECODERS
from schema.derived import Changes, Step
from schema.signals import Signal
from store.protocol import ReadSide, WriteSide

MOST: Final = 1_000
"""Items that are sent again at once."""
LONGEST_S: Final = 20.0
"""After this no further item is begun."""
TRANSPORT: Final = "replay"
LOST: Final = "it cannot be sent again: only its place and reason were kept"

Row = dict[str, Any]
Run = Callable[[Callable[[WriteSide], Any]], "Future[Any]"]


@dataclass(frozen=True, slots=True)
class Again:
    """Say what became of one item."""

    id: int
    kept: bool
    message: str


@dataclass(frozen=True, slots=True)
class Round:
    """Hold what became of items, and after which of them to go on; None when nothing is left."""

    items: Sequence[Again]
    next: int | None = None

    @property
    def kept(self) -> int:
        """Count the items that are kept now."""
        return sum(one.kept for one in self.items)


class Replays:
    """Send again, one round at a time: it is nobody's hurry."""

    def __init__(self, open_reader: Callable[[], ReadSide], ingest: Ingest, run: Run) -> None:
        """Read what was refused through a reader of its own; `run` queues work for the writer."""
        self._open, self._ingest, self._run = open_reader, ingest, run
        self._busy = asyncio.Lock()

    async def some(self, numbers: Iterable[int]) -> Round:
        """Send these again; raise Missing when one of them is not there."""
        rows = await asyncio.to_thread(self._named, list(numbers))
        return await self._round(rows, None)

    async def every(self, after: int = 0) -> Round:
        """Send all that can be sent again, those behind an item; as many as time allows."""
        found = await asyncio.to_thread(self._behind, after)
        return await self._round(found[:MOST], found[MOST - 1] if len(found) > MOST else None)

    async def _round(self, numbers: Sequence[int], following: int | None) -> Round:
        if self._busy.locked():
            raise Overloaded("refused items are being sent again just now; ask again in a moment")
        told: list[Again] = []
        async with self._busy:
            end = time.monotonic() + LONGEST_S
            for number in numbers:
                if time.monotonic() > end:
                    return Round(told, told[-1].id)
                told.append(await self._again(number))
        return Round(told, following)

    async def _again(self, number: int) -> Again:
        rows = await asyncio.to_thread(self._read, "rejection", id=number)
        if not rows or not can_be_sent(rows[0]):
            return Again(number, kept=False, message=LOST)
        row = rows[0]
        try:
            message = await self._ingest.retake(
                Request(Signal(row["signal"]), row["encoding"], TRANSPORT, row["payload"])
            )
        except Refused as error:
            return Again(number, kept=False, message=str(error))
        await asyncio.wrap_future(self._run(lambda side: side.apply(settled(number))))
        return Again(number, kept=True, message=message)

    def _named(self, numbers: Sequence[int]) -> Sequence[int]:
        for number in numbers:
            if not self._read("rejection", id=number):
                raise Missing(f"there is no refused item {number}; `spanledger rejections` lists them")
        return numbers

    def _behind(self, after: int) -> list[int]:
        return [row["id"] for row in self._read("replayable", after=after, limit=MOST + 1)]

    def _read(self, report: str, **values: Any) -> list[Row]:
        with closing(self._open()) as side:
            return side.report(report, **values)


def can_be_sent(row: Row) -> bool:
    """Say whether a refused item is there as a request; of a variant of a kept item only its columns are."""
    return bool(row["payload"]) and row["encoding"] in DECODERS


def settled(number: int) -> Changes:
    """Write down that a refused item is kept now."""
    return Changes(steps=[Step("resolve_rejection", {"id": number})])
