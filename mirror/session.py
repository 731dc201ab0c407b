"""Shape what a session directory tells: what it held, and the facts in it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """Name a file beside `state.json`; the title is its first heading, of Markdown alone."""

    name: str
    size: int
    modified_ns: int
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Hold what was read from a session directory; times are Unix nanoseconds."""

    path: str
    state: bytes
    modified_ns: int
    plan: bytes | None = None
    documents: tuple[Document, ...] = ()


@dataclass(slots=True)
class Checkpoint:
    """Hold one step of a session's plan."""

    checkpoint_id: str
    title: str | None = None
    status: str | None = None
    phase: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    data: Any = None


@dataclass(slots=True)
class Phase:
    """Hold one phase that a session went or will go through."""

    phase: str
    status: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Agent:
    """Hold what a session says of one of its agents."""

    agent_id: str
    told_id: str | None
    parent_id: str | None
    own_session: str | None
    name: str | None
    role: str | None
    model: str | None
    status: str | None
    phase: str | None
    checkpoint_id: str | None
    task: str | None
    error_message: str | None
    started_at: str | None
    ended_at: str | None
    told_input_tokens: int | None
    told_output_tokens: int | None
    told_cost_usd: float | None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line of a session's history."""

    timestamp: str | None
    level: str
    event_type: str | None
    message: str | None
    agent: str | None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Session:
    """Hold the facts of a session; `rest` is what nothing was made of."""

    session_id: str
    project: str | None
    title: str | None
    description: str | None
    phase: str | None
    status: str | None
    session_type: str | None
    current_checkpoint: str | None
    started_at: str | None
    updated_at: str | None
    ended_at: str | None
    previous_session_id: str | None
    parent_session_id: str | None
    git_branch: str | None
    checkpoints: list[Checkpoint] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)
