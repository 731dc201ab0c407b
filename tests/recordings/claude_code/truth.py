"""Say what really happened in the story, in the form of the corpus; nothing is read from telemetry."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from tests.recordings.claude_code.story import SCENARIO, Process, Request, Turn, Use, all_requests

NOTE = "Built from documentation, not recorded; a refused tool call is under `rejected`, for it never ran."


def truth(name: str, processes: Sequence[Process]) -> dict[str, Any]:
    """Tell of the whole story."""
    turns = [(process, turn) for process in processes for turn in process.turns]
    asked = [(process, turn, one) for process, turn in turns for one in all_requests(turn.steps)]
    calls = _calls(asked)
    uses = [(process, turn, one, use) for process, turn, one in asked for use in one.uses]
    ran = [_tool(*use) for use in uses if not use[3].rejected]
    return {
        "source": name,
        "sessions": _sessions(processes),
        "turns": [_turn(process, turn) for process, turn in turns],
        "llm_calls": calls,
        "tool_calls": ran,
        "rejected": [_tool(*use) for use in uses if use[3].rejected],
        "sub_agents": [_sub_agent(*use) for use in uses if use[3].child],
        "compactions": [{"turn": turn.number, "session": p.session} for p, turn, r in asked if "compaction" in r.told],
        "skills": [{"turn": turn.number, "name": use.told["skill"]} for _, turn, _, use in uses if "skill" in use.told],
        "errors": _errors(calls, ran),
        "totals": _totals(processes, calls, ran),
        "notes": [NOTE],
    }


def _sessions(processes: Sequence[Process]) -> list[dict[str, Any]]:
    fresh = (process for process in processes if process.start == "fresh")
    return [{"t": process.began, "id": process.session, "label": process.label} for process in fresh]


def _turn(process: Process, turn: Turn) -> dict[str, Any]:
    last = turn.steps[-1]
    return {
        "n": turn.number,
        "session": process.session,
        "prompt": turn.prompt,
        "prompt_id": turn.id,
        "t_start": turn.began,
        "ok": last.ok,
        "result": last.text if last.ok else None,
        "error_type": None if last.ok else str(last.statuses[-1]),
        "error": None if last.ok else last.told["error"],
        "t_end": turn.ended,
    }


def _calls(asked: Sequence[tuple[Process, Turn, Request]]) -> list[dict[str, Any]]:
    """Give one entry an HTTP request: every attempt is one."""
    numbers = count(1)
    attempts = ((*one, place) for one in asked for place in range(len(one[2].statuses)))
    return [{"req": next(numbers), **_call(*attempt)} for attempt in attempts]


def _call(process: Process, turn: Turn, request: Request, place: int) -> dict[str, Any]:
    status = request.statuses[place]
    about = {
        "api": "anthropic.messages",
        "model": request.model,
        "stream": True,
        "scenario": turn.told["scenario"],
        "t_start": request.began,
        "t_end": request.ended,
        "session": process.session,
        "turn": turn.number,
        "query_source": request.source,
        "agent": request.agent.type if request.agent else None,
        "agent_id": request.agent.id if request.agent else None,
        "client_request_id": request.client_ids[place],
        "attempt": place + 1,
        "attempts": len(request.statuses),
        "status": status,
        "ok": status == 200,
    }
    return {**about, **_answer(request)} if status == 200 else about


def _answer(request: Request) -> dict[str, Any]:
    usage = request.usage
    return {
        "n": request.number,
        "text": request.text,
        "response_id": request.id,
        "response_model": request.model,
        "finish_reason": request.stop_reason,
        "usage_raw": {
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.cache_creation,
            "cache_read_input_tokens": usage.cache_read,
            "output_tokens": usage.output,
        },
        "tool_calls": [{"id": use.id, "name": use.name, "args": use.told["input"]} for use in request.uses],
        "tokens": {
            "input_total": usage.input + usage.cache_read + usage.cache_creation,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_creation,
            "output_total": usage.output,
            "reasoning": None,
        },
        "cost_usd": usage.micros / 1e6,
    }


def _tool(process: Process, turn: Turn, request: Request, use: Use) -> dict[str, Any]:
    edits = use.name in ("Edit", "Write") and use.ok
    return {
        "turn": turn.number,
        "session": process.session,
        "t": use.ended,
        "t_start": use.began,
        "t_decided": use.decided,
        "name": use.name,
        "args": use.told["input"],
        "ok": use.ok,
        "error": use.told.get("error"),
        "error_type": use.told.get("error_type"),
        "result": use.told.get("result"),
        "tool_id": use.id,
        "call_id": use.id,
        "agent": use.agent.type if use.agent else None,
        "file_modified": use.told["input"]["file_path"] if edits else None,
        "decision_source": use.told.get("source", "config"),
        "requested_by": request.number,
    }


def _sub_agent(process: Process, turn: Turn, request: Request, use: Use) -> dict[str, Any]:
    assert use.child is not None
    about = {"turn": turn.number, "session": process.session, "t": use.decided, "name": use.child.type}
    return {**about, "id": use.child.id, "how": "Agent tool", "task": use.told["input"]["prompt"]}


def _errors(calls: Sequence[dict[str, Any]], ran: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    failed = [call for call in calls if not call["ok"]]
    told = [{"req": call["req"], "turn": call["turn"], "status": call["status"], "kind": "llm"} for call in failed]
    broken = [tool for tool in ran if not tool["ok"]]
    return told + [
        {"turn": tool["turn"], "tool": tool["name"], "error": tool["error"], "kind": "tool"} for tool in broken
    ]


def _totals(
    processes: Sequence[Process], calls: Sequence[dict[str, Any]], ran: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    ok = [call for call in calls if call["ok"]]
    parts = ("input_total", "cache_read", "cache_write", "output_total")
    return {
        "sessions": len(SCENARIO["sessions"]),
        "turns": sum(len(process.turns) for process in processes),
        "llm_requests": len(calls),
        "llm_ok": len(ok),
        "llm_errors": len(calls) - len(ok),
        "tool_calls": len(ran),
        "tool_errors": sum(not tool["ok"] for tool in ran),
        "sub_agents": sum("agent" in use.told for p in processes for t in p.turns for r in t.steps for use in r.uses),
        "tokens": {part: sum(call["tokens"][part] for call in ok) for part in parts},
        "cost_usd": round(sum(call["cost_usd"] for call in ok), 6),
    }
