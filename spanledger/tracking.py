"""Keep the book of work from Python: `from spanledger import tracking` (seed 000, and seed 003's work and skills).

Names, arguments, answers and errors are the seed's. A call goes to the collector that runs on the database;
when none does, the call writes by itself for that moment, so there is one writer at any time.
The database is the command line's, `$SPANLEDGER_DB` or what the configuration names; assign `DB_PATH` for another.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spanledger import hands
from spanledger.agents import (
    end_session,
    get_agent_stats,
    get_overall_stats,
    get_session,
    get_session_durations,
    list_active_sessions,
    list_sessions_by_agent,
    start_session,
    update_session_issues,
    update_session_skills,
    update_session_tokens,
)
from spanledger.calls import do
from spanledger.connections import connect
from spanledger.issues import (
    add_issue_status,
    complete_work,
    get_issue_stats,
    get_skill_stats,
    get_work,
    list_work_by_issue,
    list_work_by_session,
    record_skill_usage,
    record_work,
)
from spanledger.options import database

__all__ = [
    "DB_PATH",
    "add_debug_note",
    "add_experiment_run",
    "add_issue_status",
    "add_plan_task",
    "complete_work",
    "create_debug_session",
    "end_session",
    "get_agent_stats",
    "get_connection",
    "get_experiment_runs_export",
    "get_issue_stats",
    "get_overall_stats",
    "get_plan_status",
    "get_session",
    "get_session_durations",
    "get_skill_stats",
    "get_status",
    "get_work",
    "init_db",
    "link_experiment_artifact",
    "list_active_sessions",
    "list_sessions_by_agent",
    "list_work_by_issue",
    "list_work_by_session",
    "record_skill_usage",
    "record_work",
    "save_summary",
    "set_debug_status",
    "set_experiment_status",
    "set_plan_status",
    "set_refactor_status",
    "set_task_done",
    "set_task_status",
    "start_session",
    "update_session_issues",
    "update_session_skills",
    "update_session_tokens",
    "upsert_experiment",
    "upsert_feature_plan",
    "upsert_project",
    "upsert_refactor",
]

DB_PATH: Path
"""Path to the database file: the configured one, unless a program assigns another."""


def __getattr__(name: str) -> Path:
    """Find `DB_PATH` when it is asked for: the environment may name another database by then."""
    if name == "DB_PATH":
        return database(hands.configured())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def init_db() -> None:
    """Make the database, or bring it to the newest shape; a collector that runs on it has done that."""
    hands.prepare(_db())


def get_connection(readonly: bool = False) -> sqlite3.Connection:
    """Open a connection for reading, with `sqlite3.Row` rows; `readonly` raises FileNotFoundError without a database.

    Without `readonly` the database is made first. Writing through it raises `sqlite3.OperationalError` in both cases:
    one process writes at a time, and that is the collector's, or the function's that is called here.
    Close it before writing much without a collector: while it is open, each write starts a process of its own.
    """
    path = _path()
    if not path.exists():
        if readonly:
            raise FileNotFoundError(f"there is no database at {path}; init_db() makes one")
        init_db()
    return connect(path)


def upsert_feature_plan(key: str, title: str, owner: str | None = None) -> int:
    """Create a plan, pending, or change its title and owner; give its id."""
    return int(do("upsert_plan", {"key": key, "title": title, "owner": owner}, db=_db()))


def set_plan_status(key: str, status: str) -> None:
    """Set a plan's status; raise ValueError for a status that there is not, KeyError without such a plan."""
    do("set_plan_status", {"key": key, "status": status}, db=_db())


def add_plan_task(plan_key: str, title: str, notes: str | None = None) -> int:
    """Add a task to a plan, pending; give its id, or raise KeyError without such a plan."""
    return int(do("add_task", {"plan_key": plan_key, "title": title, "notes": notes}, db=_db()))


def set_task_done(task_id: int) -> None:
    """Complete a task; raise KeyError without such a task."""
    do("finish_task", {"id": task_id}, db=_db())


def set_task_status(task_id: int, status: str) -> None:
    """Set a task's status; raise ValueError for a status that there is not, KeyError without such a task."""
    do("set_task_status", {"id": task_id, "status": status}, db=_db())


