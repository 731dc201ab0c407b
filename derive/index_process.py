"""Keep the index of texts in a process of its own: neither answers nor deriving wait for it.

Run as `python -m derive.index_process`, this is that process: it reads the database by itself, writes the index alone,
and tells the daemon up to where the list of changes is no longer needed. It ends with its input.
"""

import logging
import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM
from signal import signal as on_signal
from typing import BinaryIO, Final

from core.errors import TryAgain
from core.memory import collect_seldom, frugal
from core.output import whole_output
from derive.channel import IndexReport, IndexStart
from derive.indexing import Indexing
from store.connection import count_no_memory
from store.search_index import SearchIndex, Spoiled, remove_index
from store.search_source import SqliteTextSource

log = logging.getLogger(__name__)

LOOK_S: Final = 0.2
"""How long it rests when there is nothing new."""
REPORT_S: Final = 1.0
SETTLE_S: Final = 5.0
LATE: Final = 2_000
"""Records that wait to be derived from; with more of them this process is in the way."""
RESTS: Final = 9
"""How many times as long as it worked it rests then."""
NICE: Final = 10
"""Deriving comes first: it gets three times as much where all are busy."""


@dataclass(slots=True)
class _Purge:
    """Hold the numbers of the orders to purge the index: the last that came, was begun, and was carried out."""

    ordered: int = 0
    begun: int = 0
    done: int = 0


class Keeper:
    """Keep an index until the daemon is gone."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        """Read the daemon's first word and its answers from `source`, write reports to `sink`."""
        self._source, self._sink = source, sink
        start: IndexStart = pickle.load(source)  # noqa: S301  from the daemon that started us
        self._path = start.path
        self._texts = SqliteTextSource(start.path)
        self._free = (start.min_free, start.min_free_percent)
        self._indexing = self._opened()
        self._begun = self._done = 0
        self._purge = _Purge()
        self._rests_until = 0.0

    def serve(self) -> None:
        """Follow what changes, and report."""
        reported = rested = time.monotonic()
        while True:
            more = self._step()
            if not more:
                more = self._quietly(self._purged)
            now = time.monotonic()
            if now - rested > SETTLE_S:
                rested = now
                self._quietly(self._indexing.rest)
            if now - reported > REPORT_S:
                reported = now
                self._quietly(self._report)
            if not more:
                time.sleep(LOOK_S)

    def _opened(self) -> Indexing:
        least, percent = self._free
        return Indexing(self._texts, SearchIndex(self._path, min_free=least, min_free_percent=percent))

    def _step(self) -> bool:
        """Follow what changed, a tenth of the time only while deriving is late: it needs the processors more."""
        began = time.monotonic()
        if began < self._rests_until:
            return False
        more = self._quietly(self._indexing.step)
        if more and self._quietly(self._is_in_the_way):
            now = time.monotonic()
            self._rests_until = now + RESTS * (now - began)
        return more

    def _is_in_the_way(self) -> bool:
        return self._texts.underived() > LATE

    def _quietly(self, work: Callable[[], bool]) -> bool:
        """Do a piece of work; what is in its way now is tried again, and an index that cannot be read is made anew."""
        try:
            return work()
        except Spoiled:
            log.exception("the index of texts cannot be read; it is made anew")
            remove_index(self._path)
            self._indexing = self._opened()
        except TryAgain as trouble:
            time.sleep(trouble.retry_after_s)
        return False

    def _purged(self) -> bool:
        """Purge if that is ordered, once every change is followed; say whether there is more to do."""
        told, indexing = self._purge, self._indexing
        if told.ordered > told.begun and not indexing.behind:
            indexing.purge()
            told.begun = told.ordered
            return True
        if told.begun > told.done and not indexing.purges:
            indexing.rest()
            told.done = told.begun if indexing.wipe() else told.done
        return False

    def _report(self) -> bool:
        """Say how far this is, and hear whether the index is wanted anew."""
        indexing = self._indexing
        if not indexing.unread:
            self._done = self._begun
        begins = self._texts.feed_begins()
        report = IndexReport(
            begins,
            indexing.settled,
            indexing.behind,
            indexing.unread,
            indexing.failures,
            self._done,
            self._purge.done,
        )
        pickle.dump(report, self._sink, pickle.HIGHEST_PROTOCOL)
        self._sink.flush()
        ordered: int
        ordered, self._purge.ordered = pickle.load(self._source)  # noqa: S301  from the daemon that started us
        if ordered > self._begun:
            indexing.begin_anew()
            self._begun = ordered
        return False


def main() -> None:
    """Serve the daemon that started us; it alone decides when to stop."""
    for number in (SIGTERM, SIGINT, SIGHUP):
        on_signal(number, SIG_IGN)
    frugal()
    count_no_memory()
    collect_seldom()
    os.nice(NICE)
    source, sink = sys.stdin.buffer, whole_output()
    sys.stdout = sys.stderr
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):  # the end, or the daemon was killed half-way
        Keeper(source, sink).serve()


if __name__ == "__main__":
    main()
