"""Show what goes on now: running and recent jobs, and what today came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from api import reading
from api.pages import Row
from api.times import iso
from web.asking import Asked
from web.bars import Bar, hours
from web.hints import Hint, hints
from web.jobs import whole

RECENT: Final = 30
RUNNING: Final = 20
HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Now:
    """Hold what the first page shows; `hints` say how to begin while there is nothing."""

    running: Sequence[Row]
    recent: Sequence[Row]
    open: Row
    spent: Row
    tools: Row
    jobs: Row
    bars: Sequence[Bar]
    behind: int
    hints: Sequence[Hint]
    title: str = "Now"
    section: str = "now"


def show(asked: Asked) -> Now:
    """Ask what goes on."""
    side, day = asked.side, asked.today[:10]
    empty = not side.report("anything")[0]["records"] and not side.report("anything")[0]["sessions"]
    since = iso((asked.now - timedelta(hours=HOURS - 1)).replace(minute=0, second=0, microsecond=0))
    return Now(
        running=[whole(row) for row in reading.jobs(side, status="running", limit=RUNNING)["items"]],
        recent=[row for row in reading.jobs(side, limit=RECENT)["items"] if row["status"] != "running"],
        open=side.report("going_on")[0],
        spent=side.report("spent", day=day)[0],
        tools=side.report("tools_since", day=day)[0],
        jobs=_today(side.report("daily", since=day, limit=1)),
        bars=hours(side.report("jobs_by_hour", since=since[:13]), since, HOURS),
        behind=_behind(asked.daemon.deriving()),
        hints=hints(asked) if empty else (),
    )


def _today(days: Sequence[Row]) -> Row:
    nothing: Mapping[str, Any] = {"jobs_started": 0, "jobs_completed": 0, "jobs_failed": 0}
    return {**nothing, **(days[0] if days else {})}


def _behind(state: Mapping[str, Any]) -> int:
    return int(state.get("rows", 0) or 0)