def get_plan_status(key: str | None = None) -> list[dict[str, Any]]:
    """List key, title, status and open_tasks of all plans, or of one; empty when there is none."""
    return _report("plan_status", key=key)


def upsert_refactor(key: str, title: str, notes: str | None = None) -> int:
    """Create a refactor, pending, or change its title and notes; give its id."""
    return int(do("upsert_refactor", {"key": key, "title": title, "notes": notes}, db=_db()))


def set_refactor_status(key: str, status: str) -> None:
    """Set a refactor's status; raise ValueError for a status that there is not, KeyError without such a refactor."""
    do("set_refactor_status", {"key": key, "status": status}, db=_db())


def create_debug_session(key: str, title: str, hypothesis: str = "", scope: str = "") -> int:
    """Create a debug session, in progress, and give its id; one that is there stays as it is."""
    values = {"key": key, "title": title, "hypothesis": hypothesis, "scope": scope}
    return int(do("create_debug_session", values, db=_db()))


def add_debug_note(session_key: str, note: str) -> int:
    """Add a note to a debug session; give its id, or raise KeyError without such a session."""
    return int(do("add_debug_note", {"session_key": session_key, "note": note}, db=_db()))


def set_debug_status(key: str, status: str) -> None:
    """Set a debug session's status; raise ValueError for a status that there is not, KeyError without such a one."""
    do("set_debug_status", {"key": key, "status": status}, db=_db())


def upsert_experiment(key: str, title: str, objective: str = "", owner: str | None = None) -> int:
    """Create an experiment, in progress, or change its title, objective and owner; give its id."""
    values = {"key": key, "title": title, "objective": objective, "owner": owner}
    return int(do("upsert_experiment", values, db=_db()))


def set_experiment_status(key: str, status: str) -> None:
    """Set an experiment's status; raise ValueError for a status that there is not, KeyError without such a one."""
    do("set_experiment_status", {"key": key, "status": status}, db=_db())


def add_experiment_run(
    experiment_key: str, run_no: int, params: dict[str, Any], metrics: dict[str, Any] | None, outcome: str
) -> int:
    """Add a run, or replace what the run of this number says: its id and its artifacts stay. Give its id.

    Raise ValueError for another outcome than pass, fail and inconclusive, KeyError without such an experiment.
    """
    values = {
        "experiment_key": experiment_key,
        "run_no": run_no,
        "params": _json(params),
        "metrics": None if metrics is None else _json(metrics),
        "outcome": outcome,
    }
    return int(do("add_experiment_run", values, db=_db()))


def link_experiment_artifact(experiment_key: str, type_: str, path: str, run_no: int | None = None) -> int:
    """Link an artifact to an experiment, or to one of its runs; give its id, or raise KeyError without such a one."""
    values = {"experiment_key": experiment_key, "type": type_, "path": path, "run_no": run_no}
    return int(do("link_artifact", values, db=_db()))


def get_experiment_runs_export() -> list[dict[str, Any]]:
    """List experiment_key, run_no, params_json, metrics_json, outcome and created_at of all runs."""
    return _report("runs_export")


def save_summary(entity_type: str, entity_id: int, style: str, text: str) -> int:
    """Save a summary and give its id; raise ValueError when one in style short has more than 280 characters."""
    values = {"entity_type": entity_type, "entity_id": entity_id, "style": style, "text": text}
    return int(do("save_summary", values, db=_db()))


def upsert_project(key: str, name: str | None = None, path: str | None = None, repo_url: str | None = None) -> int:
    """Create a project, or change what is given; give its id."""
    told = {"key": key, "name": name, "path": path, "repo_url": repo_url}
    return int(do("upsert_project", {field: value for field, value in told.items() if value is not None}, db=_db()))


def get_status() -> str:
    """Say in a few lines how the work stands: what is open, what runs, and today's jobs."""
    from spanledger.standing import standing

    init_db()
    with hands.asking(_db()) as side:
        return standing(side)


def _db() -> hands.Database:
    """Give the database that a program assigned; None is the configured one."""
    assigned: hands.Database = globals().get("DB_PATH")
    return assigned


def _path() -> Path:
    return database(hands.configured(_db()))


def _report(name: str, **values: Any) -> list[dict[str, Any]]:
    if not _path().exists():
        init_db()
    with hands.asking(_db()) as side:
        return side.report(name, **values)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
