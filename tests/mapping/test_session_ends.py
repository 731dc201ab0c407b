"""How sessions open and close in what 40 runtimes sent."""

import pytest

from mapping.session_ends import Session, sessions
from mapping.sessions import SYNTHETIC
from tests.mapping.test_jobs import told
from tests.mapping.test_sessions import UNNAMED
from tests.support.corpus import SOURCES, source

SECOND = 1_000_000_000
IDLE = 1800 * SECOND
UNTOLD = {"gemini-cli-http": 1, "codex-cli-grpc": 1, "codex-cli-http-json": 1}
"""Sessions whose only turn failed, of which nothing was sent."""
INNER = {"codex-cli-grpc", "codex-cli-http-json", "google-adk", "pydantic-ai-latest", "vercel-ai-v5"}
"""Recordings whose subagents name sessions of their own."""


def ended(name: str, after: int) -> list[Session]:
    """Give the sessions of a source as they are some time after its last record."""
    held = told(name)
    last = max(fact.end for fact in held.facts)
    return sessions(held.facts, held.calls, held.jobs, now=last + after, idle=IDLE)


@pytest.mark.parametrize("name", SOURCES)
def test_sessions_are_those_that_were_held(name: str) -> None:
    """Transports' sessions and noise open none; a subagent's own has its parent."""
    found = ended(name, SECOND)
    held = {session["id"] for session in source(name).truth["sessions"]}
    if name in UNNAMED:
        assert all(session.synthetic and session.session_id.startswith(SYNTHETIC) for session in found)
        return
    outer = {session.session_id for session in found if session.parent_session_id is None}
    assert UNTOLD.get(name, 0) == len(held - outer)
    assert (name == "opencode") == bool(outer - held)
    assert (name in INNER) == any(session.parent_session_id in held for session in found)


@pytest.mark.parametrize("name", SOURCES)
def test_silence_closes_every_session_and_nothing_else_does(name: str) -> None:
    """A session without an event of its end stays open until it was idle for long, and ends with its last record."""
    if name == "qwen-code-http":
        return
    assert {None} == {session.closed_by for session in ended(name, SECOND)}
    closed = ended(name, IDLE + 10_000 * SECOND)
    assert {"idle"} == {session.closed_by for session in closed}
    assert all(session.ended == session.last_seen for session in closed)


def test_events_close_sessions_and_starting_again_opens_them() -> None:
    """Qwen Code says that it ends after each prompt; only the last one counts."""
    found = ended("qwen-code-http", SECOND)

    assert [3, 2, 1, 1] == [session.starts for session in found]
    assert ["event"] * 4 == [session.closed_by for session in found]
    assert ["completed", "completed", "completed", "error"] == [session.exit_reason for session in found]


def test_a_session_that_ends_with_a_failed_job_ended_in_error() -> None:
    """The last job decides how a session ended that says nothing itself."""
    reasons = {session.session_id: session.exit_reason for session in ended("copilot-cli", IDLE + SECOND)}

    assert ["completed", "completed", "completed", "error"] == sorted(map(str, reasons.values()))
