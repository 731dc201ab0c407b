"""Shape what is derived from raw records: each table's columns, and what tells one row from another.

The derived tables can be made again from the raw ones at any time, so a row is always put whole, under its key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = tuple[Any, ...]

BY_HAND = "api"
"""The emitter of rows that a program wrote itself: they are not derived, and deriving leaves them alone."""

MIRRORED = "mirror"
"""The emitter of rows that were read from session directories: deriving leaves them, or puts its own in their place."""

COMMANDED = "tracking"
"""The emitter of rows that a raw record's command made: deriving may put its own in their place."""

COUNTED = "inventory/{}"
"""Under which name it is kept how far a signal's records are counted in the inventory."""

NAMED = "names/traces"
"""Under which name it is kept how far the names of spans are counted."""

OTHER = "__other__"
"""Stands for the names of which there are too many."""

BY_JOB = "job"
"""The usage role of the one model call that stands for all of a job of which only sums were told."""

BY_METRIC = "metric"
"""The usage role of what a session used of a model by its metrics, and the source of a session known by them alone."""

RECORDED = "otlp"
"""The source of sessions that spans and log records tell of."""


@dataclass(frozen=True, slots=True)
class Table:
    """Describe a derived table as it is written.

    `key` are the columns that name a row; those in `kept` stay what they are when a later row says null,
    for a value is not read again only to be written again.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    kept: tuple[str, ...] = ()
    beside: str = ""
    """The emitter of rows that commands write beside the derived ones."""


@dataclass(frozen=True, slots=True)
class CallCost:
    """Say anew what a model call cost: nano-dollars, None when that is not known, and who says so."""

    call_id: str
    nanos: int | None
    source: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """Name a statement of store/changes.sql and what it is about; `missing` is what to tell when it finds no row."""

    name: str
    values: Mapping[str, Any]
    missing: str = ""


@dataclass(slots=True)
class Changes:
    """Hold what is to change in the derived tables: rows to put and keys to remove, by table, all or nothing.

    `costs` are of calls that are there, and change whatever sums them up. `days` are added up anew from their jobs.
    `positions` says how far the raw records of each signal have been read once this is done.
    `steps` follow when the rows are in their places; they are for rows that programs write themselves.
    `told` are commands of the book of work that records told (tracking.told); they come last.
    """

    put: dict[str, list[Row]] = field(default_factory=dict)
    gone: dict[str, list[Row]] = field(default_factory=dict)
    costs: list[CallCost] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    told: Any = None

    def __len__(self) -> int:
        """Count the rows."""
        return sum(map(len, self.put.values())) + sum(map(len, self.gone.values()))


def row(table: Table, values: Mapping[str, Any]) -> Row:
    """Put values into the order of a table's columns; what is not there is null."""
    return tuple(values.get(column) for column in table.columns)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


