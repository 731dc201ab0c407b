"""Say in a few lines how the work stands: what is open, what runs, today's jobs (seed 000's `get_status`)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pricing.money import dollars
from spanledger.layout import price
from spanledger.terminal import plain
from store.protocol import ReadSide

SHOWN: Final = 3
"""Plans, and others, of which more than their number is said."""
MOST_KEY: Final = 60


def standing(side: ReadSide, *, today: str = "") -> str:
    """Write it; `today` is the date, by default in UTC."""
    counts = side.report("standing", today=today or f"{datetime.now(UTC):%Y-%m-%d}")[0]
    lines = [_kind(side, counts[kind], *said) for kind, said in KINDS.items() if counts[kind]]
    return "\n".join([*lines, _jobs(counts)])


KINDS: Final = {
    "plans": ("plans", "open_plans", "{open_tasks} to do"),
    "refactors": ("refactors", "open_refactors", ""),
    "debug_sessions": ("debugging", "open_debug_sessions", "notes: {notes}"),
    "experiments": ("experiments", "open_experiments", "{passed} of {runs} runs passed"),
}
"""What is counted: its name in the lines, its statement, what is said of one."""


def _kind(side: ReadSide, count: int, name: str, report: str, said: str) -> str:
    rows = side.report(report, limit=SHOWN)
    more = [f"… {count - len(rows)} more"] if count > len(rows) else []
    return f"{name}: {count} open: " + "; ".join([*(_one(row, said) for row in rows), *more])


def _one(row: dict[str, Any], said: str) -> str:
    key = plain(row["key"])
    short = key if len(key) <= MOST_KEY else key[:MOST_KEY] + "…"
    parts: Sequence[str] = [row["status"], *([said.format(**row)] if said else [])]
    return f"{short} ({', '.join(parts)})"


def _jobs(counts: dict[str, Any]) -> str:
    nanos = counts["cost_nanos"]
    cost = "" if nanos is None else f", {price(dollars(nanos))}"
    done = f"{counts['completed'] or 0} completed, {counts['failed'] or 0} failed"
    return f"jobs today: {counts['jobs']}: {done}, {counts['running']} running{cost}"
