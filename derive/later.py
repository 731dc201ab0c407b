"""Say beforehand what the clock alone will change: a job is over some seconds after its end, and little else is.

Every job comes to that. To derive its group again then would double the work, or triple it where the group was
forgotten meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from derive.calls import Rows
from schema.derived import Row

SOON: Final = 60_000_000_000
"""Nanoseconds in which it changes; what is further away is derived anew by then."""
MOST: Final = 8
"""Changes that are made out beforehand: each takes a tenth of the time that deriving takes."""

Timely = Callable[[int], tuple[Mapping[str, Rows], int | None]]
"""Gives the rows that the clock changes as they are at a time, and when that changes them again; Unix nanoseconds."""


@dataclass(frozen=True, slots=True)
class Later:
    """Hold the rows that are put and the keys that are removed by table at a time, and when the next change is."""

    at: int
    due: int | None
    put: Mapping[str, Rows]
    gone: Mapping[str, list[Row]]

    @property
    def texts(self) -> int:
        """Count the characters in it."""
        rows = (row for held in self.put.values() for row in held.values())
        return sum(len(value) for row in rows for value in row if isinstance(value, str))


def expected(now: Mapping[str, Rows], due: int | None, timely: Timely, *, until: int) -> list[Later]:
    """List the next changes of rows up to a time."""
    found: list[Later] = []
    while due is not None and due <= until and len(found) < MOST:
        then, following = timely(due)
        put = {table: new for table, rows in then.items() if (new := _different(now[table], rows))}
        gone = {table: [*old] for table, rows in now.items() if (old := rows.keys() - then[table].keys())}
        found.append(Later(due, following, put, gone))
        now, due = then, following
    return found


def _different(now: Rows, then: Rows) -> Rows:
    return {key: row for key, row in then.items() if now.get(key) != row}
