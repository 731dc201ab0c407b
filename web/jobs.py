"""List jobs, and tell of one from its prompt to its summary, from the database alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import reading
from api.pages import Row
from api.times import between_ms
from web.asking import PERIODS, Asked
from web.lanes import Lanes, lanes
from web.steps import MOST_AGENTS, Steps, steps
from web.wording import segment

SHOWN: Final = 50
DEFAULT_PERIOD: Final = "all"
STATES: Final = ("running", "completed", "failed", "interrupted", "cancelled")
TEXTS: Final = ("agent", "model", "tool", "file", "error")
EVENTS: Final = 40
WHEN_OVER: Final = (
    "summary",
    "error_type",
    "error_message",
    "completed_at",
    "created_at",
    "context_used_pct",
    "context_window",
    "files_modified",
    "elapsed_ms",
    "message_count",
    "cost_source",
    "reasoning_effort",
    "original_prompt",
    "cache_read_tokens",
    "model",
)


@dataclass(frozen=True, slots=True)
class Jobs:
    """Hold a page of jobs, the filters in force, and what can be chosen."""

    items: Sequence[Row]
    next: str | None
    filters: Mapping[str, str | None]
    choices: Mapping[str, Sequence[str]]
    period: str
    filtered: bool
    title: str = "Jobs"
    section: str = "jobs"
    states: Sequence[str] = STATES
    periods: Sequence[str] = tuple(PERIODS)


@dataclass(frozen=True, slots=True)
class Job:
    """Hold one job and all that is known of it."""

    row: Row
    steps: Steps
    lanes: Lanes
    subagents: Sequence[Row]
    events: Sequence[Row]
    earlier: str | None
    later: str | None
    next: str | None
    section: str = "jobs"

    @property
    def title(self) -> str:
        """Name the page."""
        return f"Job {self.row['id']}"


def whole(row: Row) -> Row:
    """Give a job that goes on the columns of one that is over."""
    return {**dict.fromkeys(WHEN_OVER), **row}


def show_list(asked: Asked) -> Jobs:
    """List jobs that are as the filters say."""
    filters: dict[str, Any] = {name: asked.text(name) for name in TEXTS}
    state, period = asked.one_of("status", STATES), asked.period(DEFAULT_PERIOD)
    costs: dict[str, Any] = {name: asked.number(name) for name in ("min_cost", "max_cost")}
    cursor = asked.text("after")
    found = reading.jobs(
        asked.side, limit=SHOWN, cursor=cursor, status=state, since=asked.since(period), **filters, **costs
    )
    told = {**filters, "status": state, **{name: asked.text(name) for name in costs}}
    choices = {
        name: [row["name"] for row in asked.side.report(f"known_{name}s", limit=200)] for name in ("agent", "model")
    }
    return Jobs(
        items=[whole(row) for row in found["items"]],
        next=asked.link("/jobs", after=found["next"]) if found["next"] else None,
        filters=told,
        choices=choices,
        period=period,
        filtered=any(told.values()) or period != DEFAULT_PERIOD or cursor is not None,
    )


def show(asked: Asked) -> Job:
    """Read one job."""
    side, job_id = asked.side, asked.path["job_id"]
    row = whole(reading.job(side, job_id))
    row["elapsed_ms"] = row["elapsed_ms"] or between_ms(
        row["started_at"], row["completed_at"] or row.get("last_seen_at")
    )
    agents = side.report("session_agents_of", session=row["session_id"], limit=MOST_AGENTS) if row["session_id"] else []
    happened = steps(side, [job_id], agents, after=asked.text("after"))
    time = row["started_at"] or row.get("created_at") or ""
    near = side.report("job_neighbours", session=row["session_id"] or "", time=time, id=job_id)[0]
    return Job(
        row=row,
        steps=happened,
        lanes=lanes(happened.of(job_id), row["started_at"], row["completed_at"]),
        subagents=side.report("job_subagents", id=job_id, limit=200),
        events=side.report("job_events", job=job_id, limit=EVENTS),
        earlier=near["earlier"],
        later=near["later"],
        next=asked.link(f"/jobs/{segment(job_id)}", after=happened.next) if happened.next else None,
    )


def leads(shown: Job) -> list[str]:
    """Name the trace of a job."""
    return [shown.row["trace_id"]] if shown.row["trace_id"] else []