AGENT_TRACES = Table(
    "agent_traces",
    ("trace_id",),
    _words(
        "trace_id parent_trace_id session_id type name timestamp duration_ms input_tokens output_tokens model_used"
        " provider_used estimated_cost_usd raw_input raw_output kind status error_type error_message cache_read_tokens"
        " cache_write_tokens reasoning_tokens usage_role counted duplicate_of cost_nanos cost_source emitter job_id"
        " agent_id otel_trace_id otel_span_id rollup_input_tokens rollup_output_tokens truncated_in truncated_out"
    ),
    kept=("raw_input", "raw_output"),
)
MODEL_CALLS = Table(
    "model_calls",
    ("call_id",),
    _words(
        "call_id session_id job_id trace_id span_id agent_id agent_name provider model request_model response_id"
        " started_at duration_ms input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens"
        " cost_nanos cost_source price_version finish_reason status error_type error_message usage_role counted"
        " emitter sources"
    ),
)
TOOL_CALLS = Table(
    "tool_calls",
    ("key",),
    _words(
        "key job_id name is_error timestamp input_preview output_preview session_id call_id agent_id agent_name"
        " trace_id span_id duration_ms status error_type error_message file_path emitter sources"
    ),
)
JOB_HISTORY = Table(
    "job_history",
    ("id",),
    _words(
        "id status model reasoning_effort cwd prompt summary session_id started_at completed_at elapsed_ms input_tokens"
        " output_tokens context_used_pct context_window estimated_cost tool_call_count failed_tool_calls primary_tool"
        " files_modified_count files_modified_json message_count user_message_count has_session agent_name trace_id"
        " span_id error_type error_message cache_read_tokens cache_write_tokens reasoning_tokens cost_nanos cost_source"
        " usage_incomplete emitter original_prompt reuse_count"
    ),
)
OPEN_JOBS = Table(
    "open_jobs",
    ("id",),
    _words(
        "id session_id agent_name model cwd prompt started_at last_seen_at input_tokens output_tokens cost_nanos"
        " tool_call_count failed_tool_calls trace_id span_id emitter"
    ),
)
JOB_SUBAGENTS = Table(
    "job_subagents",
    ("job_id", "subagent_id"),
    _words("job_id subagent_id tool_call_count message_count name input_tokens output_tokens cost_nanos"),
)
EVENTS = Table(
    "events",
    ("key",),
    _words("key timestamp job_id event_type tool_name file_path data_json session_id trace_id span_id emitter"),
    kept=("data_json",),
)
AGENT_SESSIONS = Table(
    "agent_sessions",
    ("session_id",),
    _words(
        "session_id agent_name workspace_path started_at ended_at exit_reason model_tier context_tokens last_seen_at"
        " closed_by synthetic previous_id parent_session_id project_key user_id git_branch emitter source phase"
    ),
)
TRACE_TIES = Table("trace_ties", ("tie", "trace_id"), ("tie", "trace_id", "session_id"))
WORK_LINKS = Table("work_links", ("kind", "key", "level", "id"), ("kind", "key", "level", "id", "session_id"))
AGENT_SKILL_USAGE = Table(
    "agent_skill_usage",
    ("usage_id",),
    _words("usage_id session_id skill_name loaded_at used_for_issue_id context_added job_id trace_id span_id emitter"),
    beside="tracking",
)
AGENTS = Table(
    "agents",
    ("agent_id",),
    _words(
        "agent_id session_id parent_agent_id job_id name model status started_at ended_at input_tokens output_tokens"
        " cost_nanos tool_call_count message_count emitter"
    ),
)
INVENTORY = Table(
    "inventory",
    ("source", "version", "signal", "name", "key", "type"),
    _words("source version signal name key type field emitter count first_seen last_seen"),
)
"""What keys records had; it belongs to no session."""
USAGE_SERIES = Table(
    "usage_series",
    ("series", "start"),
    _words(
        "series start session_id metric part is_sum scope emitter provider model agent_name by_resource workspace_path"
        " project_key user_id git_branch kind settled recent began first_time last_time after_id"
    ),
)
"""What metric points tell of tokens and money, folded."""
MODEL_PRICES = Table(
    "model_prices",
    ("provider", "model", "valid_from", "source"),
    _words("provider model valid_from input_mtok cache_read_mtok cache_write_mtok output_mtok context_window source"),
)
AGENT_LOG_ENTRIES = Table(
    "agent_log_entries",
    ("key",),
    _words(
        "key agent_id session_id timestamp level event_type message tokens cost job_id trace_id span_id data emitter"
    ),
)
"""What was told of agents line by line."""
SESSIONS = Table(
    "sessions",
    ("session_id",),
    _words(
        "session_id project_key title description phase status session_type checkpoint_count checkpoints_completed"
        " current_checkpoint agent_count started_at updated_at ended_at previous_session_id parent_session_id"
        " git_branch path documents data read_at digest missing_since"
    ),
)
"""Work sessions, as their directories tell."""
SESSION_CHECKPOINTS = Table(
    "session_checkpoints",
    ("session_id", "ordinal"),
    _words("session_id ordinal checkpoint_id title status phase started_at completed_at data"),
)
SESSION_PHASES = Table(
    "session_phases",
    ("session_id", "ordinal"),
    _words("session_id ordinal phase status started_at ended_at data"),
)
SESSION_AGENTS = Table(
    "session_agents",
    ("session_id", "ordinal"),
    _words(
        "session_id ordinal agent_id told_id name role model status phase checkpoint_id task error_message started_at"
        " ended_at told_input_tokens told_output_tokens told_cost_usd data"
    ),
)
MIRROR_TROUBLES = Table("mirror_troubles", ("path",), ("path", "reason", "since"))
TABLES = {
    table.name: table
    for table in (
        AGENT_SESSIONS,
        AGENTS,
        AGENT_TRACES,
        MODEL_CALLS,
        TOOL_CALLS,
        JOB_HISTORY,
        OPEN_JOBS,
        JOB_SUBAGENTS,
        EVENTS,
        TRACE_TIES,
        WORK_LINKS,
        AGENT_LOG_ENTRIES,
        AGENT_SKILL_USAGE,
    )
}

TOLD = (
    SESSIONS,
    SESSION_CHECKPOINTS,
    SESSION_PHASES,
    SESSION_AGENTS,
    MIRROR_TROUBLES,
)
"""Tables that nothing is derived into."""
