"""List the tools: what each is for, what it takes as JSON schema, and who answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.operations import OPERATIONS
from api.searching import MOST
from api.tracked import TRACKED
from api.writing import Operation
from mcp_server import asking
from search.shapes import ORDERS
from tracking.vocabulary import Attribute

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """Hold a tool; `ask` gets a read side and the arguments. `more` says how to get what an answer has no room for."""

    name: str
    says: str
    takes: Mapping[str, Schema]
    ask: Callable[..., Any]
    needs: tuple[str, ...] = ()
    more: str = "ask with a smaller limit or more filters"


@dataclass(frozen=True, slots=True)
class Querying:
    """Hold the tool that runs statements: it has a connection of its own, with bounds of its own."""

    name: str
    says: str
    takes: Mapping[str, Schema]
    needs: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Writing:
    """Hold a tool that writes what an agent tells of its work."""

    name: str
    operation: Operation
    takes: Mapping[str, Schema]

    @property
    def says(self) -> str:
        """Say what it does."""
        return self.operation.says

    @property
    def needs(self) -> tuple[str, ...]:
        """Name what must be given."""
        return tuple(one.field for one in self.operation.fields if one.needed)


def text(says: str) -> Schema:
    """Take text."""
    return {"type": "string", "description": says}


def whole(says: str, *, least: int = 1, most: int = 1_000, default: int | None = None) -> Schema:
    """Take a whole number."""
    told = {"type": "integer", "minimum": least, "maximum": most, "description": says}
    return told if default is None else {**told, "default": default}


def one_of(says: str, *words: str) -> Schema:
    """Take one of some words."""
    return {"type": "string", "enum": list(words), "description": says}


SPAN: Final = {
    "since": text("Only from this time on, ISO 8601."),
    "until": text("Only before this time, ISO 8601."),
}
AGENT: Final = {"agent": text("Only of this agent, by its name.")}

READING: Final = (
    Tool(
        "status",
        "Say what is recorded and what goes on now: items received, active sessions, running jobs, today's cost.",
        {},
        asking.status,
    ),
    Tool(
        "find_sessions",
        "List agents' sessions, newest first: who, where, how long, tokens, cost.",
        {
            **AGENT,
            "status": one_of("Only those that go on, or are over.", "active", "ended"),
            **SPAN,
            "limit": whole("How many.", most=100, default=20),
            "cursor": text("`next` of an earlier answer."),
        },
        asking.find_sessions,
    ),
    Tool(
        "session_summary",
        "Sum one session up: models, tools, tokens, cost, newest jobs and errors.",
        {"session_id": text("The session's id, or its beginning.")},
        asking.session_summary,
        needs=("session_id",),
    ),
    Tool(
        "trace_tree",
        "Show an OpenTelemetry trace as a tree of spans with durations, tokens, cost and errors.",
        {
            "trace_id": text("The trace's id, 32 hexadecimal digits, or its beginning."),
            "errors_only": {"type": "boolean", "description": "Only the spans that failed.", "default": False},
            "skip": whole("How many lines to leave out at the beginning.", least=0, most=1_000_000, default=0),
            "limit": whole("How many lines.", most=asking.MOST_SPANS, default=100),
        },
        asking.trace_tree,
        needs=("trace_id",),
        more="ask with a smaller limit, and go on with skip",
    ),
    Tool(
        "tool_statistics",
        "Count each tool's calls and failures, and how long they took.",
        {
            "session": text("Only of this session, by its whole id."),
            "job": text("Only of this job, by its whole id."),
            "tool": text("Only of this tool."),
            **AGENT,
            **SPAN,
            "limit": whole("How many tools.", most=100, default=50),
        },
        asking.tool_statistics,
    ),
    Tool(
        "cost",
        "Add up tokens and dollars of whole days (UTC) by model, day, agent or project; by default of the last thirty.",
        {
            "by": one_of("What to add up by.", *asking.COSTS),
            **SPAN,
            "limit": whole("How many lines.", most=200, default=50),
        },
        asking.cost,
    ),
    Tool(
        "search",
        'Search prompts, answers, tool calls, errors and notes. Words in any order, "words in quotes" behind each'
        " other, -not this, begin* is a beginning, this OR that.",
        {
            "text": text("What to look for."),
            "kind": text("Only of this kind: llm, tool, agent, job, plan, task, debug, note, summary, issue."),
            "session": text("Only of this session, by its whole id."),
            **AGENT,
            "project": text("Only of this project, by its key."),
            "tool": text("Only calls of this tool."),
            "errors": {"type": "boolean", "description": "Only what went wrong.", "default": False},
            **SPAN,
            "order": one_of("Newest first, or what holds the words best.", *ORDERS),
            "limit": whole("How many.", most=MOST, default=10),
            "cursor": text("`next` of an earlier answer."),
        },
        asking.search,
        needs=("text",),
    ),
)

SQL: Final = Querying(
    "sql",
    "Run one read-only SQLite statement. Tables: agent_sessions, agent_traces, model_calls, tool_calls,"
    " job_history, job_subagents, events, daily_metrics, spans, log_records, metric_points, feature_plans,"
    " plan_tasks, debug_sessions, debug_notes, experiments, experiment_runs, summaries; `select name,"
    " type from pragma_table_info('model_calls')` tells columns. Count tokens and cost over model_calls where"
    " counted = 1.",
    {
        "query": text("A select statement."),
        "limit": whole("How many rows.", most=asking.MOST_ROWS, default=50),
    },
    needs=("query",),
    more="select fewer columns or rows, or cut texts with substr()",
)
OWN: Final = {
    "start_session": {
        "agent_name": text("Your name."),
        "session_id": text("An id of your own; one is made when none is given."),
        "workspace_path": text("Where you work."),
        "project_key": text("The project."),
    },
    "end_session": {
        "session_id": text("The session."),
        "exit_reason": one_of("How it ended.", "completed", "interrupted", "error", "timeout", "context_limit"),
    },
}
LATER: Final = frozenset({"at", "event_id", "job_id", "trace_id", "span_id", "agent_name"})
"""Fields that programs need and agents do not."""
SPARED: Final = frozenset({"finish_task", "set_task_status", "note_work_status", "complete_work"})
"""Commands that do what another one does, for callers that know a row's number."""
TYPES: Final[Mapping[str, Schema]] = {
    "whole": {"type": "integer"},
    "run_no": {"type": "integer", "minimum": 1},
    "number": {"type": "number"},
    "truth": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
}
"""What the vocabulary's types are as JSON schema; any other is text."""
WORDS: Final = {
    "status": ("pending", "in_progress", "paused", "completed", "cancelled"),
    "outcome": ("pass", "fail", "inconclusive"),
    "exit_reason": ("completed", "interrupted", "error", "timeout", "context_limit"),
}


def _writings() -> tuple[Writing, ...]:
    own = [Writing(name, OPERATIONS[name], takes) for name, takes in OWN.items()]
    tracked = [
        Writing(one.name, one, {field.field: _schema(field) for field in one.fields if _is_for_agents(field)})
        for one in TRACKED
        if one.name not in SPARED
    ]
    return (*own, *tracked)


def _is_for_agents(attribute: Attribute) -> bool:
    return attribute.needed or attribute.field not in LATER


def _schema(attribute: Attribute) -> Schema:
    told = TYPES.get(attribute.type, {"type": "string"})
    if words := WORDS.get(attribute.type):
        told = {"type": "string", "enum": list(words)}
    return {**told, "description": attribute.says}


WRITING: Final = _writings()
"""Every command of the book of work, and sessions."""
