"""Say in a few lines how the work stands: what is open, what runs, today's jobs (seed 000's `get_status`)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pricing.money import dollars
from spanledger.layout import price
from spanledger.terminal import plain
from store.protocol import ReadSide

Standing = dict[str, Any]
SHOWN: Final = 3
"""Plans, and others, of which more than their number is said."""
MOST_KEY: Final = 60


def standing(side: ReadSide, *, today: str = "") -> str:
    """Write it; `today` is the date, by default in UTC."""
    return written(gather(side, today=today))


def gather(side: ReadSide, *, today: str = "") -> Standing:
    """Count what is open and what was done today, and read a few of each."""
    date = today or f"{datetime.now(UTC):%Y-%m-%d}"
    counts = side.report("standing", today=date)[0]
    some = {kind: side.report(report, limit=SHOWN) for kind, (_, report, _) in KINDS.items() if counts[kind]}
    failed = side.report("failed_jobs", today=date, limit=SHOWN) if counts["failed"] else []
    return {**counts, "cost_usd": _dollars(counts["cost_nanos"]), "open": some, "failures": failed}


def written(told: Standing) -> str:
    """Write in a few lines what was gathered."""
    lines = [_kind(told[kind], rows, kind) for kind, rows in told["open"].items()]
    return "\n".join([*lines, _jobs(told), *_failures(told)])


KINDS: Final = {
    "plans": ("plans", "open_plans", "{open_tasks} to do"),
    "refactors": ("refactors", "open_refactors", ""),
    "debug_sessions": ("debugging", "open_debug_sessions", "notes: {notes}"),
    "experiments": ("experiments", "open_experiments", "{passed} of {runs} runs passed"),
}
"""What is counted: its name in the lines, its statement, what is said of one."""


def _kind(count: int, rows: Sequence[dict[str, Any]], kind: str) -> str:
    name, _, said = KINDS[kind]
    more = [f"… {count - len(rows)} more"] if count > len(rows) else []
    return f"{name}: {count} open: " + "; ".join([*(_one(row, said) for row in rows), *more])


def _one(row: dict[str, Any], said: str) -> str:
    parts: Sequence[str] = [row["status"], *([said.format(**row)] if said else [])]
    return f"{_short(row['key'])} ({', '.join(parts)})"


def _jobs(told: Standing) -> str:
    cost = "" if told["cost_usd"] is None else f", {price(told['cost_usd'])}"
    done = f"{told['completed'] or 0} completed, {told['failed'] or 0} failed"
    return f"jobs today: {told['jobs']}: {done}, {told['running']} running{cost}"


def _failures(told: Standing) -> Iterator[str]:
    """Name the jobs of today that failed last, in one line."""
    if told["failures"]:
        some = [f"{_short(job['id'])} ({_short(job['error'] or 'no reason told')})" for job in told["failures"]]
        more = [f"… {told['failed'] - len(some)} more"] if told["failed"] > len(some) else []
        yield "failed: " + "; ".join([*some, *more])


def _short(text: str) -> str:
    line = plain(" ".join(text.split()))
    return line if len(line) <= MOST_KEY else line[:MOST_KEY] + "…"


def _dollars(nanos: int | None) -> float | None:
    return None if nanos is None else dollars(nanos)
