"""Count what rules take, and write it down."""

from dataclasses import dataclass

from retention.moments import iso
from store.forgetting import Found


@dataclass(slots=True)
class Tally:
    """Count what one rule took of one kind."""

    rows: int = 0
    bytes: int = 0
    oldest: int | None = None
    left: int = 0
    seconds: float = 0.0

    def add(self, rows: int, size: int) -> None:
        """Count a piece."""
        self.rows += rows
        self.bytes += size


Told = dict[tuple[str, str], Tally]
"""Counts by rule and kind."""


def line(  # noqa: PLR0913, PLR0917  one for each column
    now: int, rule: str, what: str, tally: Tally, first: Found | None, seconds: float, trouble: str
) -> dict[str, object]:
    """Write the line of `sweeps` about what a rule took of a kind; `first` is the oldest row that is left."""
    return {
        "started_at": iso(now),
        "rule": rule,
        "what": what,
        "rows": tally.rows,
        "bytes_freed": tally.bytes,
        "oldest_left": iso(first.came) if first else None,
        "left_behind": tally.left,
        "duration_ms": int(seconds * 1000),
        "trouble": trouble or None,
    }
