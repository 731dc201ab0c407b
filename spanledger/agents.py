"""Track agents' sessions: `from spanledger import agents` (seed 003, whose Go names these are in Python's spelling).

Every function takes `db=`, the database file; by default it is the command line's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from api import reading
from api.pages import limited
from api.shapes import shown
from spanledger.hands import Database, When, asking, exists, when, write

MOST = 1_000


@dataclass(frozen=True, slots=True)
class AgentSession:
    """Hold a row of `agent_sessions`; times are UTC."""

    session_id: str
    agent_name: str
    workspace_path: str
    started_at: datetime
    ended_at: datetime | None = None
    exit_reason: str | None = None
    issues_claimed: list[str] = field(default_factory=list)
    skills_used: list[str] = field(default_factory=list)
    model_tier: str | None = None
    context_tokens: int | None = None
    created_at: datetime | None = None

    @property
    def duration(self) -> timedelta | None:
        """Give how long it took; None while it goes on."""
        return None if self.ended_at is None else self.ended_at - self.started_at

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Make a session of a row."""
        told = shown(dict(row))
        values = {name: told[name] for name in cls.__dataclass_fields__}
        for name in ("started_at", "ended_at", "created_at"):
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        for name in ("issues_claimed", "skills_used"):
            values[name] = values[name] or []
        return cls(**values)


@dataclass(frozen=True, slots=True)
class AgentStats:
    """Say what an agent did since a time; None is not known."""

    agent_name: str
    total_sessions: int = 0
    active_sessions: int = 0
    completed_sessions: int = 0
    failed_sessions: int = 0
    total_issues: int = 0
    total_skills: int = 0
    avg_session_time: timedelta | None = None
    avg_context_tokens: float | None = None
    model_calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class OverallStats:
    """Say what all agents did since a time."""

    total_sessions: int = 0
    active_sessions: int = 0
    completed_sessions: int = 0
    unique_agents: int = 0
    total_issues: int = 0
    total_skills: int = 0
    avg_session_time: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SessionDuration:
    """Say how long a session took; while it goes on, how long it has taken up to now."""

    session_id: str
    agent_name: str
    started_at: datetime
    duration: timedelta
    is_completed: bool
    exit_reason: str | None = None


def start_session(
    agent_name: str, workspace_path: str = "", model_tier: str | None = None, *, db: Database = None, **about: Any
) -> str:
    """Start a session and give its id (StartSession).

    More may be told: session_id, started_at, parent_session_id, project_key, user_id.
    """
    about.setdefault("session_id", str(uuid4()))  # made here, so that a repeat after a lost answer is the same session
    values = {"agent_name": agent_name, "workspace_path": workspace_path, "model_tier": model_tier, **about}
    return str(write("start_session", values, db=db)["session_id"])


def end_session(session_id: str, exit_reason: str = "completed", *, ended_at: When = None, db: Database = None) -> None:
    """End a session (EndSession): completed, interrupted, error, timeout or context_limit.

    Raise Invalid for another reason, Missing when there is no such session.
    """
    write("end_session", {"session_id": session_id, "exit_reason": exit_reason, "ended_at": when(ended_at)}, db=db)


def update_session_issues(session_id: str, issues: Sequence[str], *, db: Database = None) -> None:
    """Set the issues that a session claimed (UpdateSessionIssues)."""
    write("change_session", {"session_id": session_id, "issues_claimed": list(issues)}, db=db)


def update_session_skills(session_id: str, skills: Sequence[str], *, db: Database = None) -> None:
    """Set the skills that a session used (UpdateSessionSkills)."""
    write("change_session", {"session_id": session_id, "skills_used": list(skills)}, db=db)


def update_session_tokens(session_id: str, tokens: int, *, db: Database = None) -> None:
    """Set how many tokens a session's context holds (UpdateSessionTokens)."""
    write("change_session", {"session_id": session_id, "context_tokens": tokens}, db=db)


def get_session(session_id: str, *, db: Database = None) -> AgentSession:
    """Give a session (GetSession); raise Missing when there is none."""
    with asking(db) as side:
        return AgentSession.from_row(reading.session(side, session_id))


def list_active_sessions(*, limit: int = MOST, db: Database = None) -> list[AgentSession]:
    """List the sessions that have not ended, newest first (ListActiveSessions)."""
    return [AgentSession.from_row(row) for row in _rows("active_sessions", db, limit=limited(limit))]


def list_sessions_by_agent(agent_name: str, limit: int = 10, *, db: Database = None) -> list[AgentSession]:
    """List an agent's sessions, newest first (ListSessionsByAgent)."""
    found = _rows("sessions", db, agent=agent_name, limit=limited(limit))
    return [AgentSession.from_row(row) for row in found]


def get_agent_stats(agent_name: str, since: When = None, *, db: Database = None) -> AgentStats:
    """Say what an agent did in sessions that started since a time (GetAgentStats)."""
    start = when(since)
    found = _rows("agents", db, agent=agent_name, since=start, limit=1)
    if not found:
        return AgentStats(agent_name)
    claims = _rows("agent_claims", db, agent=agent_name, since=start)[0]
    used = _rows("agent_usage", db, agent=agent_name, since=start)[0]
    told = _timed(shown({**found[0], **claims, **used}))
    return AgentStats(**{name: told[name] for name in AgentStats.__dataclass_fields__})


def get_overall_stats(since: When = None, *, db: Database = None) -> OverallStats:
    """Say what all agents did in sessions that started since a time (GetOverallStats)."""
    start = when(since)
    found = _rows("overall", db, since=start)
    if not found:
        return OverallStats()
    told = _timed({**found[0], **_rows("agent_claims", db, since=start)[0]})
    return OverallStats(**{name: told[name] for name in OverallStats.__dataclass_fields__})


def get_session_durations(
    agent_name: str = "", since: When = None, limit: int = 50, *, db: Database = None
) -> list[SessionDuration]:
    """List how long sessions took, newest first; '' is every agent (GetSessionDurations)."""
    found = _rows("durations", db, agent=agent_name or None, since=when(since), limit=limited(limit))
    return [_duration(row) for row in found]


def _rows(report: str, db: Database, **values: Any) -> list[dict[str, Any]]:
    """Ask; before there is a database, nothing is there."""
    if not exists(db):
        return []
    with asking(db) as side:
        return side.report(report, **values)


def _duration(row: Mapping[str, Any]) -> SessionDuration:
    started = datetime.fromisoformat(row["started_at"])
    ended = datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else datetime.now(started.tzinfo)
    return SessionDuration(
        row["session_id"], row["agent_name"], started, ended - started, bool(row["ended_at"]), row["exit_reason"]
    )


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    seconds = row.pop("avg_session_seconds")
    return {**row, "avg_session_time": None if seconds is None else timedelta(seconds=seconds)}
