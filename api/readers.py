"""Hold the readers of questions: each thread has one of its own."""

import threading
import time
from collections.abc import Callable
from typing import Final

from store.protocol import ReadSide

IDLE_S: Final = 60.0
"""A reader that was not used for so long is opened anew: the file may be another by then."""


class Readers:
    """Give each thread a reader of its own."""

    def __init__(self, open_reader: Callable[[], ReadSide]) -> None:
        """Open none yet."""
        self._open = open_reader
        self._mine = threading.local()
        self._all: list[ReadSide] = []
        self._age = 0

    def mine(self) -> ReadSide:
        """Give the calling thread's reader."""
        held: tuple[ReadSide, int, float] | None = getattr(self._mine, "held", None)
        if held is not None and (held[1] != self._age or time.monotonic() - held[2] > IDLE_S):
            self._all.remove(held[0])
            held[0].close()
            held = None
        side = held[0] if held else self._fresh()
        self._mine.held = (side, self._age, time.monotonic())
        return side

    def renew(self) -> None:
        """Have every thread open a new one the next time."""
        self._age += 1

    def interrupt(self) -> None:
        """Stop what they do."""
        for side in list(self._all):
            side.interrupt()

    def close(self) -> None:
        """Close all; no thread uses them any more."""
        while self._all:
            self._all.pop().close()

    def _fresh(self) -> ReadSide:
        side = self._open()
        self._all.append(side)
        return side
