"""Write a little of everything through the real write side, and judge what a database holds afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

from core.errors import TryAgain
from schema.rows import Batch, Rejection
from schema.signals import Signal
from store.config import Store
from store.connection import Durability
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from tests.contracts.batches import NOW, batch, log, point, span

TABLES = {Signal.TRACES: "raw_spans", Signal.LOGS: "raw_logs", Signal.METRICS: "raw_points"}
Group = list[Batch]


def config(path: Path, *, durability: Durability = "full") -> Store:
    """Set the store up so that the log is folded and cut often."""
    small: dict[str, Any] = {"min_free_disk": 0, "min_free_percent": 0, "reserve": 0}
    return Store(path=path, durability=durability, wal_checkpoint=100_000, wal_truncate=300_000, **small)


def groups(number: int, *, seed: int = 1) -> list[Group]:
    """Build groups of batches: all signals, replays, duplicates, conflicts, ends of spans, refusals."""
    random = Random(seed)
    made: list[Group] = []
    for index in range(number):
        base = index * 10
        rows = [span(base + n, attributes="x" * random.randrange(900)) for n in range(random.randrange(1, 9))]
        refused = [Rejection("span 1", "invalid_span_id", "bad", b"payload")] if random.random() < 0.3 else []
        traces = batch(rows, fingerprint=random.randbytes(32), rejections=refused)
        running = batch([span(base + 9, end_time_unix_nano=0), span(max(0, base - 1), name="done"), *rows[:1]])
        logs = batch([log(base + n) for n in range(3)], signal=Signal.LOGS, fingerprint=random.randbytes(32))
        points = batch([point(base, value=index)], signal=Signal.METRICS)
        made.append([traces, *random.sample([running, logs, points, traces], random.randrange(3))])
    return made


def identities(group: Sequence[Batch]) -> dict[Signal, set[tuple[Any, ...]]]:
    """List what must be there when a group was acknowledged."""
    found: dict[Signal, set[tuple[Any, ...]]] = {signal: set() for signal in Signal}
    for made in group:
        found[made.signal] |= {(row[3], row[4]) for row in made.rows}
    return found


def write(
    side: SqliteWriteSide, work: Sequence[Group], *, acknowledge: Callable[[Group], None], tries: int = 1
) -> None:
    """Commit group after group, tidy between them, and tell which were acknowledged."""
    for group in work:
        for _ in range(tries):
            try:
                outcomes = side.commit(group)
            except TryAgain:
                continue
            assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
            acknowledge(group)
            break
        try:
            side.tidy()
        except TryAgain:
            continue


@dataclass(slots=True)
class Verdict:
    """Say what is wrong with a database: what was acknowledged and is lost, and whether it is sound."""

    lost: int = 0
    unsound: list[str] = field(default_factory=list)


def judge(path: Path, acknowledged: Sequence[Group]) -> Verdict:
    """Look into a database with plain SQLite."""
    verdict = Verdict()
    connection = apsw.Connection(str(path))
    try:
        verdict.unsound += [str(row[0]) for row in connection.execute("pragma integrity_check") if row[0] != "ok"]
        if not connection.table_exists(None, "ledger"):
            verdict.lost = len(acknowledged)
            return verdict
        kept = {signal: set(connection.execute(f"select {_KEYS[signal]} from {TABLES[signal]}")) for signal in Signal}
        verdict.lost = sum(any(ids - kept[signal] for signal, ids in identities(g).items()) for g in acknowledged)
        verdict.unsound += _books(connection)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        verdict.unsound.append(str(error))
    finally:
        connection.close()
    return verdict


def repeat(path: Path, work: Sequence[Group]) -> list[str]:
    """Send everything again, as senders do who were not answered; say what is then missing or doubled."""
    side = SqliteWriteSide(config(path))
    write(side, work, acknowledge=lambda group: None)
    side.close()
    verdict = judge(path, work)
    return [*verdict.unsound, *(["lost"] if verdict.lost else [])]


_KEYS = {
    Signal.TRACES: "trace_id, span_id",
    Signal.LOGS: "sort_time, fingerprint",
    Signal.METRICS: "sort_time, fingerprint",
}


def _books(connection: apsw.Connection) -> list[str]:
    """Compare the books with the tables: they are written together."""
    wrong = []
    for signal, table in TABLES.items():
        stored = next(connection.execute("select ifnull(sum(stored), 0) from ledger where signal = ?", (signal,)))
        if stored != next(connection.execute(f"select count(*) from {table}")):
            wrong.append(f"the ledger is at odds with {table}")
    kept = next(connection.execute("select ifnull(max(kept), 0) from rejection_tally"))
    if kept != next(connection.execute("select count(*) from ingest_rejections")):
        wrong.append("the tally is at odds with ingest_rejections")
    return wrong


__all__ = ["NOW", "Group", "Verdict", "config", "groups", "judge", "repeat", "write"]
