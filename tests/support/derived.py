"""Commit batches to a real store, derive from them in this process, and read what came of it."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw

from derive.deriver import SWEEP_S, Deriver
from derive.meaning import Rules
from pricing.catalogue import Catalogue
from schema.decode import decode
from schema.derived import TABLES
from schema.rows import Batch
from store.config import Store
from store.raw import SqliteRawSide
from store.sqlite import SqliteWriteSide
from tests.support import sums
from tests.support.corpus import Recorded
from tests.support.otlp import RECEIVED_AT

LATER = 4_000_000_000_000_000_000
"""A time by which every session has ended."""
VOLATILE = {"id", "created_at"}
"""Row numbers and write times."""
MADE_UP = """
insert into model_calls (call_id, session_id, started_at, status, usage_role, counted, emitter, sources)
select 'made up', session_id, started_at, 'ok', 'leaf', 1, emitter, '[]' from model_calls limit 1
"""
Tables = dict[str, list[tuple[Any, ...]]]


class Derived:
    """Hold a database, its writer and a deriver."""

    def __init__(self, folder: Path) -> None:
        """Open a new database in a folder."""
        self.path = folder / "derived.db"
        folder.mkdir(parents=True, exist_ok=True)
        self.side = SqliteWriteSide(Store(path=self.path, reserve=0))
        self._raw: SqliteRawSide | None = None
        self.clock = 0.0
        self.deriver = self._start()

    def __enter__(self) -> Self:
        """Use it for the length of a block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let go of the database; everything that was derived must have been derived without an error."""
        assert self.deriver.failures == 0
        sums.check(self.asked)
        self._close()
        self.side.close()

    def commit(self, *batches: Batch) -> None:
        """Keep batches."""
        for outcome in self.side.commit(batches):
            assert not isinstance(outcome, Exception), outcome

    def derive(self, now: int = LATER) -> None:
        """Derive until there is no more, and a while later look for what the clock alone ends."""
        for _ in range(2):
            while self.deriver.step(now):
                pass
            self.clock += SWEEP_S
        self.deriver.step(now)

    def restart(self) -> None:
        """Start anew from what the database says, as after a crash."""
        assert self.deriver.failures == 0
        self._close()
        self.deriver = self._start()

    def spoil(self) -> None:
        """Damage derived rows: change some, delete some, put some that nothing tells of."""
        self.side.transaction(
            lambda cursor: [
                cursor.execute(statement).fetchall()
                for statement in (
                    "update model_calls set input_tokens = 1 where rowid % 3 = 0",
                    "delete from tool_calls where id % 2 = 0",
                    "delete from job_history where rowid % 5 = 0",
                    "update agent_traces set name = 'x' where rowid % 7 = 0",
                    MADE_UP,
                )
            ]
        )

    def tables(self) -> Tables:
        """Read every derived table without what may differ from one time to the next, in the order of its rows."""
        return {name: self._table(name) for name in (*TABLES, "daily_metrics")}

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def asked(self, query: str) -> list[dict[str, Any]]:
        """Ask the database, for rows by column."""
        connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            cursor = connection.execute(query)
            return [dict(zip([name for name, _ in cursor.get_description()], row, strict=True)) for row in cursor]
        finally:
            connection.close()

    def _table(self, name: str) -> list[tuple[Any, ...]]:
        columns = [row[0] for row in self.rows("select name from pragma_table_info(?)", name)]
        kept = ", ".join(column for column in columns if column not in VOLATILE)
        return sorted(self.rows(f"select {kept} from {name}"), key=repr)

    def _start(self) -> Deriver:
        self._raw = SqliteRawSide(self.path)
        # no group rests: in a test no time passes but between two looks
        return Deriver(self._raw, self.side.apply, Rules(Catalogue()), clock=lambda: self.clock)

    def _close(self) -> None:
        assert self._raw is not None
        self._raw.close()


def batches(requests: Iterable[Recorded]) -> list[Batch]:
    """Decode recorded requests."""
    return [_batch(request) for request in requests]


def _batch(request: Recorded) -> Batch:
    encoding = "protobuf" if request.meta["file"].endswith(".pb") else "json"
    return decode(request.signal, encoding, request.body, transport="http", received_at=RECEIVED_AT)
