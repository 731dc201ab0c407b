"""Shape what programs say of an agent's run: events, the entries that are kept of them, and sessions (seed 002)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

TRACED = (
    "trace_id",
    "parent_trace_id",
    "session_id",
    "timestamp",
    "duration_ms",
    "input_tokens",
    "output_tokens",
    "model_used",
    "provider_used",
    "estimated_cost_usd",
    "raw_input",
    "raw_output",
)
"""What an event may say of its entry."""


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid4())


@dataclass(slots=True)
class AgentEvent:
    """Hold something that an agent did; times are UTC, durations milliseconds, costs dollars."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    session_id: str | None = None
    timestamp: datetime = field(default_factory=_now)
    trace_id: str | None = None
    parent_trace_id: str | None = None
    duration_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model_used: str | None = None
    provider_used: str | None = None
    estimated_cost_usd: float | None = None
    raw_input: str | None = None
    raw_output: str | None = None

    @classmethod
    def model_selected(
        cls,
        model: str,
        provider: str | None = None,
        reason: str | None = None,
        session_id: str | None = None,
        **more: Any,
    ) -> Self:
        """Tell which model was chosen, and why."""
        data = {"model": model, "provider": provider, "reason": reason}
        return cls("model_selected", data, session_id, model_used=model, provider_used=provider, **more)

    @classmethod
    def model_switched(
        cls,
        from_model: str,
        to_model: str,
        reason: str | None = None,
        session_id: str | None = None,
        *,
        provider: str | None = None,
        **more: Any,
    ) -> Self:
        """Tell which model took the place of which, and why."""
        data = {"from_model": from_model, "to_model": to_model, "reason": reason}
        return cls("model_switched", data, session_id, model_used=to_model, provider_used=provider, **more)


@dataclass(slots=True)
class TraceEntry:
    """Hold one entry of a session's trace; `trace_id` names this entry, `parent_trace_id` the one that it is part of.

    Of inputs and outputs 4,096 bytes are kept. `counted` says whether its tokens and cost count in sums.
    """

    type: str
    session_id: str | None = None
    trace_id: str = field(default_factory=_new_id)
    parent_trace_id: str | None = None
    timestamp: datetime = field(default_factory=_now)
    duration_ms: float | None = None
    data: dict[str, Any] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    model_used: str | None = None
    provider_used: str | None = None
    estimated_cost_usd: float | None = None
    raw_input: str | None = None
    raw_output: str | None = None
    name: str | None = None
    kind: str | None = None
    status: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    job_id: str | None = None
    agent_id: str | None = None
    counted: bool = field(default=False, compare=False)
    cost_source: str | None = field(default=None, compare=False)
    emitter: str | None = field(default=None, compare=False)

    @classmethod
    def from_agent_event(cls, event: object) -> Self:
        """Make an entry of an event: any object with these attributes, or a mapping, whatever else it has."""
        told = {name: _told(event, name) for name in TRACED}
        data = _told(event, "data")
        kind = _told(event, "type")
        values = {name: value for name, value in told.items() if value is not None}
        return cls(
            type=str(getattr(kind, "value", kind)),
            data=dict(data) if isinstance(data, Mapping) else _held(data),
            **values,
        )

    @property
    def total_tokens(self) -> int | None:
        """Add the tokens up; None when none are known."""
        known = [count for count in (self.input_tokens, self.output_tokens) if count is not None]
        return sum(known) if known else None

    @property
    def is_error(self) -> bool:
        """Say whether it tells of a failure."""
        return self.status == "error"

    def values(self) -> dict[str, Any]:
        """Give what is to be saved."""
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.compare}
        return {name: value for name, value in told.items() if value is not None and value != {}}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Make an entry of a row."""
        values = {each.name: row[each.name] for each in fields(cls) if each.name in row}
        data = values.get("data")
        values["data"] = data if isinstance(data, dict) else _held(data)
        values["timestamp"] = datetime.fromisoformat(values["timestamp"])
        values["counted"] = bool(values["counted"])
        return cls(**values)


@dataclass(slots=True)
class TraceSession:
    """Hold a session with its sums, which are made when it is asked for; None is not known."""

    session_id: str
    agent_name: str
    started_at: datetime
    ended_at: datetime | None = None
    exit_reason: str | None = None
    status: str = "active"
    total_events: int = 0
    total_tokens: int = 0
    total_cost_usd: float = 0.0

    @property
    def duration_ms(self) -> float | None:
        """Give how long it took; None while it goes on."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds() * 1000

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Make a session of a row."""
        ended = row["ended_at"]
        return cls(
            session_id=row["session_id"],
            agent_name=row["agent_name"],
            started_at=datetime.fromisoformat(row["started_at"]),
            ended_at=datetime.fromisoformat(ended) if ended else None,
            exit_reason=row["exit_reason"],
            status=row["status"],
            total_events=row["total_events"] or 0,
            total_tokens=row["total_tokens"] or 0,
            total_cost_usd=row["cost_usd"] or 0.0,
        )


def _told(event: object, name: str) -> Any:
    """Read what an event says, an object's attribute or a mapping's value; None when it does not."""
    return event.get(name) if isinstance(event, Mapping) else getattr(event, name, None)


def _held(data: object) -> dict[str, Any]:
    """Give data a name when it has none."""
    return {} if data is None else {"value": data}
