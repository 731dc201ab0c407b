"""Record jobs and find them again: `from spanledger import jobs` (seed 004).

Every function takes `db=`, the database file; by default it is the command line's. Rows are dictionaries
with the columns of the tables.
"""

from collections.abc import Mapping
from typing import Any

from api import reading
from api.shapes import shown
from core.errors import Missing
from spanledger.hands import Database, asking, exists, when, write

Row = dict[str, Any]


def record_job_completion(job: Mapping[str, Any], *, db: Database = None) -> str:
    """Record a job that is over, with its tool calls and subagents, and give its id.

    The same id again replaces all of it; `created_at` stays. `daily_metrics` is right both times.
    Raise Invalid (a Refused) that says which field is wrong, what it is, and what is wanted.
    """
    return str(write("record_job", job, db=db)["id"])


def get_job(job_id: str, *, db: Database = None) -> Row | None:
    """Give a job, over or running; None when there is none."""
    if not exists(db):
        return None
    with asking(db) as side:
        try:
            return reading.job(side, job_id)
        except Missing:
            return None


def get_job_tool_calls(job_id: str, *, db: Database = None) -> list[Row]:
    """List a job's tool calls in order of time, 5,000 at most."""
    if not exists(db):
        return []
    with asking(db) as side:
        return reading.all_tool_calls(side, job_id)


def get_job_subagents(job_id: str, *, db: Database = None) -> list[Row]:
    """List a job's subagents, 5,000 at most."""
    if not exists(db):
        return []
    with asking(db) as side:
        return [shown(row) for row in side.report("job_subagents", id=job_id, limit=reading.MOST_PARTS)]


def search_jobs_by_file(path: str, *, limit: int = 100, db: Database = None) -> list[Row]:
    """List the jobs that modified a file, newest first; the path, or its last or middle parts."""
    return list_jobs(file=path, limit=limit, db=db)


def search_jobs_by_tool(name: str, *, limit: int = 100, db: Database = None) -> list[Row]:
    """List the jobs that called a tool, newest first."""
    return list_jobs(tool=name, limit=limit, db=db)


def list_jobs(*, limit: int = 50, db: Database = None, **where: Any) -> list[Row]:
    """List jobs, newest first, running ones too.

    Filters: status (running too), model, agent, session, since, until, min_cost, max_cost (dollars), tool, file,
    error (text). Raise Invalid for a limit beyond 1,000.
    """
    if not exists(db):
        return []
    for name in ("since", "until"):
        where[name] = when(where.get(name))
    with asking(db) as side:
        items: list[Row] = reading.jobs(side, limit=limit, **where)["items"]
        return items
