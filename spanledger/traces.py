"""Keep and read what agents did, entry by entry: `from spanledger.traces import TraceStore, TraceViewer` (seed 002).

A write is durable when it returns. It goes to the collector that runs on the database, or straight into it.
"""

from collections.abc import Mapping
from typing import Any, Final

from api import reading
from api.sessions import EXIT_REASONS
from api.shapes import shown
from core.errors import Invalid, Missing
from spanledger.hands import Database, When, asking, exists, when, write
from spanledger.trace_models import AgentEvent, TraceEntry, TraceSession
from spanledger.trace_viewer import TraceViewer

__all__ = ["AgentEvent", "TraceEntry", "TraceSession", "TraceStore", "TraceViewer"]

DEFAULT_DAYS: Final = 30
STATUSES: Final[Mapping[str, str]] = {
    "failed": "error",
    "failure": "error",
    "cancelled": "interrupted",
    "canceled": "interrupted",
    "aborted": "interrupted",
    "success": "completed",
    "ended": "completed",
}
"""What else a program may call the reason why a session ended."""


class TraceStore:
    """Save entries and find them again; `db` names the database file, by default the command line's."""

    def __init__(self, db: Database = None) -> None:
        """Open nothing; each method does for its moment."""
        self.db = db

    def start_session(self, session_id: str | None = None, agent_name: str | None = None, **about: Any) -> str:
        """Start a session and give its id, a new one when none is given; one that is there stays as it is.

        More may be told: workspace_path, started_at, model_tier, parent_session_id, project_key, user_id.
        """
        values = {"session_id": session_id, "agent_name": agent_name, **about}
        return str(write("start_session", values, db=self.db)["session_id"])

    def end_session(
        self, session_id: str, exit_reason: str | None = None, *, status: str | None = None, ended_at: When = None
    ) -> None:
        """End a session: completed, interrupted, error, timeout or context_limit. Raise Missing when there is none."""
        reason = exit_reason or status or EXIT_REASONS[0]
        values = {"session_id": session_id, "exit_reason": STATUSES.get(reason, reason), "ended_at": when(ended_at)}
        write("end_session", values, db=self.db)

    def get_session(self, session_id: str) -> TraceSession | None:
        """Give a session with its sums; None when there is none."""
        if not exists(self.db):
            return None
        with asking(self.db) as side:
            try:
                row = reading.summary(side, session_id)
            except Missing:
                return None
        return TraceSession.from_row(row)

    def get_sessions(self, limit: int = 50, **where: Any) -> list[TraceSession]:
        """List sessions, newest first; filters: agent, status, exit_reason, since, until."""
        if not exists(self.db):
            return []
        with asking(self.db) as side:
            return [TraceSession.from_row(row) for row in reading.sessions(side, limit=limit, **_times(where))["items"]]

    def save_trace(self, entry: TraceEntry | AgentEvent | Mapping[str, Any]) -> str:
        """Save an entry, or an event as one, and give its id; the same id again takes the earlier one's place."""
        kept = entry if isinstance(entry, TraceEntry) else TraceEntry.from_agent_event(entry)
        return str(write("save_entry", kept.values(), db=self.db)["trace_id"])

    def get_trace(self, trace_id: str) -> TraceEntry | None:
        """Give one entry; None when there is none."""
        if not exists(self.db):
            return None
        with asking(self.db) as side:
            found = side.report("entry", id=trace_id)
        return TraceEntry.from_row(shown(found[0])) if found else None

    def get_traces(  # noqa: PLR0913  one for each filter
        self,
        session_id: str | None = None,
        type: str | None = None,  # noqa: A002  its name in the table
        *,
        start: When = None,
        until: When = None,
        search: str | None = None,
        limit: int = 100,
        offset: int = 0,
        **where: Any,
    ) -> list[TraceEntry]:
        """List entries in order of time; `start` (or `since`) is the first moment, `until` the first one after.

        More filters: kind, status, min_ms, max_ms. Raise Invalid for a limit beyond 1,000.
        """
        if offset < 0:
            raise Invalid(f"offset is {offset}; a whole number of zero or more is wanted")
        if not exists(self.db):
            return []
        where |= {"since": start or where.get("since"), "until": until or where.pop("end", None)}
        with asking(self.db) as side:
            page = reading.entries(
                side, session=session_id, type=type, text=search, limit=limit, skip=offset, **_times(where)
            )
        return [TraceEntry.from_row(row) for row in page["items"]]

    def cleanup_old_traces(self, retention_days: float | None = None) -> int:
        """Forget saved entries of so many days ago and earlier, and count them; what is derived goes with its records.

        How many days comes from `trace_settings` unless it is given, 30 when that says nothing.
        """
        days = self._days() if retention_days is None else retention_days
        removed = 0
        while (told := write("forget_entries", {"older_than_days": days}, db=self.db))["removed"]:
            removed += told["removed"]
            if not told["more"]:
                break
        return removed

    def _days(self) -> float:
        if not exists(self.db):
            return DEFAULT_DAYS
        with asking(self.db) as side:
            found = side.report("setting", key="retention_days")
        try:
            return float(found[0]["value"])
        except (LookupError, ValueError):
            return DEFAULT_DAYS


def _times(where: Mapping[str, Any]) -> dict[str, Any]:
    return {name: when(value) if name in {"since", "until"} else value for name, value in where.items()}
