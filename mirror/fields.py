"""Say how facts are called in session directories; the first name that has a value counts.

Names are compared in one spelling: `currentPhase`, `current-phase` and `current_phase` are the same.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")

STATE: Final = "state.json"
INSIDE: Final = ("session", "state", "status", "workflow", "meta", "metadata")
"""Objects in which a session's own facts may stand as well."""
PROGRESS: Final = ("plan_state", "build_progress", "progress", "plan", "build")
"""Objects in which it may stand how far its checkpoints are."""

SESSION_ID: Final = ("session_id", "id")
PHASE: Final = ("current_phase", "phase", "stage", "current_stage")
STATUS: Final = ("status", "session_status", "state", "outcome")
TITLE: Final = ("title", "topic", "name", "goal", "task", "objective", "task_name")
DESCRIPTION: Final = ("description", "summary", "prompt")
KIND: Final = ("session_type", "type", "mode", "granularity")
STARTED: Final = (
    "started_at",
    "started",
    "start_time",
    "created_at",
    "created",
    "entered_at",
    "begun_at",
    "at",
    "timestamp",
)
CREATED: Final = ("created_at", "created", "started_at", "started", "start_time", "execution_started_at")
UPDATED: Final = (
    "updated_at",
    "updated",
    "last_updated",
    "last_updated_at",
    "last_activity",
    "last_activity_at",
    "modified_at",
)
ENDED: Final = (
    "completed_at",
    "completed",
    "ended_at",
    "finished_at",
    "finalized_at",
    "closed_at",
    "end_time",
    "exited_at",
)
PREVIOUS: Final = ("prior_session", "previous_session", "prior_session_id", "previous_session_id")
PARENT: Final = ("parent_session", "parent_session_id")
BRANCH: Final = ("git_branch", "branch")
PROJECT: Final = ("project_key", "project_id", "project", "project_name")

CHECKPOINTS: Final = ("checkpoints",)
CHECKPOINTS_DONE: Final = ("checkpoints_completed", "completed_checkpoints", "checkpoints_done")
CHECKPOINTS_TOTAL: Final = ("checkpoints_total", "total_checkpoints", "checkpoint_count")
CHECKPOINT_NOW: Final = ("current_checkpoint", "checkpoint")
CHECKPOINT_ID: Final = ("id", "checkpoint_id", "number", "checkpoint", "index", "key")
ENTRY_TITLE: Final = ("title", "name", "label", "description", "summary", "goal")

PHASES: Final = ("phases", "phase_history", "phase_log", "transitions")
PHASES_DONE: Final = ("completed_phases", "phases_completed")
PHASE_NAME: Final = ("phase", "name", "to", "to_phase", "stage", "id")

AGENTS: Final = ("agents", "subagents", "sub_agents", "workers", "agent_runs", "spawned_agents")
AGENT_ID: Final = ("agent_id", "id", "run_id", "worker_id")
AGENT_NAME: Final = ("name", "agent_name", "label", "agent")
AGENT_ROLE: Final = ("role", "type", "agent_type", "subagent_type", "kind")
AGENT_SESSION: Final = (
    "sdk_session_id",
    "claude_session_id",
    "agent_session_id",
    "conversation_id",
    "thread_id",
    "session_id",
)
SESSION_LINKS: Final = (
    *AGENT_SESSION[:-1],
    "agent_sessions",
    "sdk_sessions",
    "claude_sessions",
    "agent_session_ids",
    "sdk_session_ids",
    "claude_session_ids",
    "session_ids",
)
TASK: Final = ("task", "objective", "prompt", "description", "goal")
ERROR: Final = ("error_message", "error", "failure_reason", "last_error")
MODEL: Final = ("model", "model_name")
INPUT: Final = ("input_tokens", "tokens_in")
OUTPUT: Final = ("output_tokens", "tokens_out")
COST: Final = ("cost_usd", "total_cost_usd", "cost", "total_cost")

LINES: Final = ("history", "events", "log", "logs", "timeline", "activity")
LINE_TIME: Final = ("timestamp", "time", "at", "ts", "created_at", "date", "made_at")
LINE_TYPE: Final = ("event", "event_type", "type", "action", "kind")
LINE_TEXT: Final = ("message", "msg", "text", "summary", "details", "description", "note", "title", "decision")
TOLD_APART: Final = {
    "commits": "commit",
    "key_decisions": "decision",
    "decisions": "decision",
    "decisions_made": "decision",
}
"""Lists whose items become lines of the log of this type."""
LEVEL: Final = ("level", "severity")


def first(source: Mapping[str, Any], names: tuple[str, ...], read: Callable[[Any], T | None]) -> T | None:
    """Give the first value of these names that can be read."""
    return next((told for name in names if (told := read(source.get(name))) is not None), None)
