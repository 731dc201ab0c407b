"""Show the book of work: plans and tasks, refactors, debugging with its notes, issues, summaries, work sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api import book
from api.listings import LISTINGS, WHOLES
from api.pages import Row
from web.asking import Asked

SHOWN: Final = 40
MOST: Final = 500
SOME: Final = 20


@dataclass(frozen=True, slots=True)
class Work:
    """Hold the newest of everything."""

    plans: Sequence[Row]
    refactors: Sequence[Row]
    debugging: Sequence[Row]
    issues: Sequence[Row]
    summaries: Sequence[Row]
    skills: Sequence[Row]
    sessions: Sequence[Row]
    title: str = "Work"
    section: str = "work"

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing at all."""
        parts = (self.plans, self.refactors, self.debugging, self.issues, self.summaries, self.skills, self.sessions)
        return not any(parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold a plan, its tasks and what it cost."""

    row: Row
    tasks: Sequence[Row]
    cost: Row
    section: str = "work"

    @property
    def title(self) -> str:
        """Name the page."""
        return str(self.row["title"])


@dataclass(frozen=True, slots=True)
class Debugging:
    """Hold a debug session, its notes and what it cost."""

    row: Row
    notes: Sequence[Row]
    cost: Row
    section: str = "work"

    @property
    def title(self) -> str:
        """Name the page."""
        return str(self.row["title"])


def show(asked: Asked) -> Work:
    """List the newest of each."""
    return Work(
        plans=_newest(asked, "plans", SHOWN),
        refactors=_newest(asked, "refactors", SOME),
        debugging=_newest(asked, "debug_sessions", SOME),
        issues=_newest(asked, "issue_work", SOME),
        summaries=_newest(asked, "summaries", SOME),
        skills=_newest(asked, "skill_usage", SOME),
        sessions=asked.side.report("work_sessions", limit=SOME),
    )


def show_plan(asked: Asked) -> Plan:
    """Read a plan."""
    key = asked.path["key"]
    row = book.whole(asked.side, WHOLES["plan"], key)
    tasks = book.listed(asked.side, LISTINGS["tasks"], key, limit=MOST)["items"]
    return Plan(row, tasks, asked.side.report("plan_cost", plan=key)[0])


def show_debugging(asked: Asked) -> Debugging:
    """Read a debug session."""
    key = asked.path["key"]
    row = book.whole(asked.side, WHOLES["debug"], key)
    notes = book.listed(asked.side, LISTINGS["notes"], key, limit=MOST)["items"]
    return Debugging(row, notes, asked.side.report("debug_cost", debug=key)[0])


def _newest(asked: Asked, name: str, limit: int) -> list[Row]:
    found: list[Row] = book.listed(asked.side, LISTINGS[name], limit=limit)["items"]
    return found
