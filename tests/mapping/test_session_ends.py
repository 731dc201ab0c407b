"""How sessions open and close in what 40 runtimes sent."""

import pytest

from mapping.facts import Fact, Model
from mapping.identity import Identity
from mapping.session_ends import Session, sessions
from mapping.sessions import SYNTHETIC
from mapping.tokens import Tokens
from tests.mapping.test_jobs import told
from tests.mapping.test_sessions import UNNAMED
from tests.support.corpus import SOURCES, source
from tests.support.facts import event, says, span
from tests.support.meaning import story

SECOND = 1_000_000_000
IDLE = 1800 * SECOND
UNTOLD = {"gemini-cli-http": 1, "codex-cli-grpc": 1, "codex-cli-http-json": 1}
"""Sessions whose only turn failed, of which nothing was sent."""
INNER = {"codex-cli-grpc", "codex-cli-http-json", "google-adk", "opencode", "pydantic-ai-latest", "vercel-ai-v5"}
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
    assert not outer - held
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


def at(found: list[Fact], now: int) -> dict[str, Session]:
    """Give the sessions of facts by name at a time, when a minute is long."""
    held = story(found)
    return {
        session.session_id: session
        for session in sessions(held.facts, held.calls, held.jobs, now=now, idle=60 * SECOND)
    }


def test_what_follows_closes_what_it_names() -> None:
    """A session that says which one it goes on from ends that one with its last record."""
    found = at(
        [
            span("1", session_id="old"),
            event("other", 9 * SECOND, session_id="new", identity=Identity(previous_session_id="old")),
        ],
        10 * SECOND,
    )

    assert ("next", SECOND, "completed") == (found["old"].closed_by, found["old"].ended, found["old"].exit_reason)
    assert ("old", None) == (found["new"].previous_id, found["new"].closed_by)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (None, "completed"),
        ("Success", "completed"),
        ("Fail", "error"),
        ("user_abort", "interrupted"),
        ("TIMEOUT", "timeout"),
        ("context_limit", "context_limit"),
    ],
)
def test_the_senders_word_decides_why_a_session_ended(word: str | None, reason: str) -> None:
    """Each program has its own words."""
    told = [
        span("1", session_id="one"),
        event("other", 9 * SECOND, session_id="one", identity=says("end", 9 * SECOND, word)),
    ]

    assert (reason, "event") == (at(told, 10 * SECOND)["one"].exit_reason, at(told, 10 * SECOND)["one"].closed_by)


def test_what_comes_later_opens_a_session_again() -> None:
    """After its end a new prompt or a new start leaves it open; a mere straggler does not."""
    ending = [
        span("1", session_id="one"),
        event("other", 9 * SECOND, session_id="one", identity=says("end", 9 * SECOND)),
    ]
    straggler = event("other", 11 * SECOND, session_id="one")
    prompt = event("prompt", 12 * SECOND, session_id="one")

    assert "event" == at([*ending, straggler], 13 * SECOND)["one"].closed_by
    assert at([*ending, straggler, prompt], 13 * SECOND)["one"].closed_by is None


def test_an_answer_that_was_cut_off_ended_for_want_of_room() -> None:
    """The last call's finish reason says more than the last job does."""
    model = Model("openai", "gpt-4o", None, None, "length", None, Tokens(input=9, output=1))
    told = [span("1", session_id="one"), span("2", "1", kind="llm", session_id="one", model=model)]

    assert "context_limit" == at(told, 100 * SECOND)["one"].exit_reason
