"""Carry rules out: find what is old, and have it deleted in pieces that nobody who sends notices.

What a sweep deletes was found by reading, off the writer's thread; the writer deletes by keys, for some milliseconds
at a time. Each rule that took something leaves a line in `sweeps`, after a second look at whether it is gone.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from core.errors import SpanledgerError, TryAgain
from retention.finding import bounds, oldest, pages
from retention.plan import RAW, STRIPPED, Task
from retention.stripping import stripped
from retention.tally import Tally, Told, line
from schema.derived import Step
from schema.signals import Signal
from store.forgetting import Forgotten, Found, OldSide, Piece
from store.protocol import WriteSide

T = TypeVar("T")

PAGE: Final = 4_000
"""Rows that are looked at in one read."""
GOAL_S: Final = 0.02
"""How long the writer should be busy with one piece."""
REST: Final = 2
"""How many times as long the writer is then left to those who send, if any do."""
FEWEST, MOST = 20, 500
SESSIONS: Final = 20
"""Sessions that are deleted at a time, row by row."""
OF_SESSION: Final = (
    "session_entries",
    "session_model_calls",
    "session_tool_calls",
    "session_events",
    "session_subagents",
    "session_agents",
    "session_ties",
    "session_series",
    "session_jobs",
    "sessions",
)
SLACK: Final = 10
"""Free pages are given back until they are a tenth of the file."""
SMALL_BYTES: Final = 4 << 20
TRIES: Final = 30
KEPT_SWEEPS: Final = 10_000


class Hand(Protocol):
    """Have work done by the one who writes."""

    def __call__(self, work: Callable[[WriteSide], T]) -> T:
        """Return when it is done; raise what it raises."""
        ...


class Archiving(Protocol):
    """Write raw rows to files."""

    def __call__(self, signal: Signal, rows: Sequence[Found]) -> Sequence[Step]:
        """Return when the file is durable and was read back, with what to write down; raise ArchiveFailed."""
        ...


class ArchiveFailed(SpanledgerError):
    """Rows could not be archived, so they stay."""


@dataclass(slots=True)
class Pace:
    """Say how many rows to give the writer at a time, and how long to leave it alone between."""

    busy: Callable[[], bool] = lambda: False
    rest: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.perf_counter
    rows: int = 200
    pages: int = 100

    def next(self, size: int, took: float) -> int:
        """Give a better size than one that took so long."""
        return max(FEWEST, min(MOST, int(size * min(2.0, GOAL_S / max(took, 0.001)))))


@dataclass(slots=True)
class Sweep:
    """Forget what is old at a time, `now`, in Unix nanoseconds; `until` are the newest ids that may go."""

    side: OldSide
    hand: Hand
    now: int
    until: dict[Signal, int]
    pace: Pace = field(default_factory=Pace)
    archive: Archiving | None = None
    stopped: Callable[[], bool] = lambda: False
    told: Told = field(default_factory=lambda: defaultdict(Tally))
    troubles: list[str] = field(default_factory=list)
    written: set[tuple[str, str]] = field(default_factory=set)
    pins: int = 0

    def run(self, task: Task) -> None:
        """Do one task and write down what came of it."""
        if task.is_idle:
            return
        began = self.pace.clock()
        trouble = self._tried(task)
        if trouble:
            self.troubles.append(f"{task.what}: {trouble}")
        self._look_again(task)
        self._write_down(task.what, self.pace.clock() - began, trouble)

    def make_room(self, rule: str, excess: Callable[[], int], floor: int) -> None:
        """Forget the oldest raw rows that came before `floor` while there is an excess of bytes."""
        began, self.pins = self.pace.clock(), self.side.newest_pin()
        sources = {what: oldest(self.side, what, self.now, self.until[signal]) for what, signal in RAW.items()}
        heads = {what: next(source, None) for what, source in sources.items()}
        while (left := excess()) > 0 and not self.stopped():
            if self._is_pinned_anew():
                self.make_room(rule, excess, floor)
                return
            ready = {what: page for what, page in heads.items() if page and page[0][1] < floor}
            if not ready:
                self.troubles.append(f"{rule}: {left >> 20} MiB too many, and no raw record is left that may go")
                break
            what = min(ready, key=lambda each: ready[each][0][1])
            try:
                self._forget_raw(what, rule, [row for row, came in ready[what] if came < floor])
            except ArchiveFailed as error:
                self.troubles.append(str(error))
                break
            heads[what] = next(sources[what], None)
            self.shrink()
        for what in RAW:
            self._write_down(what, self.pace.clock() - began, "")

    def shrink(self) -> None:
        """Give free pages back until they are a tenth of the file."""
        room, before = self.side.room(), -1
        while room.free_bytes > max(SMALL_BYTES, room.live_bytes // SLACK) and not self.stopped():
            left, took = self._timed(partial(_shrink, self.pace.pages))
            self.pace.pages = self.pace.next(self.pace.pages, took)
            self._rest(took)
            if left == before:  # what is left cannot be given back
                return
            room, before = self.side.room(), left

    def tidy(self) -> None:
        """Forget what nothing uses any more: resources, scopes, names, ties of traces."""
        for name, keys, ends in self.side.unused():
            until = {str(signal): end for signal, end in ends.items()}
            for part in _parts(keys, SESSIONS * 5):
                self.do(Piece(name, part, until=until))
        after: Found | None = None
        while page := self.side.find("ties", after, PAGE):
            after = page[-1]
            for part in _parts([found.key for found in page], self.pace.rows):
                self.do(Piece("ties", part))

    def _tried(self, task: Task) -> str:
        """Forget all that a task takes, from the beginning again when something is pinned meanwhile."""
        self.pins = self.side.newest_pin()
        try:
            for page in pages(self.side, task, self.now, self.until):
                if self.stopped():
                    return "stopped"
                for rule, rows in page.items():
                    self._forget(task.what, rule, rows)
                if self._is_pinned_anew():
                    return self._tried(task)
        except ArchiveFailed as error:
            return str(error)
        return ""

    def _is_pinned_anew(self) -> bool:
        return self.side.newest_pin() != self.pins

    def _forget(self, what: str, rule: str, rows: list[Found]) -> None:
        if what in RAW:
            self._forget_raw(what, rule, rows)
        elif what in STRIPPED:
            self._strip(what, rule, rows)
        elif what == "sessions":
            for part in _parts([row.key for row in rows], SESSIONS):
                self._forget_sessions(rule, part)
        else:
            self._forget_keys(what, rule, [row.key for row in rows])

    def _forget_raw(self, what: str, rule: str, rows: list[Found]) -> None:
        steps = self.archive(RAW[what], rows) if self.archive else ()
        if steps:
            self.do(Piece(steps=steps))
        self._forget_keys(what, rule, [row.key for row in rows])

    def _strip(self, what: str, rule: str, rows: list[Found]) -> None:
        """Empty raw rows of their texts; what was derived of them stays as it is, as if they were gone."""
        raw = next(name for name, signal in RAW.items() if signal is STRIPPED[what])
        start = 0
        while start < len(rows) and not self.stopped():
            part = [row.key for row in rows[start : start + self.pace.rows]]
            left = [stripped(item) for item in self.side.records(STRIPPED[what], part)]
            gone = self.do(Piece(what, left, self.pins, self.side.jobs_of(raw, part)))
            self.told[rule, what].add(gone.rows, gone.bytes)
            start += len(part)

    def _forget_keys(self, what: str, rule: str, keys: Sequence[object]) -> None:
        start = 0
        while start < len(keys) and not self.stopped():
            part = keys[start : start + self.pace.rows]
            jobs = self.side.jobs_of(what, part) if what in RAW else ()
            gone = self.do(Piece(what, part, self.pins, jobs))
            self.told[rule, what].add(gone.rows, gone.bytes)
            start += len(part)

    def _forget_sessions(self, rule: str, keys: Sequence[object]) -> None:
        """Forget all of some sessions, themselves last."""
        for what in OF_SESSION:
            while (gone := self.do(Piece(what, keys, self.pins))).rows:
                self.told[rule, "sessions"].add(gone.rows if what == "sessions" else 0, gone.bytes)

    def do(self, piece: Piece) -> Forgotten:
        """Have a piece deleted, however often that must be tried, and leave the writer alone for as long as it took."""
        gone, took = self._patiently(piece)
        if len(piece.keys) >= self.pace.rows:
            self.pace.rows = self.pace.next(self.pace.rows, took)
        self._rest(took)
        return gone

    def _patiently(self, piece: Piece) -> tuple[Forgotten, float]:
        for _ in range(TRIES):
            try:
                return self._timed(partial(_forget, piece))
            except TryAgain as trouble:
                self.pace.rest(trouble.retry_after_s)
        return self._timed(partial(_forget, piece))

    def _timed(self, work: Callable[[WriteSide], T]) -> tuple[T, float]:
        """Have work done, and say how long it took by itself: how long it waited for its turn is not its fault."""

        def timed(side: WriteSide) -> tuple[T, float]:
            began = self.pace.clock()
            return work(side), self.pace.clock() - began

        return self.hand(timed)

    def _rest(self, took: float) -> None:
        if self.pace.busy():
            self.pace.rest(REST * took)

    def _look_again(self, task: Task) -> None:
        """Count what should be gone and is not."""
        if not self.stopped():
            for page in pages(self.side, task, self.now, self.until):
                for rule, rows in page.items():
                    self.told[rule, task.what].left += len(rows)

    def _write_down(self, what: str, seconds: float, trouble: str) -> None:
        """Keep a line for each rule that took something, or could not."""
        first = next(iter(self.side.find(what, None, 1, **bounds(what, self.now, self.until))), None)
        steps = [
            Step("add_sweep", line(self.now, rule, what, tally, first, seconds, trouble))
            for (rule, kind), tally in self.told.items()
            if kind == what and (tally.rows or tally.left) and (rule, kind) not in self.written
        ]
        self.written |= {key for key in self.told if key[1] == what}
        if trouble and not steps:
            steps = [Step("add_sweep", line(self.now, "-", what, Tally(), first, seconds, trouble))]
        if steps:
            self.do(Piece(steps=[*steps, Step("forget_sweeps", {"kept": KEPT_SWEEPS})]))


def _forget(piece: Piece, side: WriteSide) -> Forgotten:
    return side.forget(piece)


def _shrink(pages: int, side: WriteSide) -> int:
    return side.shrink(pages)


def _parts(keys: Sequence[object], size: int) -> Iterator[Sequence[object]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
