"""Make writes about entries of `agent_traces` that programs save themselves (seed 002)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from api.bodies import fields
from api.checks import Fields, json_text
from api.sessions import seen
from api.times import iso
from api.times import moment as time_of
from api.writing import Moment, Told, Write, telling
from core.errors import Invalid
from schema.derived import AGENT_TRACES, BY_HAND, MODEL_CALLS, TOOL_CALLS, Changes, Row, Step, row

KINDS: Final = {
    "model_called": "llm",
    "tool_called": "tool",
    "trace_started": "agent",
    "trace_ended": "agent",
}
"""What the types of seed 002 are; others are of no kind."""
SUMS: Final = frozenset(("trace_started", "trace_ended"))
"""Types whose tokens are those of the entries below them."""
FAILED: Final = ("error", "failed")
TEXTS: Final = ("name", "model_used", "provider_used", "error_type", "error_message", "kind", "agent_id")
TOKENS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
SAVED: Final = fields(
    (
        ("trace_id", "id", "The entry's unique name; without it one is made, the same again puts the entry anew."),
        ("parent_trace_id", "id"),
        ("session_id", "id"),
        ("type", "id!"),
        ("timestamp", "time", "When it happened; by default now."),
        ("duration_ms", "number"),
        *((name, "whole") for name in TOKENS),
        ("estimated_cost_usd", "usd"),
        ("raw_input", "text"),
        ("raw_output", "text"),
        ("data", "json"),
        ("status", "ok", "ok or error; by default what type, error and data say."),
        ("job_id", "id"),
        *((name, "text") for name in TEXTS),
    ),
    table="agent_traces",
)
FORGOTTEN: Final = fields((("older_than_days", "number!", "How many days old entries must be to be forgotten."),))
PREVIEW: Final = 500
MAX_RAW: Final = 4_096
"""Bytes of an input or output that are kept."""
SLICE: Final = 2_000
"""Entries that are forgotten in one transaction."""
MAX_DAYS: Final = 36_500
EMITTED: Final = "emitted"
TOOL_NAMES: Final = ("tool", "tool_name", "name")


def save(values: Mapping[str, Any], moment: Moment) -> Write:
    """Save an entry; the same id again puts it anew. What it counts is in `model_calls` and `tool_calls` as well."""
    told = Fields(values, known=SAVED)
    entry = _entry(told, moment)
    key, session, job = entry["trace_id"], entry["session_id"], entry["job_id"]
    put: dict[str, list[Row]] = {"agent_traces": [row(AGENT_TRACES, entry)]}
    if entry["counted"]:
        put["model_calls"] = [_model_call(entry)]
    if entry["type"] == "tool_called":
        put["tool_calls"] = [_tool_call(entry, told.raw("data"))]
    steps = [Step("add_data", {"trace_id": key, "data": told.json("data")})]
    if session:
        steps.append(seen(session, entry["timestamp"]))
    if job and entry["counted"]:
        steps += forget_sum(job)
    return Write(Changes(put=put, steps=steps), telling(trace_id=key, session_id=session))


def forget(values: Mapping[str, Any], moment: Moment) -> Write:
    """Forget a slice of the entries that programs saved so many days ago or earlier; say whether to ask again."""
    days = Fields(values, known=FORGOTTEN).number("older_than_days")
    if days is None or days > MAX_DAYS:
        raise Invalid(f"older_than_days is {days}; a number of days from 0 to {MAX_DAYS} is wanted")
    before = iso(time_of(moment.now) - timedelta(days=days))
    bound = {"before": before, "limit": SLICE}

    def answer(counts: Sequence[int]) -> Told:
        return {"removed": counts[-1], "more": counts[-1] == SLICE}

    return Write(Changes(steps=[Step("forget_entry_calls", bound), Step("forget_entries", bound)]), answer)


def forget_sum(job_id: str) -> list[Step]:
    """Forget what stood for all of a job: its calls are told one by one."""
    key = sum_key(job_id)
    return [Step("forget_sum", {"key": key}), Step("forget_sum_entry", {"key": key})]


def cut(text: str | None) -> tuple[str | None, bool]:
    """Give at most 4,096 bytes of a text, whole characters, and whether there was more."""
    written = (text or "").encode()
    if len(written) <= MAX_RAW:
        return text, False
    return written[:MAX_RAW].decode(errors="ignore"), True


def preview(text: str | None) -> str | None:
    """Cut a text to what is kept of a tool call's input or output."""
    return None if text is None else text[:PREVIEW]


