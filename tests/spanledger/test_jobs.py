"""Prove that programs can record jobs and find them again, with a daemon and without (seed 004)."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from core.errors import Refused
from spanledger import jobs
from tests.support.told import job, tool_call


def rows(db: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the database directly."""
    connection = apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(5000)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_everything_is_kept(db: Path) -> None:
    """A job comes back with all that was told of it: nothing is shortened but previews."""
    assert "job-1" == jobs.record_job_completion(job())
    found = jobs.get_job("job-1")

    assert found is not None
    told = job()
    elsewhere = {"reasoning", "tokens", "estimated_cost", "started_at", "completed_at", "tool_calls", "subagents"}
    same = told.keys() - elsewhere
    assert {name: told[name] for name in same} == {name: found[name] for name in same}
    assert ("high", 12_000, 800, 6.4, 200_000) == tuple(
        found[name]
        for name in ("reasoning_effort", "input_tokens", "output_tokens", "context_used_pct", "context_window")
    )
    assert "2026-02-10T23:58:00.000000Z" == found["started_at"]
    assert 2 == found["files_modified_count"]


def test_cost_is_exact(db: Path) -> None:
    """Dollars become whole nano-dollars without the error of floating point."""
    jobs.record_job_completion(job())

    assert [(300_000_000, "emitted")] == rows(db, "select cost_nanos, cost_source from job_history")
    assert 0.3 == jobs.list_jobs()[0]["estimated_cost"]


def test_tool_calls_and_subagents(db: Path) -> None:
    """They are listed in order, with previews of at most 500 characters."""
    jobs.record_job_completion(job())
    calls = jobs.get_job_tool_calls("job-1")

    assert [("bash", False), ("edit_file", True), ("bash", False)] == [(one["name"], one["is_error"]) for one in calls]
    assert "x" * 500 == calls[0]["output_preview"]
    assert [("sub-1", 2, 5), ("sub-2", 0, 1)] == [
        (one["subagent_id"], one["tool_call_count"], one["message_count"]) for one in jobs.get_job_subagents("job-1")
    ]


def test_the_same_id_again_replaces(db: Path) -> None:
    """The second time all of a job is replaced, `created_at` stays, and the days count it once."""
    jobs.record_job_completion(job())
    (created,) = rows(db, "select created_at from job_history")
    again = job(status="failed", tokens=None, tool_calls=[tool_call("grep")], subagents=[], reuse_count=2)
    jobs.record_job_completion(again)

    found = jobs.get_job("job-1")
    assert found is not None
    assert ("failed", None, 2) == (found["status"], found["input_tokens"], found["reuse_count"])
    assert created == (found["created_at"],)
    assert ["grep"] == [call["name"] for call in jobs.get_job_tool_calls("job-1")]
    assert [] == jobs.get_job_subagents("job-1")
    sums = "jobs_started, jobs_completed, jobs_failed, total_input_tokens, total_elapsed_ms"
    days = f"select date, {sums} from daily_metrics"
    assert [("2026-02-10", 1, 0, 0, 0, 0), ("2026-02-11", 0, 0, 1, 0, 300_000)] == rows(db, f"{days} order by date")


def test_a_job_counts_once_in_every_table(lone_db: Path) -> None:
    """The sums over model calls are those of the jobs, the session and the days; again after a repeat."""
    for tokens in ({"input": 5, "output": 5}, {"input": 100, "output": 20}):
        jobs.record_job_completion(job(tokens=tokens, estimated_cost=0.5))
        jobs.record_job_completion(job(id="job-2", session_id=None, tokens=tokens, estimated_cost=None))

    calls = "select sum(input_tokens + output_tokens), sum(cost_nanos) from model_calls where counted = 1"
    assert [(240, 500_000_000)] == rows(lone_db, calls)
    assert [(240, 500_000_000)] == rows(
        lone_db, "select sum(input_tokens + output_tokens), sum(cost_nanos) from job_history"
    )
    assert [(120, 0.5, 1)] == rows(
        lone_db, "select total_tokens, total_cost_usd, total_events from agent_trace_sessions"
    )
    assert [(240,)] == rows(lone_db, "select sum(total_input_tokens + total_output_tokens) from daily_metrics")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("src/dashboard/db.ts", True),
        ("db.ts", True),
        ("src/dashboard", True),
        ("/dashboard/", True),
        ("b.ts", False),
        ("src_dashboard", False),
        ("%", False),
        ("SRC/other.ts", False),
    ],
)
def test_search_by_file(lone_db: Path, path: str, *, found: bool) -> None:
    """A job is found by the path of a file it modified, or by whole parts of that path."""
    jobs.record_job_completion(job())
    jobs.record_job_completion(job(id="job-2", files_modified=None))

    assert (["job-1"] if found else []) == [one["id"] for one in jobs.search_jobs_by_file(path)]


