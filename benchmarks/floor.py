"""Measure what the database alone can do: `python -m benchmarks.floor` reads its work and writes how long it took.

The same rows, decoded beforehand, go in by one bare `executemany` loop: no network, no decoding, no books.
Connection, transactions and checkpoints are the daemon's own, and each commit is as durable.
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import apsw

from benchmarks.job import Task
from benchmarks.load import Load
from benchmarks.traffic import Shape
from schema import migrate
from schema.decode import decode
from schema.rows import SPAN_COLUMNS, Row
from schema.signals import Signal
from store.checkpoints import Checkpoints
from store.config import Store
from store.connection import open_writer

INSERT = f"insert into raw_spans ({', '.join(SPAN_COLUMNS)}) values ({', '.join('?' * len(SPAN_COLUMNS))})"


@dataclass(frozen=True, slots=True)
class Work:
    """Say what to insert, and where; each request is a transaction, as it is for whoever waits for its answer."""

    folder: str
    requests: int
    warm_up: int = 40
    traces: int = 32
    spans_per_trace: int = 16


@dataclass(frozen=True, slots=True)
class Inserted:
    """Hold what the loop took; the warm-up is not in it."""

    spans: int
    seconds: float
    commits_ms: list[float]

    @property
    def rate(self) -> float:
        """Give the durable spans a second."""
        return self.spans / self.seconds


def measure(work: Work) -> Inserted:
    """Do the work in a process of its own."""
    return Inserted(**Task("benchmarks.floor", asdict(work)).result())


def run(work: Work) -> Inserted:
    """Decode, then insert by the clock."""
    batches = _batches(work)
    connection = _open(Path(work.folder) / "floor.db")
    checkpoints = _checkpoints(connection)
    cursor = connection.cursor()
    gc.freeze()
    gc.disable()
    _commit_all(cursor, checkpoints, batches[: work.warm_up])
    began = time.perf_counter()
    commits = _commit_all(cursor, checkpoints, batches[work.warm_up :])
    seconds = time.perf_counter() - began
    return Inserted(sum(map(len, batches[work.warm_up :])), seconds, commits)


def _commit_all(cursor: apsw.Cursor, checkpoints: Checkpoints, batches: Sequence[list[Row]]) -> list[float]:
    """Insert each batch in its own transaction; give the milliseconds until each was durable."""
    commits = []
    for rows in batches:
        began = time.perf_counter()
        cursor.execute("begin immediate")
        cursor.executemany(INSERT, rows)
        cursor.execute("commit")
        commits.append(1000 * (time.perf_counter() - began))
        checkpoints.run()
    return commits


def _batches(work: Work) -> list[list[Row]]:
    """Decode all requests."""
    load = Load("protobuf", shape=Shape(work.traces, work.spans_per_trace), begin_ns=time.time_ns())
    return [_rows(load.request(number)) for number in range(work.warm_up + work.requests)]


def _rows(body: bytes) -> list[Row]:
    return decode(Signal.TRACES, "protobuf", body, transport="floor", received_at=time.time_ns()).rows


def _open(path: Path) -> apsw.Connection:
    settings = Store()
    connection = open_writer(
        path, durability=settings.durability, cache_bytes=settings.cache, wal_limit=settings.wal_truncate
    )
    migrate.migrate(connection)
    return connection


def _checkpoints(connection: apsw.Connection) -> Checkpoints:
    settings = Store()
    return Checkpoints(connection, fold_bytes=settings.wal_checkpoint, truncate_bytes=settings.wal_truncate)


def main(request: dict[str, Any]) -> None:
    """Work and write the result."""
    json.dump(asdict(run(Work(**request))), sys.stdout)


if __name__ == "__main__":
    main(json.load(sys.stdin))
