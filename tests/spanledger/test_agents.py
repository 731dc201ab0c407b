"""Prove that programs can track agents' sessions, with a daemon and without (seed 003)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Invalid, Missing, Refused
from spanledger import agents

AGENT = "beads-workflow-orchestrator"
MONTH = timedelta(days=30)


def test_a_session_from_start_to_end(db: Path) -> None:
    """A session is active until it is ended, and keeps what it claimed, used and held."""
    session = agents.start_session(AGENT, "/myStuff/project", "sonnet")
    agents.update_session_issues(session, ["agents-42", "agents-7", "agents-42"])
    agents.update_session_skills(session, ["dependency-thinking"])
    agents.update_session_tokens(session, 15000)
    assert [session] == [one.session_id for one in agents.list_active_sessions()]
    agents.end_session(session, "completed")

    found = agents.get_session(session)
    assert (AGENT, "/myStuff/project", "sonnet") == (found.agent_name, found.workspace_path, found.model_tier)
    assert (["agents-42", "agents-7"], ["dependency-thinking"]) == (found.issues_claimed, found.skills_used)
    assert (15000, "completed") == (found.context_tokens, found.exit_reason)
    assert found.duration is not None
    assert timedelta() <= found.duration < timedelta(minutes=1)
    assert [] == agents.list_active_sessions()


@pytest.mark.parametrize("reason", ["completed", "interrupted", "error", "timeout", "context_limit"])
def test_exit_reasons(lone_db: Path, reason: str) -> None:
    """The five reasons of seed 003 are taken."""
    session = agents.start_session(AGENT)
    agents.end_session(session, reason)

    assert reason == agents.get_session(session).exit_reason


def test_another_exit_reason(db: Path) -> None:
    """Any other reason is refused with those that there are, and the session goes on."""
    session = agents.start_session(AGENT)
    with pytest.raises(
        Invalid, match="'bored'; one of completed, interrupted, error, timeout, context_limit is wanted"
    ):
        agents.end_session(session, "bored")

    assert agents.get_session(session).ended_at is None


def test_no_such_session(db: Path) -> None:
    """What is about a session that there is not is refused, and says so."""
    agents.start_session(AGENT)
    for work in (
        lambda: agents.get_session("nope"),
        lambda: agents.end_session("nope"),
        lambda: agents.update_session_tokens("nope", 1),
    ):
        with pytest.raises(Missing, match="there is no session 'nope'"):
            work()


def test_wrong_values(lone_db: Path) -> None:
    """Tokens below zero and issues that are no texts are refused by name."""
    session = agents.start_session(AGENT)
    with pytest.raises(Refused, match="context_tokens is -1"):
        agents.update_session_tokens(session, -1)
    with pytest.raises(Refused, match=r"issues_claimed\[0\] is 3; text is wanted"):
        agents.update_session_issues(session, [3])  # type: ignore[list-item]  # what is wrong here


def test_sessions_of_an_agent(db: Path) -> None:
    """An agent's sessions are listed newest first, as many as asked for."""
    day = datetime(2026, 2, 10, tzinfo=UTC)
    ids = [agents.start_session(AGENT, started_at=day + timedelta(hours=hour)) for hour in range(4)]
    agents.start_session("other")

    assert ids[:0:-1] == [one.session_id for one in agents.list_sessions_by_agent(AGENT, 3)]
    assert [] == agents.list_sessions_by_agent("nobody")


def test_starting_again_changes_nothing(db: Path) -> None:
    """A session that is there stays as it is when it is started again, as after an answer that was lost."""
    first = agents.start_session(AGENT, session_id="s", started_at="2026-02-10T10:00:00Z")
    again = agents.start_session("other", session_id="s")

    assert ("s", "s") == (first, again)
    assert (AGENT, datetime(2026, 2, 10, 10, tzinfo=UTC)) == (
        agents.get_session("s").agent_name,
        agents.get_session("s").started_at,
    )


def test_statistics(lone_db: Path) -> None:
    """Statistics count sessions since a time, distinct issues and skills, and average what has ended."""
    day = datetime(2026, 2, 10, tzinfo=UTC)
    for number, (agent, minutes) in enumerate([(AGENT, 10), (AGENT, 20), (AGENT, None), ("other", 60)]):
        session = agents.start_session(agent, started_at=day + timedelta(days=number), session_id=f"s{number}")
        agents.update_session_issues(session, ["i-1", f"i-{number}"])
        if minutes is not None:
            reason = "error" if number == 1 else "completed"
            ended = day + timedelta(days=number, minutes=minutes)
            agents.end_session(session, reason, ended_at=ended)

    stats = agents.get_agent_stats(AGENT, day)
    assert (3, 1, 1, 1) == (
        stats.total_sessions,
        stats.active_sessions,
        stats.completed_sessions,
        stats.failed_sessions,
    )
    assert 3 == stats.total_issues
    assert timedelta(minutes=15) == _whole(stats.avg_session_time)
    assert 2 == agents.get_agent_stats(AGENT, day + timedelta(days=1)).total_sessions
    overall = agents.get_overall_stats(day)
    assert (4, 1, 2, 4) == (
        overall.total_sessions,
        overall.active_sessions,
        overall.unique_agents,
        overall.total_issues,
    )
    durations = agents.get_session_durations("", day, 50)
    assert ["s3", "s2", "s1", "s0"] == [one.session_id for one in durations]
    assert [True, False, True, True] == [one.is_completed for one in durations]
    assert timedelta(hours=1) == durations[0].duration
    assert ["s2"] == [one.session_id for one in agents.get_session_durations(AGENT, day, 1)]


def test_nothing_there(lone_db: Path) -> None:
    """Before there is a database, statistics are those of nothing."""
    assert ([], 0) == (agents.list_active_sessions(), agents.get_overall_stats().total_sessions)
    assert agents.get_agent_stats(AGENT, datetime.now(UTC) - MONTH) == agents.AgentStats(AGENT)
    with pytest.raises(Missing, match="there is no database at"):
        agents.get_session("s")


def _whole(found: timedelta | None) -> timedelta | None:
    return None if found is None else timedelta(seconds=round(found.total_seconds(), 2))
