"""Keep how far each exporter has come, and what became of the items up to there."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from core.errors import TryAgain
from schema.derived import Changes, Step
from schema.signals import Signal
from store.protocol import ReadSide

SETTLE_S: Final = 2.0
COUNTS: Final = ("sent", "refused", "expired", "passed")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Say up to which id an exporter has come, and count: `passed` are those that it was not to send."""

    exporter: str
    signal: Signal
    after_id: int
    sent: int = 0
    refused: int = 0
    expired: int = 0
    passed: int = 0

    def moved(self, after_id: int, **more: int) -> "Cursor":
        """Move on, with what became of the items between."""
        return replace(self, after_id=after_id, **{name: getattr(self, name) + count for name, count in more.items()})

    def skipped(self, count: int) -> "Cursor":
        """Give items up."""
        return self.moved(self.after_id + count, expired=count)


class Cursors:
    """Read an exporter's cursors once, and write each move; the future of `write` is done when a change is durable.

    While a move is being written, the next page is read and sent already: a crash repeats up to two pages.
    """

    def __init__(
        self, exporter: str, reader: ReadSide, write: Callable[[Changes], "Future[Any]"], *, from_beginning: bool
    ) -> None:
        """Know nothing yet."""
        self._exporter, self._reader, self._write = exporter, reader, write
        self._from_beginning = from_beginning
        self._writing: dict[Signal, Future[Any]] = {}
        self._held: dict[Signal, Cursor] = {}
        self.first: dict[Signal, Cursor] = {}
        """Where the cursors stood when they were first looked at."""

    def at(self, signal: Signal) -> Cursor:
        """Give a signal's cursor; one that there is not yet stands at the end, or at the beginning.

        Raise what kept the last move from being written; it is being written again then.
        """
        self._check(signal)
        if signal not in self._held:
            known = self._reader.report("export_cursors", exporter=self._exporter, signal=str(signal), limit=1)
            found = self._read(signal, known[0]) if known else self._fresh(signal)
            self.first[signal] = self._held[signal] = found
        return self._held[signal]

    def newest(self, signal: Signal) -> int:
        """Say what the newest id is."""
        return int(self._reader.report("newest_ids")[0][signal])

    def move(self, cursor: Cursor) -> None:
        """Begin to write a cursor; the move before it is durable when this returns.

        Raise TryAgain when that could not be written: this one, which says all that it did, may be.
        """
        values = {"exporter": cursor.exporter, "signal": str(cursor.signal), "after_id": cursor.after_id}
        counts = {name: getattr(cursor, name) for name in COUNTS}
        before = self._writing.pop(cursor.signal, None)
        self._held[cursor.signal] = cursor
        self._writing[cursor.signal] = self._write(Changes(steps=[Step("move_cursor", {**values, **counts})]))
        if before is not None:
            before.result()

    def _check(self, signal: Signal) -> None:
        writing = self._writing.get(signal)
        if writing is not None and writing.done() and (trouble := writing.exception()) is not None:
            del self._writing[signal]
            self.move(self._held[signal])
            raise trouble

    def settle(self) -> None:
        """Wait for what is being written; what could not be is sent again after the next start."""
        for writing in self._writing.values():
            with suppress(TryAgain, CancelledError, TimeoutError):
                writing.result(SETTLE_S)

    def held(self) -> list[Cursor]:
        """List the cursors that were looked at."""
        return list(self._held.values())

    def _read(self, signal: Signal, row: dict[str, Any]) -> Cursor:
        return Cursor(self._exporter, signal, row["after_id"], **{name: row[name] for name in COUNTS})

    def _fresh(self, signal: Signal) -> Cursor:
        cursor = Cursor(self._exporter, signal, 0 if self._from_beginning else self.newest(signal))
        self.move(cursor)
        return cursor