def test_search_by_tool(db: Path) -> None:
    """A job is found once by a tool that it called, however often."""
    jobs.record_job_completion(job())

    assert ["job-1"] == [one["id"] for one in jobs.search_jobs_by_tool("bash")]
    assert [] == jobs.search_jobs_by_tool("ba")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["c", "b", "a"]),
        ({"status": "failed"}, ["b"]),
        ({"model": "small"}, ["a"]),
        ({"agent": "coder"}, ["b"]),
        ({"session": "s"}, ["a"]),
        ({"since": "2026-02-11"}, ["c", "b"]),
        ({"until": "2026-02-11"}, ["a"]),
        ({"since": "2026-02-11T12:00:00+02:00", "until": "2026-02-11T11:00:00Z"}, ["b"]),
        ({"min_cost": 0.2}, ["b"]),
        ({"max_cost": 0.2}, ["a"]),
        ({"error": "100%"}, ["b"]),
        ({"status": "running"}, []),
        ({"limit": 1}, ["c"]),
    ],
)
def test_list_filters(lone_db: Path, where: dict[str, Any], expected: list[str]) -> None:
    """Each filter keeps the jobs that it is about, newest first."""
    day = {"completed_at": None, "session_id": None, "estimated_cost": None}
    jobs.record_job_completion(
        job(
            id="a", **day | {"session_id": "s", "estimated_cost": 0.1}, model="small", started_at="2026-02-10T10:00:00Z"
        )
    )
    jobs.record_job_completion(
        job(
            id="b",
            **day | {"estimated_cost": 0.3},
            agent_name="coder",
            status="failed",
            error_message="disk is 100% full",
            started_at="2026-02-11T10:30:00Z",
        )
    )
    jobs.record_job_completion(job(id="c", **day, started_at="2026-02-12T10:00:00Z"))

    assert expected == [one["id"] for one in jobs.list_jobs(**where)]


WRONG = [
    ({"id": None}, "id is missing; text of 1 to 1024 characters is wanted"),
    ({"id": 7}, "id is 7; text is wanted"),
    ({"status": "running"}, "status is 'running'; only jobs that are over are recorded"),
    ({"tokens": {"input": "many"}}, "tokens.input is 'many'; a whole number of zero or more is wanted"),
    ({"tokens": {"in": 1}}, "tokens.in is not known here; the fields are input, output,"),
    ({"tokens": 5}, "tokens is 5; an object is wanted"),
    ({"elapsed_ms": -1}, "elapsed_ms is -1; a whole number of zero or more is wanted"),
    ({"elapsed_ms": True}, "elapsed_ms is True; a whole number"),
    ({"estimated_cost": "0.5"}, "estimated_cost is '0.5'; a number of dollars from 0 to 1000000 is wanted"),
    ({"estimated_cost": -0.1}, "estimated_cost is -0.1; a number of dollars"),
    ({"files_modified": "a.py"}, "files_modified is 'a.py'; a list is wanted"),
    ({"files_modified": ["a.py", 3]}, "files_modified[1] is 3; text is wanted"),
    ({"tool_calls": [{"is_error": True}]}, "tool_calls[0].name is missing"),
    ({"tool_calls": [{"name": "x", "is_error": 1}]}, "tool_calls[0].is_error is 1; true or false is wanted"),
    ({"tool_calls": ["x"]}, "tool_calls[0] is 'x'; an object is wanted"),
    ({"subagents": [{"id": "a", "message_count": 1.5}]}, "subagents[0].message_count is 1.5; a whole number"),
    ({"started_at": "yesterday"}, "started_at is 'yesterday'; a time in ISO 8601, such as 2026-01-31T12:00:00Z"),
    ({"prompt": ["x" * 1000]}, "; text is wanted"),
    ({"colour": "red"}, "colour is not known here; the fields are id, status, model,"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_is_wrong_is_said(lone_db: Path, change: dict[str, Any], message: str) -> None:
    """A wrong field is refused with its place, what it is and what is wanted; nothing is kept."""
    with pytest.raises(Refused) as refused:
        jobs.record_job_completion(job(**change))

    assert message in str(refused.value)
    assert len(str(refused.value)) < 600
    assert [] == jobs.list_jobs()


def test_little_is_needed(lone_db: Path) -> None:
    """A job of which only id and outcome are known is kept, and what is not known stays unknown."""
    jobs.record_job_completion({"id": "bare", "status": "cancelled"})
    found = jobs.get_job("bare")

    assert found is not None
    assert ("unknown", "") == (found["model"], found["reasoning_effort"])
    unknown = ("input_tokens", "estimated_cost", "tool_call_count", "files_modified_json", "started_at", "elapsed_ms")
    assert {None} == {found[name] for name in unknown}
    assert [] == rows(lone_db, "select * from model_calls")


def test_nothing_there(lone_db: Path) -> None:
    """Before there is a database, nothing is found and nothing is made."""
    assert (None, [], []) == (jobs.get_job("x"), jobs.list_jobs(), jobs.get_job_tool_calls("x"))
    assert not lone_db.exists()
