"""Make a database of a million spans in ten thousand sessions: `python -m benchmarks.million FILE`.

It holds one trace of 32,843 spans, and a few sessions that go on.
"""

import argparse
import random
import time
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from benchmarks.past import SECOND, Past, Written, lengths
from derive.names import HOUR, SPAN, STATUS
from mapping.record import columns
from schema.derived import COUNTED, NAMED, Changes, Step
from schema.rows import SPAN_COLUMNS, Batch
from schema.signals import Signal
from store.config import Store
from store.sqlite import SqliteWriteSide

LARGEST: Final = 32_843
"""Spans of the largest trace (mlflow#24314)."""
DAYS: Final = 90
GOING_ON: Final = 5
TOGETHER: Final = 20
"""Sessions that are written in one transaction."""


def make(path: Path, *, spans: int, sessions: int, until: int, seed: int = 1) -> None:
    """Fill a new database; the newest session is at `until`, Unix nanoseconds."""
    config = Store(path=path, durability="relaxed", reserve=0, cache=256 << 20)
    side, past, source = SqliteWriteSide(config), Past(seed), random.Random(seed)
    largest = min(LARGEST, spans // 4)
    each = (spans - largest) // (sessions - 1)
    times = sorted(until - int(source.random() * DAYS * 86_400 * SECOND) for _ in range(sessions))
    held: list[Written] = []
    for number, start in enumerate(times):
        extra = (spans - largest) % (sessions - 1) if number == 0 else 0
        turns = [largest] if number == sessions // 2 else lengths(each + extra, source.randint(2, 8), source)
        held.append(past.session(turns, start, going_on=number >= sessions - GOING_ON))
        if len(held) == TOGETHER or number == sessions - 1:
            _write(side, past, held, start)
            held.clear()
    side.close()


def _write(side: SqliteWriteSide, past: Past, held: list[Written], at: int) -> None:
    rows = {
        Signal.TRACES: [row for one in held for row in one.spans],
        Signal.LOGS: [row for one in held for row in one.logs],
        Signal.METRICS: [row for one in held for row in one.points],
    }
    side.commit([_batch(past, signal, own, at) for signal, own in rows.items()])
    put = {name: [row for one in held for row in one.derived[name]] for name in held[0].derived}
    side.apply(Changes(put=put, positions=_ends(side), steps=_named(rows[Signal.TRACES])))
    side.tidy()


def _named(spans: list[tuple[object, ...]]) -> list[Step]:
    """Count the names and statuses of spans by hour, as who derives does."""
    counts: dict[tuple[str, object, int], tuple[int, int]] = {}
    for row in spans:
        name, status, start, end = NAMED_BY(row)
        for kind, told in ((SPAN, name), (STATUS, str(status))):
            records, longest = counts.get((kind, told, start // HOUR), (0, 0))
            counts[kind, told, start // HOUR] = (records + 1, max(longest, end - start))
    return [
        Step("count_name", {"kind": kind, "name": name, "hour": hour, "records": records, "longest": longest})
        for (kind, name, hour), (records, longest) in counts.items()
    ]


def _batch(past: Past, signal: Signal, rows: list[tuple[object, ...]], at: int) -> Batch:
    resources, scopes = {row[0]: row for row in past.resources}, {past.scope[0]: past.scope}
    return Batch(signal, "protobuf", "http", at, 0, None, rows, resources, scopes)


def _ends(side: SqliteWriteSide) -> dict[str, int]:
    """Say that all raw rows are derived from, so that a daemon on this file has nothing to do."""
    told: dict[str, int] = {}
    for signal, table in TABLES.items():
        end = side.transaction(partial(_end, table))
        told |= {signal: end, COUNTED.format(signal): end}
    return {**told, NAMED: told[Signal.TRACES]}


def _end(table: str, cursor: apsw.Cursor) -> int:
    return int(next(cursor.execute(f"select ifnull(max(id), 0) from {table}"))[0])


NAMED_BY: Final = columns(SPAN_COLUMNS, "name status_code start_time_unix_nano end_time_unix_nano")
TABLES: Final = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}


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
