"""Keep decoded requests in a real store, derive from them, and make requests as a newer version would send them."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from derive.deriver import Deriver
from derive.meaning import Rules
from pricing.catalogue import Catalogue
from schema.decode import decode
from schema.rows import COLUMNS, RESOURCE_COLUMNS, SCOPE_COLUMNS, Batch, Row
from schema.signals import Signal
from store.config import Store
from store.raw import SqliteRawSide
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tests.support.corpus import source
from tests.support.otlp import RECEIVED_AT

Attributes = dict[str, Any]
TIMES: Final = ("start_time_unix_nano", "end_time_unix_nano", "sort_time", "time_unix_nano", "observed_time_unix_nano")
SECOND: Final = 1_000_000_000
DAY: Final = 24 * 3600 * SECOND


def recorded(name: str) -> list[Batch]:
    """Decode a source's requests."""
    return [
        decode(
            request.signal,
            "protobuf" if request.meta["file"].endswith(".pb") else "json",
            request.body,
            transport="http",
            received_at=RECEIVED_AT,
        )
        for request in source(name).requests
    ]


def again(
    batches: Iterable[Batch],
    version: str,
    change: Callable[[Attributes], Attributes],
    *,
    later: int = DAY,
    turn: int = 1,
) -> list[Batch]:
    """Make the same records once more, as a version sends them some time later; `turn` tells repeats apart."""
    return [_again(batch, version, change, later, turn) for batch in batches]


def _again(batch: Batch, version: str, change: Callable[[Attributes], Attributes], later: int, turn: int) -> Batch:
    shift = abs(hash((version, turn))) % (1 << 40)
    resources = {number + shift: _resource(row, shift, version) for number, row in batch.resources.items()}
    scopes = {number + shift: _scope(row, shift, version) for number, row in batch.scopes.items()}
    rows = [_row(batch.signal, row, change, later, shift) for row in batch.rows]
    return replace(batch, fingerprint=None, rows=rows, resources=resources, scopes=scopes)


def _resource(row: Row, shift: int, version: str) -> Row:
    held = dict(zip(RESOURCE_COLUMNS, row, strict=True))
    told = {**json.loads(held["attributes"]), "service.version": version}
    return tuple({**held, "id": held["id"] + shift, "attributes": json.dumps(told)}.values())


def _scope(row: Row, shift: int, version: str) -> Row:
    held = dict(zip(SCOPE_COLUMNS, row, strict=True))
    return tuple({**held, "id": held["id"] + shift, "version": version}.values())


def _row(signal: Signal, row: Row, change: Callable[[Attributes], Attributes], later: int, shift: int) -> Row:
    held = dict(zip(COLUMNS[signal], row, strict=True))
    held["resource_id"] += shift
    held["scope_id"] += shift
    held["attributes"] = json.dumps(change(json.loads(held["attributes"])))
    for name in TIMES:
        if held.get(name):
            held[name] += later
    if held.get("trace_id"):
        held["trace_id"] = f"{int(held['trace_id'], 16) ^ shift:032x}"
    if "fingerprint" in held:
        held["fingerprint"] += shift
    return tuple(held.values())


def last_time(batches: Iterable[Batch]) -> int:
    """Give when the last record ended."""
    held = (dict(zip(COLUMNS[batch.signal], row, strict=True)) for batch in batches for row in batch.rows)
    return max(row.get(name) or 0 for row in held for name in TIMES)


class Ledger:
    """Hold a store and a deriver; the clock is turned by hand."""

    def __init__(self, path: Path) -> None:
        """Open a new database."""
        self.path = path
        self.clock = 0.0
        self._write = SqliteWriteSide(Store(path=path, reserve=0))
        self._raw = SqliteRawSide(path)
        self.restart()

    def restart(self) -> None:
        """Go on with a new deriver, as after a crash."""
        self.deriver = Deriver(self._raw, self._write.apply, Rules(Catalogue()), clock=lambda: self.clock)

    def commit(self, *batches: Batch) -> None:
        """Keep batches."""
        for outcome in self._write.commit(batches):
            assert not isinstance(outcome, Exception), outcome

    def derive(self, now: int = RECEIVED_AT) -> None:
        """Derive until nothing is left, and until all that is counted is written."""
        for _ in range(3):
            self.clock += 100
            while self.deriver.step(now):
                pass
        assert self.deriver.failures == 0

    def inventory(self) -> list[Row]:
        """Read the inventory in order."""
        return sorted(self._raw.inventory()[0])

    def forget(self, *rows: str) -> None:
        """Delete rows of tables, so that more is read again."""
        self._write.transaction(lambda cursor: [cursor.execute(f"delete from {told}") for told in rows])

    @contextmanager
    def reading(self) -> Iterator[SqliteReadSide]:
        """Read it."""
        side = SqliteReadSide(self.path)
        try:
            yield side
        finally:
            side.close()

    def close(self) -> None:
        """Let go of it."""
        self._raw.close()
        self._write.close()
