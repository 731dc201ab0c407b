"""What no table can say: one small function for each exception, by emitter (mapping.md B.5, corpus finding 4)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mapping.fields import Reading
from mapping.parts import Asked
from mapping.record import parsed

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
REFUSED: Final = "reject"
CURRENT_AGENT: Final = re.compile(r"current_agent_name='([^']*)'\)\Z")
BEGINNINGS: Final = frozenset(("BaseWorkflowAgent.init_run", "AgentWorkflow.init_run"))
RESPONSE: Final = re.compile(r"(resp|chatcmpl|msg)[_-]")


def session_of(reading: Reading) -> str | None:
    """Give the session that a record names itself."""
    told = reading.text("identity.session_id")
    check = SESSIONS.get(reading.origin.emitter.id)
    return told if told is not None and (check is None or check(told)) else None


def kind_by(reading: Reading, kind: str) -> str:
    """Give the kind that the record's values decide."""
    decide = KINDS.get(reading.origin.emitter.id)
    return decide(reading, kind) if decide else kind


def asked_by(reading: Reading, asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """Give calls the ids that the record has beside the messages, where those have the ids of items instead."""
    told = reading.record.attributes.get("gen_ai.tool.call.id")
    ids = told.split(", ") if reading.origin.emitter.id == "openlit" and isinstance(told, str) else ()
    if len(ids) != len(asked):
        return asked
    return tuple(replace(call, call_id=call_id) for call, call_id in zip(asked, ids, strict=True))


def tool_by(reading: Reading, name: str | None) -> str | None:
    """Give the tool's own name where a word stands for it."""
    decide = TOOLS.get(reading.origin.emitter.id)
    return decide(reading, name) if decide else name


def agent_by(reading: Reading) -> str | None:
    """Give the agent's name where an instrumentation has it in no key of its own."""
    decide = AGENTS.get(reading.record.scope)
    return decide(reading) if decide else None


def _smolagents_agent(reading: Reading) -> str | None:
    """Read the name in front of the method's that a run's span is named after."""
    name, method, behind = reading.record.name.rpartition(".run")
    return name if method and not behind and "smolagents.max_steps" in reading.record.attributes else None


def _llama_index_agent(reading: Reading) -> str | None:
    """Read it in the written-out event that a run begins with."""
    told = reading.record.attributes.get("output.value") if reading.record.name in BEGINNINGS else None
    found = CURRENT_AGENT.search(told) if isinstance(told, str) else None
    return found[1] if found else None


def _codex_kind(reading: Reading, kind: str) -> str:
    """Of the events and spans for each part of a stream only the one that counts the tokens is the call."""
    attributes = reading.record.attributes
    if kind == "sse":
        return "llm" if "input_token_count" in attributes else "other"
    if kind == "llm":
        return "llm" if "gen_ai.usage.input_tokens" in attributes else "other"
    return kind


def _claude_code_kind(reading: Reading, kind: str) -> str:
    """Make a tool call of a decision that refused it: nothing else tells of it. Others have an event of their own."""
    refused = not reading.record.is_span and kind == "tool_part" and reading.text("tool_calls.decision") == REFUSED
    return "tool" if refused else kind


def _claude_code_tool(reading: Reading, name: str | None) -> str | None:
    """Events hide the name of a user's MCP tool behind a word; with its parts, give it as spans have it."""
    if name != "mcp_tool":
        return name
    parts = parsed(reading.record.attributes.get("tool_parameters"))
    told = [parts.get(f"mcp_{part}_name") for part in ("server", "tool")] if isinstance(parts, dict) else []
    return f"mcp__{told[0]}__{told[1]}" if all(told) and told else name


def _mastra_kind(reading: Reading, kind: str) -> str:
    """Before the exporter's 1.0 nothing was inside a step, and only the response as it came tells of its tokens."""
    attributes = reading.record.attributes
    is_old = attributes.get("gen_ai.operation.name") == "model.step"
    return "chain" if is_old and kind == "llm" and "body" not in attributes else kind


SESSIONS: Final[dict[str, Callable[[str], bool]]] = {
    "codex": lambda told: UUID.fullmatch(told) is not None,
    "maf": lambda told: RESPONSE.match(told) is None,
}
"""Codex has the number of a worker thread under the session's key, the agent framework a response's id."""
KINDS: Final[dict[str, Callable[[Reading, str], str]]] = {
    "codex": _codex_kind,
    "claude_code": _claude_code_kind,
    "mastra": _mastra_kind,
}
AGENTS: Final[dict[str, Callable[[Reading], str | None]]] = {
    "openinference.instrumentation.smolagents": _smolagents_agent,
    "openinference.instrumentation.llama_index": _llama_index_agent,
}
TOOLS: Final[dict[str, Callable[[Reading, str | None], str | None]]] = {"claude_code": _claude_code_tool}
