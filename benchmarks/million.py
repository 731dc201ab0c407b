"""Make a database of a million spans in ten thousand sessions: `python -m benchmarks.million FILE`.

It holds one trace of 32,843 spans, and a few sessions that go on; all that is derived from them is there.
"""

import argparse
import random
import time
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.past import SECOND, Past, Written, lengths
from derive.deriver import Deriver
from derive.meaning import Rules
from derive.prices import catalogue
from schema.derived import Changes
from schema.rows import Batch, Row
from schema.signals import Signal
from store.config import Store
from store.raw import SqliteRawSide
from store.sqlite import SqliteWriteSide

LARGEST: Final = 32_843
"""Spans of the largest trace (mlflow#24314)."""
DAYS: Final = 90
GOING_ON: Final = 5
TOGETHER: Final = 20
"""Sessions that are written in one transaction."""


def make(path: Path, *, spans: int, sessions: int, until: int, seed: int = 1) -> None:
    """Fill a new database; the newest sessions begin in the minutes before `until`, Unix nanoseconds."""
    side = SqliteWriteSide(Store(path=path, durability="relaxed", reserve=0, cache=256 << 20))
    past, source = Past(seed), random.Random(seed)
    largest = min(LARGEST, spans // 4)
    each = (spans - largest) // (sessions - 1)
    times = sorted(until - int(source.random() * DAYS * 86_400 * SECOND) for _ in range(sessions - GOING_ON))
    times += [until - left * 60 * SECOND for left in range(GOING_ON, 0, -1)]
    held: list[Written] = []
    for number, start in enumerate(times):
        extra = (spans - largest) % (sessions - 1) if number == 0 else 0
        turns = [largest] if number == sessions // 2 else lengths(each + extra, source.randint(2, 8), source)
        held.append(past.session(turns, start, going_on=number >= sessions - GOING_ON))
        if len(held) == TOGETHER or number == sessions - 1:
            _write(side, past, held, start)
            held.clear()
    _derive(side, path, until)
    side.close()


def _write(side: SqliteWriteSide, past: Past, held: list[Written], at: int) -> None:
    rows = {
        Signal.TRACES: [row for one in held for row in one.spans],
        Signal.LOGS: [row for one in held for row in one.logs],
        Signal.METRICS: [row for one in held for row in one.points],
    }
    for outcome in side.commit([_batch(past, signal, own, at) for signal, own in rows.items()]):
        if isinstance(outcome, Exception):
            raise outcome
    side.tidy()


def _batch(past: Past, signal: Signal, rows: list[Row], at: int) -> Batch:
    resources, scopes = {row[0]: row for row in past.resources}, {past.scope[0]: past.scope}
    return Batch(signal, "protobuf", "http", at, 0, None, rows, resources, scopes)


def _derive(side: SqliteWriteSide, path: Path, now: int) -> None:
    """Derive from all of it, as it was at a time."""
    raw = SqliteRawSide(path)
    deriver = Deriver(raw, partial(_apply, side), Rules(catalogue(raw)))
    while deriver.step(now):
        pass
    deriver.step(now)
    raw.close()


def _apply(side: SqliteWriteSide, changes: Changes) -> None:
    side.apply(changes)
    side.tidy()


def main() -> None:
    """Read the arguments, make the file, say how long that took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    options = parser.parse_args()
    began = time.monotonic()
    make(options.file, spans=options.spans, sessions=options.sessions, until=time.time_ns())
    print(f"{options.file}: {options.file.stat().st_size >> 20} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
