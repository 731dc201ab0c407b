"""Track what agents' sessions work on: issues and skills (seed 003, whose Go names these are in Python's spelling).

Every function takes `db=`, the database file; by default it is the command line's.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from api.book import listed, whole
from api.joining import joined
from api.joins import JOINS
from api.listings import LISTINGS, WHOLES
from core.errors import Missing
from spanledger.calls import built_in_errors, do
from spanledger.hands import Database, When, asking, exists, when

MOST = 1_000


@dataclass(frozen=True, slots=True)
class IssueWork:
    """Hold a row of `agent_issue_work`; times are UTC."""

    work_id: str
    issue_id: str
    session_id: str
    agent_name: str
    started_at: datetime
    ended_at: datetime | None
    status_changes: list[dict[str, Any]]
    decision_rationale: str | None
    work_notes: str | None
    completed: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Make it of a row."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        values["started_at"] = datetime.fromisoformat(row["started_at"])
        values["ended_at"] = datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None
        values["status_changes"] = row["status_changes"] or []
        return cls(**values)


@dataclass(frozen=True, slots=True)
class IssueStats:
    """Say how an issue was worked on; None is not known."""

    issue_id: str
    total_work_sessions: int = 0
    total_agents: int = 0
    total_time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SkillStats:
    """Say how a skill was used since a time; None is not known."""

    skill_name: str
    total_uses: int = 0
    avg_context: float | None = None


def record_work(
    session_id: str, issue_id: str, agent_name: str = "", rationale: str = "", *, db: Database = None
) -> str:
    """Record that a session starts to work on an issue (RecordWork), and give the work's id.

    Raise KeyError without such a session.
    """
    told = {"agent_name": agent_name, "rationale": rationale}
    values = {"session_id": session_id, "issue_id": issue_id, **{name: text for name, text in told.items() if text}}
    return str(do("record_work", values, db=db))


def complete_work(work_id: str, notes: str = "", *, completed: bool = True, db: Database = None) -> None:
    """Record that work is over (CompleteWork); raise KeyError without such work."""
    values = {"work_id": work_id, "completed": completed, **({"notes": notes} if notes else {})}
    do("complete_work", values, db=db)


def add_issue_status(work_id: str, to: str, from_: str | None = None, *, db: Database = None) -> None:
    """Note that the status of the issue changed in the course of work; raise KeyError without such work."""
    do("note_work_status", {"work_id": work_id, "to": to, "from": from_}, db=db)


def get_work(work_id: str, *, db: Database = None) -> IssueWork:
    """Give work on an issue (GetWork); raise KeyError when there is none."""
    if not exists(db):
        raise KeyError(work_id)
    with built_in_errors(), asking(db) as side:
        return IssueWork.from_row(whole(side, WHOLES["work"], work_id))


def list_work_by_issue(issue_id: str, *, limit: int = MOST, db: Database = None) -> list[IssueWork]:
    """List the work on an issue, newest first (ListWorkByIssue)."""
    return _work(db, issue=issue_id, limit=limit)


def list_work_by_session(session_id: str, *, limit: int = MOST, db: Database = None) -> list[IssueWork]:
    """List the work of a session, newest first (ListWorkBySession)."""
    return _work(db, session=session_id, limit=limit)


def record_skill_usage(
    session_id: str, skill_name: str, issue_id: str = "", context_added: int | None = None, *, db: Database = None
) -> str:
    """Record that a session loaded a skill (RecordSkillUsage), and give the record's id; '' is no issue."""
    told = {"issue_id": issue_id or None, "context_added": context_added}
    values = {"session_id": session_id, "skill_name": skill_name, **{k: v for k, v in told.items() if v is not None}}
    return str(do("record_skill_usage", values, db=db))


def get_issue_stats(issue_id: str, *, db: Database = None) -> IssueStats:
    """Say how often, by how many agents and how long an issue was worked on (GetIssueStats)."""
    row = _joined("issue-stats", issue_id, db=db)
    if row is None:
        return IssueStats(issue_id)
    seconds = row["total_seconds"]
    total = None if seconds is None else timedelta(seconds=seconds)
    return IssueStats(issue_id, row["total_work_sessions"], row["total_agents"], total)


def get_skill_stats(skill_name: str, since: When = None, *, db: Database = None) -> SkillStats:
    """Say how often a skill was loaded since a time, and how much it adds to the context (GetSkillStats)."""
    row = _joined("skill-stats", skill_name, db=db, since=when(since))
    return SkillStats(skill_name, row["total_uses"], row["avg_context"]) if row else SkillStats(skill_name)


def _work(db: Database, *, limit: int, **where: Any) -> list[IssueWork]:
    if not exists(db):
        return []
    with built_in_errors(), asking(db) as side:
        return [IssueWork.from_row(row) for row in listed(side, LISTINGS["issue_work"], limit=limit, **where)["items"]]


def _joined(name: str, *named: Any, db: Database, **values: Any) -> dict[str, Any] | None:
    if not exists(db):
        return None
    with suppress(Missing), asking(db) as side:
        return joined(side, JOINS[name], *named, **values)
    return None
