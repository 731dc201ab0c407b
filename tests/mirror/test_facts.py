"""Mirror `mirror.facts`: what session directories tell is understood in every shape that is known, and lost in none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror import fields
from mirror.facts import MOST_REST, NotASession, read_session
from mirror.rows import digest, session_changes
from mirror.session import Document, Held, Session
from tests.support import sessions

NAME = "2026-02-16_session-database-tracking-necessity_j3ehqn"
FIRST_VERSION = {
    "session_id": "2025-12-28_build-mode_f8k2n5",
    "topic": "Build Mode for session",
    "granularity": "feature",
    "parent_session": "2025-12-24_enhancing-plan-mode_k7m3x9",
    "current_phase": "complete",
    "phases": {
        "spec": {"status": "finalized", "started_at": "2025-12-28T12:00:00Z", "finalized_at": "2025-12-28T13:10:00Z"},
        "build": {"status": "completed", "started_at": "2025-12-28T13:40:00Z", "completed_at": "2025-12-28T14:00:00Z"},
    },
    "goals": {"high_level": ["Execute plans"]},
    "key_decisions": [{"decision": "User in the loop", "made_at": "2025-12-28T12:30:00Z"}],
    "plan_state": {"status": "completed", "current_checkpoint": None, "checkpoints_completed": [1, 2, 3, 4]},
}
FLAT = {
    "schema_version": "1.0",
    "session_id": "2025-12-27-abc123",
    "created": "2025-12-27T10:30:00Z",
    "updated": "2025-12-27T11:45:00Z",
    "project": {"name": "aiterm", "path": "/somewhere/aiterm", "git_branch": "dev"},
    "goal": "Add sensitivity analysis",
    "status": "in_progress",
    "agents": [{"id": "arch-1", "type": "arch", "status": "complete", "context_tokens": 1500}],
}
NESTED = {
    "session": {"id": "s-1", "title": "Nested"},
    "status": {"currentPhase": "BUILD", "phases": {"vision": "completed", "build": "in_progress"}},
    "phaseHistory": [{"phase": "vision", "timestamp": "2026-01-01T00:00:00Z"}, ["build", 1771276457]],
}


def read(told: object, *, plan: object = None, documents: tuple[Document, ...] = ()) -> Session:
    """Read a state."""
    written = None if plan is None else json.dumps(plan).encode()
    return read_session(Held(f"/shop/agents/sessions/{NAME}", json.dumps(told).encode(), 1, written, documents))


def test_the_second_version() -> None:
    """The state of seed 001's own orchestrator: phase, times, checkpoints by their plan's names, commits."""
    plan = {"checkpoints": [{"id": 1, "title": "Add the callback", "status": "pending"}, {"id": 2, "title": "Open"}]}
    found = read(sessions.state(NAME), plan=plan)

    assert (NAME, "build", "active", "full") == (found.session_id, found.phase, found.status, found.session_type)
    assert ("2026-02-16T21:14:17.000000Z", "2026-02-17T01:15:00.000000Z") == (found.started_at, found.updated_at)
    assert [
        ("1", "Add the callback", "completed"),
        ("2", "Open", "completed"),
        ("3", None, "in_progress"),
        ("4", None, "pending"),
    ] == [(one.checkpoint_id, one.title, one.status) for one in found.checkpoints]
    assert [("spec", "completed"), ("build", "in_progress"), ("docs", None)] == [
        (one.phase, one.status) for one in found.phases
    ]
    assert [("commit", "add it")] == [(line.event_type, line.message) for line in found.lines]
    assert ("main", "3") == (found.git_branch, found.current_checkpoint)
    assert {"$schema", "build_progress", "git"} == found.rest.keys()


def test_the_first_version() -> None:
    """Phases with a state each, decisions, and checkpoints of which only the number is known."""
    found = read(FIRST_VERSION)

    assert ("complete", "2025-12-24_enhancing-plan-mode_k7m3x9") == (found.phase, found.parent_session_id)
    assert [("spec", "finalized"), ("build", "completed"), ("complete", "in_progress")] == [
        (one.phase, one.status) for one in found.phases
    ]
    assert ["completed"] * 4 == [one.status for one in found.checkpoints]
    assert [("decision", "User in the loop")] == [(line.event_type, line.message) for line in found.lines]
    assert {"goals", "plan_state"} == found.rest.keys()


def test_a_flat_state_with_agents() -> None:
    """Other names for the same facts, and agents with their states in the words of `agents`."""
    found = read(FLAT)

    assert ("aiterm", "Add sensitivity analysis", "in_progress") == (found.project, found.title, found.status)
    assert ("2025-12-27T10:30:00.000000Z", "2025-12-27T11:45:00.000000Z") == (found.started_at, found.updated_at)
    (agent,) = found.agents
    assert ("2025-12-27-abc123/arch-1", "arch", "completed") == (agent.agent_id, agent.role, agent.status)
    assert {"schema_version", "project"} == found.rest.keys()


def test_facts_inside_others() -> None:
    """Facts may stand in an object of their own; a list of visits tells when phases began."""
    found = read(NESTED)

    assert ("s-1", "Nested", "build") == (found.session_id, found.title, found.phase)
    assert [
        ("vision", "completed", "2026-01-01T00:00:00.000000Z"),
        ("build", "in_progress", "2026-02-16T21:14:17.000000Z"),
    ] == [(one.phase, one.status, one.started_at) for one in found.phases]


def test_what_is_not_told() -> None:
    """The directory names the session, a document gives it a title, and running phases say which one it is in."""
    found = read(
        {"phases": {"plan": {"started_at": "2026-01-01"}}}, documents=(Document("spec.md", 7, 1, "The title"),)
    )

    assert (NAME, "The title", "plan", None) == (found.session_id, found.title, found.phase, found.status)
    assert [NAME] == found.links


def test_links() -> None:
    """Sessions of telemetry are named by the session and by its agents; its own id is always among them."""
    told = {
        "session_id": "w",
        "phase": "build",
        "sdk_session_id": "one",
        "claude_sessions": ["two", {"id": "three"}],
        "agents": [{"name": "a", "session_id": "w"}, {"name": "b", "session_id": "four", "status": "running"}],
    }
    found = read(told)

    assert ["w", "one", "two", "three", "four"] == found.links
    assert ["w/a", "four:main"] == [agent.agent_id for agent in found.agents]


@pytest.mark.parametrize("told", [{}, {"theme": "dark"}, {"version": 4, "resources": []}])
def test_another_programs_state(told: object) -> None:
    """A file that tells of no session is none."""
    with pytest.raises(NotASession, match="tells of no session"):
        read(told)


def test_a_flood_of_the_unknown_is_bounded() -> None:
    """Of what is not understood the largest is left out by name when it is too much."""
    found = read({"phase": "build", "small": 1, "huge": "x" * MOST_REST, "other": ["y" * 1000] * 3})

    assert {"small": 1, "other": ["y" * 1000] * 3, "left_out": ["huge"]} == found.rest


def test_a_broken_plan_costs_nothing() -> None:
    """A plan that cannot be read is as good as none."""
    held = Held("/s", b'{"phase": "build", "checkpoints_total": 1}', 1, b"{")

    assert ["1"] == [one.checkpoint_id for one in read_session(held).checkpoints]


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NAMES = st.sampled_from(
    (
        *fields.PHASE,
        *fields.STATUS,
        *fields.CREATED,
        *fields.ENDED,
        *fields.INSIDE,
        *fields.PROGRESS,
        *fields.CHECKPOINTS,
        *fields.CHECKPOINTS_DONE,
        *fields.CHECKPOINTS_TOTAL,
        *fields.CHECKPOINT_NOW,
        *fields.PHASES,
        *fields.PHASES_DONE,
        *fields.AGENTS,
        *fields.AGENT_ID,
        *fields.SESSION_LINKS,
        *fields.LINES,
        *fields.TOLD_APART,
        "usage",
        "git",
    )
)
keys = NAMES | st.text(max_size=8)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=15
)


@given(st.dictionaries(keys, anything, max_size=10), anything)
def test_any_json_is_read(told: dict[str, Any], plan: object) -> None:
    """No JSON makes the reader fail, its rows can be written, and what is known for certain survives."""
    told = {
        **told,
        "session_id": "s-1",
        "current_phase": "Build",
        "checkpoints": ["one", {"id": "x", "status": "done"}],
    }
    held = Held("/s", json.dumps(told).encode("utf-8", "replace"), 1, json.dumps(plan).encode("utf-8", "replace"))
    found = read_session(held)
    changes = session_changes(found, held, "/p", "/p", "2026-01-01T00:00:00.000000Z")

    assert ("s-1", "build") == (found.session_id, found.phase)
    assert {"one", None} & {one.title for one in found.checkpoints}
    assert "x" in {one.checkpoint_id for one in found.checkpoints}
    for rows in changes.put.values():
        for row in rows:
            assert all(isinstance(value, str | int | float | None) for value in row)
            "".join(value for value in row if isinstance(value, str)).encode()
            assert all(-(1 << 63) <= value < 1 << 63 for value in row if isinstance(value, int))


@given(st.dictionaries(st.text(max_size=8), anything, max_size=4))
def test_nothing_unknown_is_lost(told: dict[str, Any]) -> None:
    """What no column tells is in the rest, or in the rows of a list."""
    state = {**told, "phase": "build"}
    found = read(state)
    kept = {key for key, value in state.items() if key in found.rest or value is None or key == "phase"}
    gone = state.keys() - kept

    assert all(not isinstance(state[key], dict) for key in gone if key not in {"agents", "phases", "checkpoints"})


def test_a_digest_names_what_was_held() -> None:
    """Anything that makes other rows makes another digest."""
    held = Held("/s", b"{}", 1, b"{}", (Document("spec.md", 1, 2, "T"),))
    others = [
        (Held("/t", b"{}", 1, b"{}", held.documents), "p"),
        (Held("/s", b"{ }", 1, b"{}", held.documents), "p"),
        (Held("/s", b"{}", 1, None, held.documents), "p"),
        (Held("/s", b"{}", 1, b"{}", ()), "p"),
        (held, "q"),
    ]

    assert digest(held, "p") == digest(Held("/s", b"{}", 1, b"{}", (Document("spec.md", 1, 2, "T"),)), "p")
    assert 6 == len({digest(held, "p"), *(digest(one, project) for one, project in others)})
