"""Answer agents' questions: each function reads what one tool tells."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api import lists, reading, searching, tool_sums
from api.console import Answer
from api.pages import Row
from api.times import iso, moment
from core.errors import Invalid
from store.protocol import ReadSide

SOME: Final = 5
MOST_ROWS: Final = 200
SOME_ROWS: Final = 50
MOST_SPANS: Final = 300
DAYS: Final = 30
DAY: Final = len("2026-01-31")
COSTS: Final = ("model", "day", "agent", "project")
SESSION: Final = (
    "session_id",
    "agent_name",
    "status",
    "started_at",
    "ended_at",
    "exit_reason",
    "project_key",
    "workspace_path",
    "total_events",
    "jobs",
    "model_calls",
    "total_tokens",
    "cost_usd",
)
JOB: Final = ("id", "status", "agent_name", "model", "started_at", "elapsed_ms", "prompt", "error_message", "cost_usd")
ENTRY: Final = ("trace_id", "kind", "name", "timestamp", "error_type", "error_message")


def status(side: ReadSide) -> Row:
    """Say what is recorded, how far it is derived and indexed, and what goes on."""
    today = iso(datetime.now(UTC))[:10]
    search = side.search_state()
    return {
        "received": [
            {"signal": line.signal, "transport": line.transport, "stored": line.stored, "rejected": line.rejected}
            for line in side.ledger()
        ],
        "not_derived_yet": side.report("behind")[0],
        "search_index": {"exists": search.exists, "behind": search.behind, "unread": search.unread},
        "sessions": _without(side.report("overall")[0], "avg_session_seconds"),
        "active_sessions": [_only(row, SESSION) for row in side.report("active_sessions", limit=SOME)],
        "running_jobs": [_only(row, JOB) for row in reading.jobs(side, status="running", limit=SOME)["items"]],
        "cost_today": side.report("cost_by_model", since=today, limit=SOME),
    }


def find_sessions(side: ReadSide, **where: Any) -> Row:
    """List sessions, newest first."""
    page = reading.sessions(side, **_timed(where))
    return {"sessions": [_only(row, SESSION) for row in page["items"]], "next": page["next"]}


def session_summary(side: ReadSide, session_id: str) -> Row:
    """Sum one session up, with its newest jobs and errors."""
    whole = reading.whole_id(side, "session", session_id, hint="find_sessions lists them")
    told = reading.summary(side, whole)
    jobs = reading.jobs(side, session=whole, limit=SOME)["items"]
    errors = lists.entries(side, session=whole, status="error", limit=SOME)["items"]
    return {
        **told,
        "newest_jobs": [_only(row, JOB) for row in jobs],
        "newest_errors": [_only(row, ENTRY) for row in errors],
    }


def trace_tree(side: ReadSide, trace_id: str, *, skip: int = 0, limit: int = 100, errors_only: bool = False) -> Row:
    """Show a trace as lines, a span each, the inner ones further in."""
    whole = reading.whole_id(side, "trace", trace_id, hint="search and find_sessions lead to traces")
    spans = reading.trace(side, whole)["spans"]
    wanted = [span for span in spans if span["status"] == "error"] if errors_only else spans
    lines = [_line(span) for span in wanted[skip : skip + min(limit, MOST_SPANS)]]
    end = skip + len(lines)
    told: Row = {"trace_id": whole, "entries": len(spans), "errors": sum(span["status"] == "error" for span in spans)}
    if end < len(wanted):
        told["more"] = f"{len(wanted) - end} more lines; ask with skip={end}"
    return {**told, "lines": lines}


def tool_statistics(side: ReadSide, **where: Any) -> Row:
    """Count each tool's calls and failures, and say how long they took."""
    return {"tools": tool_sums.tools(side, **_timed(where))["items"]}


def cost(
    side: ReadSide, *, by: str = COSTS[0], since: str | None = None, until: str | None = None, limit: int = SOME * 10
) -> Row:
    """Add up tokens and cost of model calls; by default of the last thirty days."""
    if by not in COSTS:
        raise Invalid(f"by is {by[:60]!r}; one of {', '.join(COSTS)} is wanted")
    times = _timed({"since": since or iso(datetime.now(UTC) - timedelta(days=DAYS)), "until": until})
    days = {"since": times["since"][:DAY], "until": _next_day(times["until"]) if until else None}
    return {**days, "cost": side.report(f"cost_by_{by}", limit=limit, **days)}


def search(side: ReadSide, text: str, **where: Any) -> Row:
    """Find what was said, done and noted by its words."""
    told = searching.search(side, q=text, **_timed(where))
    return {"found": list(map(_hit, told["items"])), **_only(told, ("next", "note"))}


def rows(answer: Answer) -> Row:
    """Tell what a statement gave."""
    told: Row = {"columns": answer.columns, "rows": answer.rows}
    if answer.truncated:
        told["more"] = f"there are more than {len(answer.rows)} rows; ask for less, or add up"
    return told


def _hit(row: Row) -> Row:
    """Write what was found in few words: without what is not known, and pieces of text as lines."""
    pieces = [f"{one['field']}: {_dotted(one)}" for one in row["snippets"]]
    names = [name for name in row if name not in {"links", "snippets", "source"} and row[name] is not False]
    return {**_only(row, names), "text": pieces}


def _dotted(piece: Row) -> str:
    return f"{'…' if piece['before'] else ''}{piece['text']}{'…' if piece['after'] else ''}"


def _next_day(time: str) -> str:
    """Give the day before which whole days end that hold all that is before a time."""
    return iso(moment(time) + timedelta(days=1, microseconds=-1))[:DAY]


def _line(span: Row) -> str:
    took = "-" if span["duration_ms"] is None else f"{span['duration_ms']:.0f}ms"
    name = f"{span['name']} [{span.get('span_id') or span['entry_id']}]"
    return " ".join((f"{'  ' * min(span['depth'], SOME * 4)}{name}", took, *_details(span)))


def _details(span: Row) -> Iterator[str]:
    if span.get("model_used"):
        yield f"{span['model_used']} {span['input_tokens'] or 0}→{span['output_tokens'] or 0} tokens"
    if span.get("cost_usd"):
        yield f"${span['cost_usd']:.4f}"
    if span["status"] == "error":
        yield f"ERROR {span.get('error_type') or ''} {span.get('error_message') or span.get('status_message') or ''}"


def _timed(where: Row) -> Row:
    """Write times the way the tables hold them; what is not given is left out."""
    return {name: _time(name, value) if name in {"since", "until"} else value for name, value in _given(where)}


def _given(where: Row) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, value in where.items() if value is not None)


def _time(name: str, value: str) -> str:
    try:
        return iso(moment(value))
    except (ValueError, OverflowError):
        raise Invalid(f"{name} is {value[:60]!r}; a time in ISO 8601 is wanted, such as 2026-01-31T12:00:00Z") from None


def _only(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names if row.get(name) is not None}


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}
