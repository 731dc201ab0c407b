"""Write model calls and tool calls as rows of `model_calls` and `tool_calls`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from derive.costs import Cost
from derive.text import iso, json_text, milliseconds, preview
from mapping.calls import Call
from mapping.facts import Fact
from mapping.tools import ToolCall
from schema.derived import Row

Rows = dict[Row, Row]
NAMELESS: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Places:
    """Say which job, run of an agent and session each record belongs to, by its key.

    What a subagent did is part of the job and the session that started it, also when it names a session of its own.
    """

    jobs: dict[str, str]
    agents: dict[str, str]
    sessions: dict[str, str]

    def session(self, fact: Fact) -> str | None:
        """Give the session that a record's work is booked on."""
        return self.sessions.get(fact.key, fact.session_id)


def model_call_rows(calls: Iterable[tuple[Call, Cost]], places: Places) -> Rows:
    """Write model calls."""
    return {(call.fact.key,): _model_call(call, cost, places) for call, cost in calls}


def tool_call_rows(calls: Iterable[ToolCall], places: Places) -> Rows:
    """Write tool calls."""
    return {(call.fact.key,): _tool_call(call, places) for call in calls}


def status_of(fact: Fact) -> str:
    """Say how a call went."""
    return "error" if fact.failed else "ok"


def jobless(session_id: str | None) -> str:
    """Name what stands for a job where there is none (mapping.md H)."""
    return f"session:{session_id or 'none'}"


def _model_call(call: Call, cost: Cost, places: Places) -> Row:
    fact, model = call.fact, call.fact.model
    assert model is not None, "a model call says something of a model"
    tokens = model.tokens
    return (
        fact.key,
        places.session(fact),
        places.jobs.get(fact.key),
        fact.trace_id or None,
        fact.span_id or None,
        places.agents.get(fact.key),
        fact.agent_name,
        model.provider,
        model.model,
        model.request_model,
        model.response_id,
        iso(fact.start),
        milliseconds(fact.start, fact.end),
        tokens.input,
        tokens.output,
        tokens.cache_read,
        tokens.cache_write,
        tokens.reasoning,
        cost.nanos,
        cost.source,
        cost.version,
        model.finish_reason,
        status_of(fact),
        fact.error_type,
        fact.error_message,
        call.role,
        1,
        fact.emitter,
        json_text(call.sources),
    )


def _tool_call(call: ToolCall, places: Places) -> Row:
    fact, tool = call.fact, call.fact.tool
    assert tool is not None, "a tool call says something of a tool"
    return (
        fact.key,
        places.jobs.get(fact.key) or jobless(places.session(fact)),
        tool.name or NAMELESS,
        int(fact.failed),
        iso(fact.start),
        preview(tool.input),
        preview(tool.output),
        places.session(fact),
        tool.call_id,
        places.agents.get(fact.key),
        fact.agent_name,
        fact.trace_id or None,
        fact.span_id or None,
        milliseconds(fact.start, fact.end),
        "refused" if call.refused else status_of(fact),
        fact.error_type,
        fact.error_message,
        next(iter(tool.writes), None),
        fact.emitter,
        json_text(call.sources),
    )
