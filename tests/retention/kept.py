"""Keep recorded records as if they had come so many days ago, derive from them, and go rounds over them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from retention.config import Retention
from retention.finding import unless_awaited
from retention.rounds import Around, go_round, planned
from retention.sweep import Archiving, Pace, Sweep
from schema.rows import COLUMNS, Batch
from store.old import SqliteOldSide
from tests.support.corpus import source
from tests.support.derived import Derived, batches

DAY: Final = 24 * 3600 * 1_000_000_000
NOW: Final = 1_795_219_725_000_000_000
PLENTY: Final = 1 << 50


class Kept(Derived):
    """Hold a database with records of different ages."""

    def receive(self, name: str, *, days_ago: float, now: int = NOW) -> None:
        """Keep a source's records, received so many days before now, and derive from them."""
        self.commit(*(aged(batch, now - int(days_ago * DAY)) for batch in batches(source(name).requests)))
        self.derive()
        self.side.transaction(lambda cursor: [cursor.execute(text, (days_ago,)) for text in _older(now)])

    def round(self, config: Retention, *, now: int = NOW, **how: Any) -> tuple[Sweep, list[str]]:
        """Go one round; `token` "any" agrees to whatever there is to agree to."""
        side = SqliteOldSide(self.path)
        around = Around(now, how.pop("free", lambda: PLENTY), unless_awaited(side, side.ends()))
        token = planned(side, config, around)["token"] if how.pop("agrees", True) else None
        sweep = Sweep(side, self.hand, now, dict(around.until), how.pop("pace", Pace()), **how)
        try:
            return sweep, go_round(sweep, self.hand, config, around, token=token)
        finally:
            side.close()

    def plan(self, config: Retention, *, now: int = NOW) -> dict[str, Any]:
        """Say what a round would take."""
        side = SqliteOldSide(self.path)
        try:
            return planned(side, config, Around(now, lambda: PLENTY, unless_awaited(side, side.ends())))
        finally:
            side.close()

    def hand(self, work: Callable[[Any], Any]) -> Any:
        """Do what the writer is asked for."""
        done = work(self.side)
        self.side.tidy()
        return done

    def count(self, table: str, where: str = "true") -> int:
        """Count rows."""
        return int(self.rows(f"select count(*) from {table} where {where}")[0][0])

    def balances(self) -> bool:
        """Say whether stored = kept + forgotten for each signal."""
        stored = dict(self.rows("select signal, sum(stored) from ledger group by 1"))
        gone = dict(self.rows("select name, rows from forgotten"))
        tables = {"traces": "raw_spans", "logs": "raw_logs", "metrics": "raw_points"}
        return all(stored.get(name, 0) == self.count(table) + gone[table] for name, table in tables.items())


def aged(batch: Batch, received_at: int) -> Batch:
    """Make a batch as if it had come at another time."""
    at = COLUMNS[batch.signal].index("received_at")
    rows = [(*row[:at], received_at, *row[at + 1 :]) for row in batch.rows]
    return replace(batch, received_at=received_at, rows=rows, fingerprint=None)


def _older(now: int) -> list[str]:
    """Write statements that make derived rows of this moment as old as their records."""
    created = f"strftime('%Y-%m-%dT%H:%M:%SZ', {now // 1_000_000_000} - ?1 * 86400, 'unixepoch')"
    tables = ("agent_traces", "model_calls", "tool_calls", "events", "job_history", "agent_sessions", "agents")
    return [f"update {table} set created_at = {created} where created_at >= '2026-11-21'" for table in tables]


__all__ = ["DAY", "NOW", "Archiving", "Kept", "aged"]
