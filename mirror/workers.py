"""Read what a session says of its agents, and of the sessions of telemetry that it is made of."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from mirror import fields
from mirror.fields import first
from mirror.session import Agent
from mirror.values import Object, entries, identifier, moment, named, number, text, whole, word

MOST: Final = 1_000
FAR_AND_WIDE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}|[A-Za-z0-9]{20}")
"""An id of this kind is nobody else's; any other is told apart by its session."""
RUNNING: Final = ("running", "in_progress", "active", "started", "working", "busy", "executing")
WELL: Final = ("completed", "complete", "done", "finished", "success", "succeeded", "ok", "passed")
BADLY: Final = ("failed", "failure", "fail", "error", "errored", "crashed", "timeout", "timed_out")
STOPPED: Final = ("cancelled", "canceled", "aborted", "stopped", "interrupted", "killed", "skipped")
STATUSES: Final = {
    told: status
    for status, words in (("running", RUNNING), ("completed", WELL), ("failed", BADLY), ("cancelled", STOPPED))
    for told in words
}
"""The words that `agents.status` has for what telemetry tells."""


def read_agents(sources: Sequence[Object], session_id: str) -> list[Agent]:
    """Give agents in the order in which they are told, each under the id that telemetry would know it by."""
    told = [
        (key, value)
        for source in sources
        for name in fields.AGENTS
        for key, value in entries(source.get(name), most=MOST)
    ]
    return [_agent(session_id, key, value, at) for at, (key, value) in enumerate(told[:MOST], 1)]


def read_links(sources: Sequence[Object], session_id: str, agents: Iterable[Agent]) -> list[str]:
    """Name the sessions of telemetry that belong to a session, its own id first."""
    told = [which for source in sources for name in fields.SESSION_LINKS for which in _sessions(source.get(name))]
    own = [one.own_session for one in agents if one.own_session]
    return list(dict.fromkeys((session_id, *told, *own)))[:MOST]


def _sessions(value: Any) -> Iterator[str]:
    if (one := identifier(value)) is not None:
        yield one
    for key, inner in entries(value, most=MOST):
        which = first(named(inner), ("id", *fields.AGENT_SESSION), identifier) or identifier(inner)
        if which is not None or key is not None:
            yield which or str(key)


def _agent(session_id: str, key: str | None, value: Any, at: int) -> Agent:
    told = named(value) if isinstance(value, Mapping) else _short(key, value)
    told_id = first(told, fields.AGENT_ID, identifier) or identifier(key)
    own = next(
        (one for name in fields.AGENT_SESSION if (one := identifier(told.get(name))) and one != session_id), None
    )
    usage = named(told.get("usage")) or named(told.get("tokens"))
    status = first(told, ("status", "state", "outcome"), word)
    name = first(told, fields.AGENT_NAME, text)
    return Agent(
        agent_id=_known_as(session_id, told_id or name or str(at), own),
        told_id=told_id,
        parent_id=first(told, ("parent_agent_id", "parent_id", "parent"), identifier),
        own_session=own,
        name=name or first(told, fields.AGENT_ROLE, text) or told_id,
        role=first(told, fields.AGENT_ROLE, text),
        model=first(told, fields.MODEL, text),
        status=STATUSES.get(status or "", status),
        phase=first(told, ("phase", "stage"), word),
        checkpoint_id=first(told, ("checkpoint", "checkpoint_id"), identifier),
        task=first(told, fields.TASK, text),
        error_message=first(told, fields.ERROR, text),
        started_at=first(told, fields.STARTED, moment),
        ended_at=first(told, fields.ENDED, moment),
        told_input_tokens=first({**usage, **told}, fields.INPUT, whole),
        told_output_tokens=first({**usage, **told}, fields.OUTPUT, whole),
        told_cost_usd=first({**usage, **told}, fields.COST, number),
        data=value if isinstance(value, Mapping) else None,
    )


def _short(key: str | None, value: object) -> dict[str, Any]:
    """Read an agent that is only a name, or a name and a status."""
    return {"name": value} if key is None else {"id": key, "status": value}


def _known_as(session_id: str, told: str, own_session: str | None) -> str:
    """Give the id of an agent's row: its own session's main thread, its own id when that is unique, or a longer one."""
    if own_session is not None:
        return f"{own_session}:main"
    return told if FAR_AND_WIDE.search(told) else f"{session_id}/{told}"
