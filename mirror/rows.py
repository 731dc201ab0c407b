"""Write a session's facts as rows, and what is to be forgotten beside them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, Final

from mirror.checkpoints import is_done
from mirror.json_text import written
from mirror.session import Agent, Held, Session
from mirror.values import iso_nano
from schema.derived import (
    AGENT_LOG_ENTRIES,
    AGENTS,
    MIRROR_TROUBLES,
    MIRRORED,
    SESSION_AGENTS,
    SESSION_CHECKPOINTS,
    SESSION_PHASES,
    SESSIONS,
    Changes,
    Row,
    Step,
    Table,
    row,
)

READER: Final = b"1"
"""Changes whenever the same files would be read otherwise, so that they are."""
MOST_DATA: Final = 16 << 10
"""Characters of JSON text that are kept of one checkpoint, phase, agent or line."""


NO_LINE: Final = 999_999
"""More lines than are ever kept of a session."""


def digest(held: Held, project: str) -> str:
    """Name what a directory held: equal digests make equal rows."""
    told = blake2b(READER, digest_size=16)
    documents = repr([(one.name, one.size, one.modified_ns, one.title) for one in held.documents])
    for part in (project, held.path, documents, held.state, b"" if held.plan is None else held.plan):
        content = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        told.update(b"%d:" % len(content) + content)
    return told.hexdigest()


def session_changes(session: Session, held: Held, project: str, project_path: str, now: str) -> Changes:
    """Write all rows of a session."""
    own = {"session_id": session.session_id}
    agents = [asdict(one) for one in session.agents]
    put = {
        SESSIONS.name: [_session(session, held, project, now)],
        SESSION_CHECKPOINTS.name: _rows(SESSION_CHECKPOINTS, own, map(asdict, session.checkpoints)),
        SESSION_PHASES.name: _rows(SESSION_PHASES, own, map(asdict, session.phases)),
        SESSION_AGENTS.name: _rows(SESSION_AGENTS, own, agents),
        AGENTS.name: _agents(session),
        AGENT_LOG_ENTRIES.name: _lines(session),
    }
    steps = [*_forgetting(session), *_placing(session, held.path, project, project_path, now)]
    return Changes(put={name: rows for name, rows in put.items() if rows}, steps=steps)


def missing(path: str, now: str) -> Step:
    """Say that a session's directory is gone; its rows stay."""
    return Step("miss_session", {"path": path, "now": now})


def trouble(path: str, reason: str, now: str) -> Row:
    """Say why a directory cannot be read."""
    return row(MIRROR_TROUBLES, {"path": path, "reason": reason, "since": now})


def _session(session: Session, held: Held, project: str, now: str) -> Row:
    modified = iso_nano(held.modified_ns)
    documents = [
        {"name": one.name, "bytes": one.size, "modified_at": iso_nano(one.modified_ns), "title": one.title}
        for one in held.documents
    ]
    told = {name: getattr(session, name) for name in SESSIONS.columns if hasattr(session, name)}
    own = {
        "project_key": project,
        "title": session.title or PurePath(held.path).name,
        "checkpoint_count": len(session.checkpoints),
        "checkpoints_completed": sum(map(is_done, session.checkpoints)),
        "agent_count": len(session.agents),
        "updated_at": session.updated_at or modified,
        "path": held.path,
        "documents": written(documents),
        "data": written(session.rest),
        "read_at": now,
        "digest": digest(held, project),
    }
    return row(SESSIONS, {**told, **own})


def _rows(table: Table, own: dict[str, Any], items: Iterable[dict[str, Any]]) -> list[Row]:
    return [row(table, {**own, **item, "ordinal": at, "data": _data(item["data"])}) for at, item in enumerate(items)]


def _data(value: Any) -> str | None:
    if value is None:
        return None
    told = written(value)
    return told if len(told) <= MOST_DATA else None


def _agents(session: Session) -> list[Row]:
    """Write agents without tokens and money: what these are is counted by telemetry alone."""
    by_name = _agents_by_name(session.agents)
    return [row(AGENTS, _agent(session.session_id, one, by_name)) for one in session.agents]


def _agent(session_id: str, agent: Agent, by_name: Mapping[str, str]) -> dict[str, Any]:
    told = {name: getattr(agent, name) for name in ("agent_id", "name", "model", "status", "started_at", "ended_at")}
    parent = by_name.get(agent.parent_id or "")
    return {**told, "session_id": session_id, "parent_agent_id": parent, "emitter": MIRRORED}


def _agents_by_name(agents: Sequence[Agent]) -> dict[str, str]:
    return {name: one.agent_id for one in reversed(agents) for name in (one.name, one.told_id) if name}


def _lines(session: Session) -> list[Row]:
    by_name = _agents_by_name(session.agents)
    return [
        row(
            AGENT_LOG_ENTRIES,
            {
                "key": _line_key(session, at),
                "agent_id": by_name.get(line.agent or ""),
                "session_id": session.session_id,
                "timestamp": line.timestamp,
                "level": line.level,
                "event_type": line.event_type,
                "message": line.message,
                "data": _data(line.data),
                "emitter": MIRRORED,
            },
        )
        for at, line in enumerate(session.lines)
    ]


def _line_key(session: Session, at: int) -> str:
    return f"{MIRRORED}/{session.session_id}/{at:06}"


def _forgetting(session: Session) -> list[Step]:
    """Forget what the session no longer tells, and know the sessions of telemetry that it names."""
    own = {"session_id": session.session_id}
    return [
        Step("forget_checkpoints", {**own, "count": len(session.checkpoints)}),
        Step("forget_phases", {**own, "count": len(session.phases)}),
        Step("forget_session_agents", {**own, "count": len(session.agents)}),
        Step("forget_mirrored_agents", {**own, "kept": json.dumps([one.agent_id for one in session.agents])}),
        *(Step("link_session", {**own, "agent_session_id": link}) for link in session.links),
        Step("forget_links", {**own, "kept": json.dumps(session.links)}),
        Step("forget_lines", {"key": _line_key(session, len(session.lines)), "until": _line_key(session, NO_LINE)}),
    ]


def _placing(session: Session, path: str, project: str, project_path: str, now: str) -> list[Step]:
    """Know the project, and that no other session is in this directory any more."""
    name = PurePath(project).name or project
    return [
        Step("see_project", {"key": project, "name": name, "path": project_path, "now": now}),
        Step("miss_others", {"session_id": session.session_id, "path": path, "now": now}),
    ]