def sum_key(job_id: str) -> str:
    """Name the call and the entry that stand for all of a job."""
    return f"job/{job_id}"


def _entry(told: Fields, moment: Moment) -> dict[str, Any]:
    kind = told.needed("type")
    raw_input, cut_input = cut(told.text("raw_input"))
    raw_output, cut_output = cut(told.text("raw_output"))
    nanos = told.nanos("estimated_cost_usd")
    entry = {name: told.text(name) for name in TEXTS} | {name: told.whole(name) for name in TOKENS}
    numbers = (*(entry[name] for name in TOKENS), nanos)
    counted = kind == "model_called" or (kind not in SUMS and any(number is not None for number in numbers))
    return entry | {
        "trace_id": told.id("trace_id") or moment.new_id(),
        "parent_trace_id": told.id("parent_trace_id"),
        "session_id": told.id("session_id"),
        "job_id": told.id("job_id"),
        "type": kind,
        "kind": entry["kind"] or KINDS.get(kind),
        "timestamp": told.time("timestamp") or moment.now,
        "duration_ms": told.number("duration_ms"),
        "estimated_cost_usd": None if nanos is None else nanos / 1e9,
        "cost_nanos": nanos,
        "cost_source": None if nanos is None else EMITTED,
        "raw_input": raw_input,
        "raw_output": raw_output,
        "truncated_in": int(cut_input),
        "truncated_out": int(cut_output),
        "counted": int(counted),
        "usage_role": _role(kind, counted=counted),
        "emitter": BY_HAND,
        **_outcome(told, kind),
    }


def _role(kind: str, *, counted: bool) -> str | None:
    if counted:
        return "leaf"
    return "rollup" if kind in SUMS else None


def _outcome(told: Fields, kind: str) -> dict[str, Any]:
    """Say how it went: what is told, else what the type, an error's name or the data's own error says."""
    data = told.raw("data")
    problem = data.get("error") if isinstance(data, Mapping) else None
    message = told.text("error_message") or next(_messages(problem, data, kind), None)
    failed = bool(problem) or bool(told.text("error_type") or message) or kind.rpartition("_")[2] in FAILED
    status = told.one_of("status", ("ok", "error")) or ("error" if failed else "ok")
    return {"status": status, "error_message": message}


def _messages(problem: object, data: object, kind: str) -> Iterator[str]:
    """Give the texts that may say what went wrong."""
    if isinstance(problem, str) and problem:
        yield problem
    said = data.get("message") if isinstance(data, Mapping) and kind.rpartition("_")[2] in FAILED else None
    if isinstance(said, str) and said:
        yield said


def _model_call(entry: Mapping[str, Any]) -> Row:
    own = {
        "call_id": entry["trace_id"],
        "provider": entry["provider_used"],
        "model": entry["model_used"],
        "started_at": entry["timestamp"],
        "sources": json_text([entry["trace_id"]]),
    }
    return row(MODEL_CALLS, {**entry, "trace_id": None, **own})


def _tool_call(entry: Mapping[str, Any], data: object) -> Row:
    said = [data.get(name) for name in TOOL_NAMES] if isinstance(data, Mapping) else []
    own = {
        "key": entry["trace_id"],
        "job_id": entry["job_id"] or f"session:{entry['session_id']}",
        "name": next((name for name in said if isinstance(name, str) and name), entry["name"] or "unknown"),
        "is_error": int(entry["status"] == "error"),
        "input_preview": preview(entry["raw_input"]),
        "output_preview": preview(entry["raw_output"]),
        "sources": json_text([entry["trace_id"]]),
    }
    return row(TOOL_CALLS, {**entry, "trace_id": None, **own})
