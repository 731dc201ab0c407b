"""Describe what each question answers."""

from typing import Final

from api.answers import Shape, anything, many, ref, truth, typed, whole, word
from store.shapes import columns

AT: Final = typed("string", "When it began, ISO 8601 UTC.")
TOOK: Final = typed("number", "How long it took, milliseconds; null while it goes on.")
OUTCOME: Final = word("How it went.", ("ok", "error"))
IN_TIME: Final = {"timestamp": AT, "duration_ms": TOOK}
SPAN_TIME: Final = {**IN_TIME, "status": OUTCOME}
TELLING: Final = {"timestamp": typed("string", "When it happened, ISO 8601 UTC.")}
SESSION_ADDS: Final = {
    "status": word("Whether it goes on.", ("active", "ended")),
    "synthetic": truth("Whether nobody named it, and it stands for one trace."),
    "issues_claimed": anything("Issues that it claimed: a list, or null."),
    "skills_used": anything("Skills that it used: a list, or null."),
}
PLACE: Final = ("place",)

SESSION: Final = Shape("Session", "sessions", SESSION_ADDS)
ONE_SESSION: Final = Shape("SessionInDetail", "session", SESSION_ADDS)
MODEL: Final = Shape("UseOfModel", "session_models")
TOOL: Final = Shape(
    "UseOfTool",
    "tools",
    {
        "p50_ms": typed("number", "Milliseconds that half of the calls took at most."),
        "p95_ms": typed("number", "Milliseconds that 95 of a hundred calls took at most."),
    },
)
SUMMARY: Final = Shape(
    "SessionSummary",
    "session",
    {
        **SESSION_ADDS,
        "duration_ms": TOOK,
        "model_calls": whole("Calls of models that count."),
        **{
            name: typed("integer", f"{name.replace('_', ' ').capitalize()} of all its calls; null when nobody told.")
            for name in (
                *("input_tokens", "output_tokens", "total_tokens"),
                *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_nanos"),
            )
        },
        "cost_usd": typed("number", "Cost in dollars."),
        "models": many(MODEL),
        "tools": many(TOOL),
    },
)
ENTRY: Final = Shape("Entry", "entry")
TRACE: Final = Shape("Trace", "traces", SPAN_TIME)
TRACE_SPAN: Final = Shape("SpanOfTrace", "trace_parts", {**SPAN_TIME, "children": whole("Spans directly below it.")})
NANOS: Final = "Unix nanoseconds."
ONE_TRACE: Final = Shape(
    "TraceInDetail",
    adds={
        "trace_id": word("The OpenTelemetry trace, 32 hexadecimal digits."),
        **SPAN_TIME,
        "start_time_unix_nano": whole(f"When the first span began, {NANOS}"),
        "end_time_unix_nano": whole(f"When the last span ended, {NANOS}"),
        "spans": whole("Spans."),
        "errors": whole("Spans that failed."),
        "sessions": {"type": "array", "items": {"type": "string"}, "description": "Sessions that it is part of."},
        "jobs": {"type": "array", "items": {"type": "string"}, "description": "Jobs that it is part of."},
        "roots": many(TRACE_SPAN),
    },
)
SPAN: Final = Shape("Span", "spans", SPAN_TIME)
ONE_SPAN: Final = Shape("SpanInDetail", "whole_span", SPAN_TIME)
IS_JSON: Final = {"body_is_json": truth("Whether the body is JSON."), **TELLING}
SPAN_NAME: Final = Shape("NameOfSpans", "names")
LOG: Final = Shape("LogRecord", "logs", IS_JSON)
ONE_LOG: Final = Shape("LogRecordInDetail", "log", IS_JSON)
POINT: Final = Shape("MetricPoint", "points", TELLING)
ONE_POINT: Final = Shape("MetricPointInDetail", "point", TELLING)
FILES: Final = anything("Paths of files that it changed: a list, or null.")
FAILURE: Final = Shape("FailedModelCall", "job_failures")
JOB_ADDS: Final = {
    "status": word("How it stands: running, completed, failed or cancelled, or what a program told."),
    "has_session": truth("Whether its session is known."),
    "files_modified": anything("Paths of files that it changed: a list, or null."),
    "last_seen_at": typed("string", "When something was last heard of it, while it is running."),
}
JOB: Final = Shape("Job", "job", JOB_ADDS, ("time",), loose=True)
ONE_JOB: Final = Shape(
    "JobInDetail",
    "job",
    {**JOB_ADDS, "models": many(MODEL), "model_failures": many(FAILURE)},
    ("time",),
    loose=True,
)
IS_ERROR: Final = {"is_error": truth("Whether it failed.")}
TOOL_CALL: Final = Shape("ToolCall", "tool_calls", IS_ERROR, PLACE)
SUBAGENT: Final = Shape("Subagent", "subagents")
MODEL_CALL: Final = Shape("ModelCall", "model_calls")
EVENT: Final = Shape("Event", "events")
RUN: Final = Shape("AgentRun", "agent_runs", drops=PLACE)
AGENT: Final = Shape(
    "Agent",
    "agents",
    {
        "model_calls": whole("Calls of models that count."),
        "input_tokens": typed("integer", "Tokens read, cache included."),
        "output_tokens": typed("integer", "Tokens written, reasoning included."),
        "cost_nanos": typed("integer", "Cost in nano-dollars, exact."),
        "cost_usd": typed("number", "Cost in dollars."),
    },
)
DAY: Final = Shape("Day", "daily_page")
USAGE: Final = Shape(
    "Usage",
    "usage",
    {
        "errors": whole("How many failed."),
        "unpriced_calls": typed("integer", "Calls whose cost nobody knows."),
        "total_ms": typed("number", "Milliseconds of all calls, for tools."),
    },
)
STATISTICS: Final = Shape(
    "Statistics",
    "used_by_models",
    {
        name: whole(about)
        for name, about in {
            "tool_calls": "Calls of tools.",
            "failed_tool_calls": "Calls of tools that failed.",
            "sessions": "Sessions.",
            "active_sessions": "Sessions that go on.",
            "failed_sessions": "Sessions that failed.",
            "jobs": "Jobs that are over.",
            "failed_jobs": "Jobs that failed.",
        }.items()
    },
)
REJECTION: Final = Shape("Rejection", "rejections", TELLING)
PAYLOAD: Final = typed("string", "A request with just this item, base64; null when it was too large to keep.")
ONE_REJECTION: Final = Shape(
    "RejectionInDetail",
    "rejection",
    {**TELLING, "payload": PAYLOAD, "payload_bytes": whole("Bytes of the item as it came.")},
)
LAST: Final = {"last_received_at": typed("string", "When the last came, ISO 8601 UTC.")}
REASON: Final = Shape("RejectionReason", "rejection_reasons", LAST)
ROWS: Final = Shape("Rows", "stored_rows", drops=("oldest_span_at", "oldest_log_at", "oldest_point_at"))
BOOKS: Final = Shape("LedgerLine", "books")
SIZES: Final = Shape(
    "Sizes",
    adds={
        "database": whole("Bytes of the database."),
        "log": whole("Bytes of its write-ahead log."),
        "free": whole("Bytes of the database that hold nothing."),
    },
)
OLDEST: Final = Shape(
    "Oldest",
    adds={
        name: typed("string", f"When the first {name.split('_')[1]} that is kept came, ISO 8601 UTC.")
        for name in ("oldest_span_at", "oldest_log_at", "oldest_point_at")
    },
)
STORAGE: Final = Shape(
    "Storage", adds={"bytes": ref(SIZES), "rows": ref(ROWS), "oldest": ref(OLDEST), "ledger": many(BOOKS)}
)
MARKS: Final = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    "description": "Where the words are: start and end.",
}
SNIPPET: Final = Shape(
    "Snippet",
    adds={
        "field": word("The text that it is from."),
        "text": word("The piece."),
        "marks": MARKS,
        "before": truth("Whether there is more before it."),
        "after": truth("Whether there is more behind it."),
    },
)
LINKS: Final = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "Addresses of what it belongs to.",
}
FOUND: Final = Shape(
    "Found",
    adds={
        "id": word("What names it."),
        "source": word("Of which kind of row it is made."),
        "kind": typed("string", "What it is."),
        "at": typed("string", "When it happened, ISO 8601 UTC."),
        "session_id": typed("string", "The session."),
        "job_id": typed("string", "The job."),
        "trace_id": typed("string", "The OpenTelemetry trace."),
        "agent_name": typed("string", "The agent."),
        "project_key": typed("string", "The project."),
        "tool_name": typed("string", "The tool."),
        "status": typed("string", "How it stands."),
        "title": typed("string", "What it is called."),
        "part_of": typed("string", "What it is part of."),
        "failed": truth("Whether it failed."),
        "snippets": many(SNIPPET),
        "links": LINKS,
    },
)
INDEX: Final = Shape(
    "IndexState",
    adds={
        "exists": truth("Whether there is an index."),
        "behind": whole("Changes that are not in it yet."),
        "unread": whole("Older rows that are not in it yet."),
    },
)
SEARCHED: Final = {"note": typed("string", "What a reader should know about the answer."), "index": ref(INDEX)}
ADDED: Final = {
    "params_json": {"params": anything("Parameters.")},
    "metrics_json": {"metrics": anything("Metrics, or null.")},
    "completed": {"completed": truth("Whether it was done.")},
}
"""What is told beside some columns, or in their place."""


def of(statement: str) -> Shape:
    """Describe what a statement answers, named after it."""
    adds = {name: one for column, told in ADDED.items() if column in columns(statement) for name, one in told.items()}
    return Shape("".join(part.capitalize() for part in statement.split("_")), statement, adds)


PARTS: Final = (SNIPPET, INDEX, MODEL, TOOL, FAILURE, ROWS, BOOKS, SIZES, OLDEST)
"""What is part of other answers only."""
