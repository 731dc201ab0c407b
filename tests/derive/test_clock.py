"""What only the clock decides: a job's grace, and sessions of agents that went away without a word."""

from pathlib import Path

import pytest

from derive.text import nanoseconds
from schema.derived import OPEN_JOBS, Changes, row
from store.raw import SqliteRawSide
from tests.support.corpus import source
from tests.support.derived import Derived, batches

SECOND = 1_000_000_000
IDLE = 1_800 * SECOND
GRACE = 10 * SECOND
SESSIONS = "select session_id, ended_at, closed_by, exit_reason from agent_sessions order by started_at desc"
LAST_SEEN = "select max(last_seen_at) from agent_sessions"
LEAST_REQUESTS = 4


def last_seen(derived: Derived) -> int:
    """Say when anything was heard of last, Unix nanoseconds."""
    return nanoseconds(str(derived.rows(LAST_SEEN)[0][0]))


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_a_killed_agent_is_closed_when_it_is_idle_and_opened_by_what_comes_late(tmp_path: Path, restart: bool) -> None:
    """Nothing says that it ended; half an hour after its last record it has, until there is another record."""
    held = batches(source("codex-cli-grpc").requests)
    half = len(held) // 2
    assert half > LEAST_REQUESTS
    with Derived(tmp_path) as derived:
        derived.commit(*held[:half])
        derived.derive(0)
        seen = last_seen(derived)
        session, *open_now = derived.rows(SESSIONS)[0]
        assert [None, None, None] == open_now

        if restart:
            derived.restart()
        derived.derive(seen + IDLE + SECOND)
        closed = {row[0]: row[1:] for row in derived.rows(SESSIONS)}
        assert (True, "idle") == (closed[session][0] is not None, closed[session][1])
        assert closed[session][2] in {"completed", "interrupted", "error"}
        assert [] == derived.rows("select id from open_jobs")

        derived.commit(*held[half:])
        derived.derive(last_seen(derived))
        latest = derived.rows(SESSIONS)[0]
        assert [None, None, None] == list(latest[1:])


def test_a_job_is_written_to_the_history_some_seconds_after_its_end(tmp_path: Path) -> None:
    """Until then it is open: exporters send a root and what is below it apart."""
    with Derived(tmp_path) as derived:
        derived.commit(*batches(source("otel-python-http-gzip").requests))
        derived.derive(0)
        jobs = derived.rows("select count(*) from open_jobs")[0][0]
        assert (jobs, 0) == (jobs or None, derived.rows("select count(*) from job_history")[0][0])

        derived.derive(last_seen(derived) + GRACE + SECOND)
        assert [(0, jobs)] == derived.rows(
            "select (select count(*) from open_jobs), (select count(*) from job_history)"
        )
        (days,) = derived.rows("select sum(jobs_started), sum(jobs_completed + jobs_failed) from daily_metrics")
        assert (jobs, jobs) == days


def test_open_jobs_are_looked_through_in_turns(tmp_path: Path) -> None:
    """Those that stay open do not hide the ones behind them; what was heard of a moment ago is not looked at."""
    names = ("id", "session_id", "last_seen_at", "emitter")
    told = [(f"job-{place}", f"session-{place}", f"2026-01-0{place}", "codex") for place in range(1, 6)]
    rows = [row(OPEN_JOBS, dict(zip(names, one, strict=True))) for one in told]
    with Derived(tmp_path) as derived:
        derived.side.apply(Changes(put={OPEN_JOBS.name: rows}))
        raw = SqliteRawSide(derived.path)
        first = raw.open_job_sessions("", "2026-01-04", 3)
        second = raw.open_job_sessions(first[-1], "2026-01-04", 3)
        raw.close()

    assert ["session-1", "session-2", "session-3"] == first
    assert ["session-4"] == second
