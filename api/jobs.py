"""Make the write of a job that is over, from the structure that seed 004 prints."""

from collections.abc import Mapping
from typing import Any, Final

from api.bodies import fields
from api.checks import Fields, json_text
from api.entries import EMITTED, forget_sum, preview, sum_key
from api.sessions import seen
from api.writing import Moment, Write, telling
from core.errors import Invalid
from schema.derived import BY_HAND, JOB_HISTORY, JOB_SUBAGENTS, TOOL_CALLS, Changes, Row, Step, row

GOING_ON: Final = frozenset(("running", "pending", "queued"))
TEXTS: Final = ("cwd", "prompt", "summary", "primary_tool", "error_type", "error_message")
COUNTS: Final = (
    "elapsed_ms",
    "tool_call_count",
    "failed_tool_calls",
    "message_count",
    "user_message_count",
)
TIMES: Final = ("started_at", "completed_at")
OWN: Final = fields(
    (
        ("id", "id!", "The job's unique name; the same again replaces all of it."),
        (
            "status",
            "id!",
            "completed, failed or cancelled; another word is kept as it is, but a job that goes on is not recorded.",
        ),
        ("model", "text"),
        ("reasoning", "text", "How hard the model was to think."),
        ("session_id", "id"),
        ("agent_name", "id"),
        *((name, "time") for name in TIMES),
        *((name, "text") for name in TEXTS),
        *((name, "whole") for name in COUNTS),
        ("tokens", "tokens", "Tokens read and written, and how full the context was."),
        ("estimated_cost", "usd"),
        ("files_modified", "texts", "Paths of files that were changed."),
        ("has_session", "truth"),
        ("reuse_count", "whole"),
        ("original_prompt", "text"),
        ("tool_calls", "tool_calls", "Calls of tools, in order."),
        ("subagents", "subagents", "Subagents."),
    ),
    table="job_history",
)
TOKENS: Final = ("input", "output", "context_used_pct", "context_window")
TOOL_CALL: Final = ("name", "is_error", "timestamp", "input_preview", "output_preview")
SUBAGENT: Final = ("id", "tool_call_count", "message_count")


def record(values: Mapping[str, Any], moment: Moment) -> Write:
    """Record a job that is over, with its tool calls and subagents; the same id again replaces all of it."""
    told = Fields(values, known=OWN)
    job = _job(told)
    calls = _tool_calls(told, job)
    agents = _subagents(told, job["id"])
    put = {"job_history": [row(JOB_HISTORY, job)], "tool_calls": calls, "job_subagents": agents}
    steps = [
        Step("add_reuse", _reuse(told, job["id"])),
        Step("forget_tool_calls", {"job_id": job["id"], "keys": json_text(call[0] for call in calls)}),
        Step("forget_subagents", {"job_id": job["id"], "ids": json_text(agent[1] for agent in agents)}),
        Step("forget_running", {"job_id": job["id"]}),
        *_sums(job, moment),
    ]
    return Write(Changes(put=put, steps=steps), telling(id=job["id"]))


def _job(told: Fields) -> dict[str, Any]:
    session, files, nanos = told.id("session_id"), told.texts("files_modified"), told.nanos("estimated_cost")
    has_session = told.truth("has_session")
    return {
        "id": told.needed("id"),
        "status": _status(told),
        "model": told.text("model") or "unknown",
        "reasoning_effort": told.text("reasoning") or "",
        "session_id": session,
        "agent_name": told.id("agent_name"),
        **{name: told.text(name) for name in TEXTS},
        **{name: told.whole(name) for name in COUNTS},
        **{name: told.time(name) for name in TIMES},
        **_tokens(told),
        "estimated_cost": None if nanos is None else nanos / 1e9,
        "cost_nanos": nanos,
        "cost_source": None if nanos is None else EMITTED,
        "files_modified_count": None if files is None else len(files),
        "files_modified_json": None if files is None else json_text(files),
        "has_session": int(session is not None if has_session is None else has_session),
        "usage_incomplete": 0,
        "emitter": BY_HAND,
    }


def _status(told: Fields) -> str:
    status = told.needed("status")
    if status in GOING_ON:
        raise Invalid(f"status is {status!r}; only jobs that are over are recorded: completed, failed or cancelled")
    return status


def _tokens(told: Fields) -> dict[str, Any]:
    tokens = told.inner("tokens", known=TOKENS)
    if tokens is None:
        return {}
    return {
        "input_tokens": tokens.whole("input"),
        "output_tokens": tokens.whole("output"),
        "context_used_pct": tokens.number("context_used_pct"),
        "context_window": tokens.whole("context_window"),
    }


def _tool_calls(told: Fields, job: Mapping[str, Any]) -> list[Row]:
    return [_tool_call(call, at, job) for at, call in enumerate(told.objects("tool_calls", known=TOOL_CALL))]


def _tool_call(call: Fields, at: int, job: Mapping[str, Any]) -> Row:
    is_error = bool(call.truth("is_error"))
    own = {
        "key": f"job/{job['id']}/{at:06}",
        "job_id": job["id"],
        "session_id": job["session_id"],
        "agent_name": job["agent_name"],
        "name": call.needed("name"),
        "is_error": int(is_error),
        "status": "error" if is_error else "ok",
        "timestamp": call.time("timestamp"),
        "input_preview": preview(call.text("input_preview")),
        "output_preview": preview(call.text("output_preview")),
        "emitter": BY_HAND,
    }
    return row(TOOL_CALLS, own)


def _subagents(told: Fields, job_id: str) -> list[Row]:
    found: dict[str, Row] = {}
    for agent in told.objects("subagents", known=SUBAGENT):
        name = agent.needed("id")
        counts = {count: agent.whole(count) for count in SUBAGENT[1:]}
        found[name] = row(JOB_SUBAGENTS, {"job_id": job_id, "subagent_id": name, **counts})
    return list(found.values())


def _reuse(told: Fields, job_id: str) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "reuse_count": told.whole("reuse_count") or 0,
        "original_prompt": told.text("original_prompt"),
    }


def _sums(job: Mapping[str, Any], moment: Moment) -> list[Step]:
    """Count the job's tokens and cost among the model calls and in its session, as those of all other jobs are."""
    bound = {"key": sum_key(job["id"]), "job_id": job["id"]}
    steps = [*forget_sum(job["id"]), Step("add_sum", bound), Step("add_sum_entry", {"key": bound["key"]})]
    if job["session_id"]:
        steps.append(seen(job["session_id"], job["started_at"] or job["completed_at"] or moment.now))
    return steps
