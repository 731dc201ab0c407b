"""Tell the story in log events; each carries the documented attributes with every gate for content open.

The events about tools and prompts write their numbers as text, those about requests write numbers.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from tests.recordings.claude_code.story import MS, SCENARIO, Process, Request, Turn, Use

SCOPE: Final = "com.anthropic.claude_code.events"
Told = Iterator[tuple[int, str, dict[str, Any]]]
"""When, the event's bare name, and what it says beside the standard attributes."""


def log_records(process: Process, contexts: Mapping[int, Context]) -> list[ReadableLogRecord]:
    """Emit a process's events; `contexts` gives the span that is active in a turn, by the turn's number."""
    kept = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # it says nothing of its types
    provider = LoggerProvider(resource=Resource(SCENARIO["resource"]), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    logger = provider.get_logger(SCOPE, SCENARIO["resource"]["service.version"])
    told = ((turn, event) for turn in process.turns for event in _turn(turn))
    for sequence, (turn, (time, name, attributes)) in enumerate(sorted(told, key=lambda pair: pair[1][0])):
        standard = {
            **SCENARIO["standard"],
            "session.id": process.session,
            "event.name": name,
            "event.timestamp": _iso(time),
            "event.sequence": sequence,
            "prompt.id": turn.id,
        }
        logger.emit(
            timestamp=time,
            observed_timestamp=time,
            context=contexts.get(turn.number, Context()),
            body=f"claude_code.{name}",
            attributes={**standard, **attributes},
        )
    return list(kept.get_finished_logs())


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time // MS / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms(began: int, ended: int) -> int:
    return (ended - began) // MS


def _turn(turn: Turn) -> Told:
    yield turn.began, "user_prompt", {"prompt_length": str(len(turn.prompt)), "prompt": turn.prompt}
    for step in turn.steps:
        yield from _request(step)


def _request(request: Request) -> Told:
    if not request.ok:
        yield from _failed(request)
        return
    usage = request.usage
    numbers = {
        "cost_usd": usage.micros / 1e6,
        "cost_usd_micros": usage.micros,
        "duration_ms": _ms(request.began, request.ended),
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cache_read,
        "cache_creation_tokens": usage.cache_creation,
    }
    yield request.ended, "api_request", {**_about(request), **numbers}
    if request.text:
        answer = {"response_length": str(len(request.text)), "response": request.text}
        about = {"model": request.model, "request_id": request.id, "query_source": request.source}
        yield request.ended + MS, "assistant_response", {**answer, **about}
    if "compaction" in request.told:
        duration = _ms(request.began, request.ended)
        yield (
            request.ended + MS,
            "compaction",
            {**request.told["compaction"], "success": "true", "duration_ms": duration},
        )
    for use in request.uses:
        yield from _use(use)


def _about(request: Request) -> dict[str, Any]:
    about = {
        "model": request.model,
        "request_id": request.id,
        "client_request_id": request.client_ids[-1],
        "speed": "normal",
        "query_source": request.source,
        "effort": "high",
    }
    agent = {"agent.name": request.agent.type} if request.agent else {}
    skill = {"skill.name": request.told["skill"]} if "skill" in request.told else {}
    return {**about, **agent, **skill}


def _failed(request: Request) -> Told:
    about = {"error": request.told["error"], "status_code": request.statuses[-1]}
    duration, attempts = _ms(request.began, request.ended), len(request.statuses)
    yield request.ended, "api_error", {**_about(request), **about, "duration_ms": duration, "attempt": attempts}
    totals = {"total_attempts": attempts, "total_retry_duration_ms": duration, "speed": "normal"}
    yield request.ended + MS, "api_retries_exhausted", {"model": request.model, **about, **totals}


def _use(use: Use) -> Told:
    name = "mcp_tool" if use.name.startswith("mcp__") else use.name
    about = {"tool_name": name, "tool_use_id": use.id, "tool_parameters": json.dumps(_parameters(use))}
    decision = {"decision": "reject" if use.rejected else "accept", "source": use.told.get("source", "config")}
    source = {"tool_source": "mcp" if name == "mcp_tool" else "builtin"}
    yield use.decided, "tool_decision", {**about, **decision, **source}
    if "skill" in use.told:
        activated = {"skill.name": use.told["skill"], "invocation_trigger": "claude-proactive"}
        yield use.decided + MS, "skill_activated", {**activated, "skill.source": "projectSettings"}
    for step in use.steps:
        yield from _request(step)
    if not use.rejected:
        yield use.ended, "tool_result", {**about, **_result(use)}
    if use.child and use.steps:
        yield use.ended, "subagent_completed", _completed(use)


def _parameters(use: Use) -> dict[str, Any]:
    told = use.told["input"]
    if use.name == "Bash":
        command = told["command"]
        return {"bash_command": command.split()[0], "full_command": command, "description": told["description"]}
    if use.name.startswith("mcp__"):
        _, server, tool = use.name.split("__")
        return {"mcp_server_name": server, "mcp_tool_name": tool}
    kept = {"Skill": {"skill_name": told.get("skill")}, "Agent": {"subagent_type": told.get("subagent_type")}}
    return kept.get(use.name, {})


def _result(use: Use) -> dict[str, Any]:
    failed: dict[str, str] = {key: value for key, value in use.told.items() if key in ("error_type", "error")}
    return {
        "success": "true" if use.ok else "false",
        "duration_ms": str(_ms(use.decided, use.ended)),
        **failed,
        "decision_type": "accept",
        "decision_source": use.told.get("source", "config"),
        "tool_input_size_bytes": str(len(use.input)),
        "tool_result_size_bytes": str(len(use.told.get("result", ""))),
        "tool_input": use.input,
    }


def _completed(use: Use) -> dict[str, Any]:
    assert use.child is not None
    return {
        "agent_type": use.child.type,
        "agent.source": "built-in",
        "is_built_in": True,
        "is_async": False,
        "total_tokens": use.steps[-1].usage.footprint,
        "total_tool_uses": sum(len(step.uses) for step in use.steps),
        "duration_ms": _ms(use.decided, use.ended),
        "model": use.steps[0].model,
        "final_model": use.steps[-1].model,
        "model_swapped": False,
    }
