"""Make writes about sessions: start, change, end (seed 003)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.bodies import fields
from api.checks import Fields, json_text
from api.writing import Moment, Told, Write, telling
from core.errors import Invalid
from schema.derived import Changes, Step

EXIT_REASONS: Final = ("completed", "interrupted", "error", "timeout", "context_limit")
UNKNOWN: Final = "unknown"
ABOUT: Final = ("model_tier", "parent_session_id", "project_key", "user_id")
STARTED: Final = fields(
    (
        ("session_id", "id", "The session's unique name; without it one is made."),
        ("agent_name", "id"),
        ("workspace_path", "text"),
        ("started_at", "time", "When it began; by default now."),
        *((name, "text") for name in ABOUT),
    ),
    table="agent_sessions",
)
ENDED: Final = fields(
    (
        ("session_id", "id!"),
        ("exit_reason", "exit_reason"),
        ("ended_at", "time", "When it ended; by default now."),
    ),
    table="agent_sessions",
)
CHANGED: Final = fields(
    (("session_id", "id!"), ("issues_claimed", "texts"), ("skills_used", "texts"), ("context_tokens", "whole")),
    table="agent_sessions",
)


def start(values: Mapping[str, Any], moment: Moment) -> Write:
    """Start a session; one that is there already stays as it is, and the answer says so."""
    told = Fields(values, known=STARTED)
    session = told.id("session_id") or moment.new_id()
    bound = {
        "session_id": session,
        "agent_name": told.id("agent_name") or UNKNOWN,
        "workspace_path": told.text("workspace_path") or "",
        "started_at": told.time("started_at") or moment.now,
        **{name: told.text(name) for name in ABOUT},
    }

    def answer(counts: Sequence[int]) -> Told:
        return {"session_id": session, "created": bool(counts[0])}

    return Write(Changes(steps=[Step("open_session", bound)]), answer)


def end(values: Mapping[str, Any], moment: Moment) -> Write:
    """End a session for one of the five reasons."""
    told = Fields(values, known=ENDED)
    session = told.needed("session_id")
    bound = {
        "session_id": session,
        "ended_at": told.time("ended_at") or moment.now,
        "exit_reason": told.one_of("exit_reason", EXIT_REASONS) or EXIT_REASONS[0],
    }
    return _change("end_session", bound, ended_at=bound["ended_at"], exit_reason=bound["exit_reason"])


def change(values: Mapping[str, Any], _moment: Moment) -> Write:
    """Set the issues that a session claimed, the skills that it used, the tokens of its context."""
    told = Fields(values, known=CHANGED)
    lists = {name: told.texts(name) for name in ("issues_claimed", "skills_used")}
    tokens = told.whole("context_tokens")
    if tokens is None and not any(items is not None for items in lists.values()):
        raise Invalid(f"nothing to change is given; the fields are {', '.join(one.field for one in CHANGED[1:])}")
    bound: dict[str, Any] = {"session_id": told.needed("session_id"), "context_tokens": tokens}
    for name, items in lists.items():
        bound[name] = None if items is None else json_text(dict.fromkeys(items))
    return _change("change_session", bound)


def seen(session_id: str, at: str) -> Step:
    """Know a session by something that is told of it."""
    return Step("see_session", {"session_id": session_id, "started_at": at})


def missing(session_id: str) -> str:
    """Say that there is no such session."""
    return f"there is no session {session_id!r}; `spanledger sessions` lists them"


def _change(name: str, bound: Mapping[str, Any], **told: Any) -> Write:
    session = bound["session_id"]
    return Write(Changes(steps=[Step(name, bound, missing=missing(session))]), telling(session_id=session, **told))
