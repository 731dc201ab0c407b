"""Answer questions about sessions, entries, jobs, tools and agents; every answer is bounded and can be JSON."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from api import tool_sums
from api.pages import Row, after, limited, paged, part_of_path, pattern, word
from api.shapes import job_shown, session_shown, shown, tool_call_shown, totals
from api.times import between_ms, iso_nano
from api.tree import depths
from core.errors import Invalid, Missing
from pricing.money import nanos
from store.protocol import ReadSide

MOST_IN_TREE: Final = 50_000
"""Entries of one session or trace that are shown as a tree."""
MOST_PARTS: Final = 5_000
"""Tool calls and subagents of one job that are shown with it."""
AMBIGUOUS: Final = 5
PLAIN: Final = re.compile(r"[A-Za-z0-9_. -]+")
"""What is written the same way in every JSON."""
SELDOM: Final = 5_000
"""Calls of a tool below which its jobs are found by them."""
ENTRY_PLACE: Final = ("timestamp", "trace_id")


def sessions(  # noqa: PLR0913  one for each filter that is not a column
    side: ReadSide,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    status: str | None = None,
    min_cost: float | None = None,
    max_cost: float | None = None,
    **where: Any,
) -> Row:
    """List sessions, newest first.

    Filters: agent, status (active or ended), exit_reason, project, user, model, since, until, and min_cost and max_cost
    in dollars.
    """
    if status not in {None, "active", "ended"}:
        raise Invalid(f"status is {status!r}; active or ended is wanted")
    where |= {"min_nanos": _nanos(min_cost), "max_nanos": _nanos(max_cost)}
    where["active"] = None if status is None else int(status == "active")
    place = ("started_at", "session_id")
    return paged(side, "sessions", place, limit=limit, cursor=cursor, shown=session_shown, **where)


def session(side: ReadSide, session_id: str) -> Row:
    """Read one session."""
    return session_shown(_one(side, "session", session_id, "session", "sessions"))


def summary(side: ReadSide, session_id: str) -> Row:
    """Add a session up: how long it took, tokens, cost, errors, and what each model and tool did."""
    row = session(side, session_id)
    models = [shown(each) for each in side.report("session_models", id=session_id)]
    row["duration_ms"] = between_ms(row["started_at"], row["ended_at"] or row["last_entry_at"])
    row.update(totals(models))
    return {**row, "models": models, "tools": tool_sums.tools(side, session=session_id)["items"]}


def timeline(side: ReadSide, session_id: str, *, limit: int | None = None, cursor: str | None = None) -> Row:
    """List a session's entries in order of time."""
    session(side, session_id)
    return entries(side, session=session_id, limit=limit, cursor=cursor)


def entries(
    side: ReadSide,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    text: str | None = None,
    skip: int = 0,
    **where: Any,
) -> Row:
    """List entries in order of time; filters: session, type, kind, status, min_ms, max_ms, since, until, text."""
    where |= {"text": pattern(text) if text else None, "offset": skip}
    return paged(side, "entries", ENTRY_PLACE, limit=limit, cursor=cursor, shown=shown, **where)


def entry(side: ReadSide, entry_id: str) -> Row:
    """Read one entry with what was said in it."""
    return shown(_one(side, "entry", entry_id, "entry", "session ID"))


def outline(side: ReadSide, session_id: str) -> list[Row]:
    """List a session's entries as a tree: in order, each with its depth; without what was said in them."""
    session(side, session_id)
    found = side.report("outline", session=session_id, limit=MOST_IN_TREE)
    return _tree(map(shown, found))


def trace(side: ReadSide, trace_id: str) -> Row:
    """Show an OpenTelemetry trace as a tree: its spans in order, each with its depth and with what it means."""
    spans = side.report("trace_spans", trace=trace_id, limit=MOST_IN_TREE)
    if not spans:
        raise Missing(f"there is no trace {trace_id!r}; traces are named by 32 hexadecimal digits")
    told = side.report("trace_log_entries", trace=trace_id, limit=MOST_IN_TREE)
    nodes = _tree([*map(_span, spans), *map(_log_entry, told)])
    sessions_of = {node["session_id"]: None for node in nodes if node["session_id"]}
    return {"trace_id": trace_id, "sessions": list(sessions_of), "spans": nodes}


def jobs(  # noqa: PLR0913  one for each filter that is not a column
    side: ReadSide,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    status: str | None = None,
    min_cost: float | None = None,
    max_cost: float | None = None,
    file: str | None = None,
    error: str | None = None,
    **where: Any,
) -> Row:
    """List jobs, newest first, running ones too.

    Filters: status, model, agent, session, since, until, min_cost and max_cost in dollars, tool,
    file (a path, or its last or middle parts), error (text).
    """
    size = limited(limit)
    where |= {"min_nanos": _nanos(min_cost), "max_nanos": _nanos(max_cost), **after(cursor)}
    where |= _of_tool(side, where.pop("tool", None))
    lists: list[tuple[list[Row], bool]] = []
    if status != "running":
        own = {**_of_file(file), "error": pattern(error) if error else None}
        lists.append(side.page("jobs", rows=size, status=status, **own, **where))
    if status in {None, "running"} and not file and not error:
        lists.append(side.page("running_jobs", rows=size, **where))
    return _newest(lists, size)


def _of_tool(side: ReadSide, tool: str | None) -> dict[str, str | None]:
    """Look for a tool that is seldom called among its calls, for another among each job's."""
    if tool is None:
        return {}
    calls = side.report("calls_of_tool", tool=tool)[0]["calls"]
    return {"seldom" if calls < SELDOM else "tool": tool}


def _of_file(path: str | None) -> dict[str, str | None]:
    """Look for a path in lists of JSON; its last part, if JSON writes that as it is, is looked for first."""
    if not path:
        return {}
    last = path.strip("/").rpartition("/")[2]
    return {"file": part_of_path(path), "part": pattern(last) if PLAIN.fullmatch(last) else None}


def _newest(lists: Sequence[tuple[list[Row], bool]], size: int) -> Row:
    """Put lists together, newest first; where one was cut off, nothing older is told yet."""
    cut = max((_job_place(found[-1]) for found, more in lists if more), default=("", ""))
    merged = sorted((row for found, _ in lists for row in found), key=_job_place, reverse=True)
    told = [row for row in merged if _job_place(row) >= cut][:size]
    more = len(told) < len(merged) or any(more for _, more in lists)
    following = word(_job_place(told[-1])) if more else None
    return {"items": [job_shown(row) for row in told], "next": following}


def _job_place(row: Row) -> tuple[str, str]:
    return row["time"] or "", row["id"]


def job(side: ReadSide, job_id: str) -> Row:
    """Read one job, over or running, and what its models and subagents did."""
    told = job_shown(_job(side, job_id))
    told["models"] = [shown(row) for row in side.report("job_models", id=job_id)]
    told["model_failures"] = side.report("job_failures", id=job_id, limit=100)
    return told


def _job(side: ReadSide, job_id: str) -> Row:
    found = side.report("job", id=job_id) or side.report("running_job", id=job_id)
    if not found:
        raise Missing(f"there is no job {job_id!r}; `spanledger jobs` lists them")
    return found[0]


def job_tool_calls(side: ReadSide, job_id: str, *, limit: int | None = None, cursor: str | None = None) -> Row:
    """List a job's tool calls in order of time."""
    _job(side, job_id)
    place = ("place", "id")
    return paged(side, "job_tool_calls", place, limit=limit, cursor=cursor, shown=tool_call_shown, id=job_id)


def job_subagents(side: ReadSide, job_id: str) -> Row:
    """List a job's subagents."""
    _job(side, job_id)
    found = side.report("job_subagents", id=job_id, limit=MOST_PARTS)
    return {"items": [shown(row) for row in found], "next": None}


def all_tool_calls(side: ReadSide, job_id: str) -> list[Row]:
    """List a job's tool calls, as many as are ever shown at once."""
    return [tool_call_shown(row) for row in side.report("job_tool_calls", id=job_id, limit=MOST_PARTS)]


def agents(side: ReadSide, *, limit: int | None = None, agent: str | None = None, since: str | None = None) -> Row:
    """Count the sessions of each agent, and add up what its model calls took."""
    found = side.report("agents", agent=agent, since=since, limit=limited(limit))
    for row in found:
        row.update(side.report("agent_usage", agent=row["agent_name"], since=since)[0])
    return {"items": [shown(row) for row in found], "next": None}


def whole_id(side: ReadSide, what: str, beginning: str, *, hint: str) -> str:
    """Find the one id that begins with a text; raise Missing when there is none, Invalid when there are several."""
    found = [str(row["id"]) for row in side.report(f"{what}_ids", prefix=beginning, limit=AMBIGUOUS + 1)]
    if beginning in found or len(found) == 1:
        return beginning if beginning in found else found[0]
    if not found:
        raise Missing(f"there is no {what} {beginning!r}; {hint}")
    some = ", ".join(found[:AMBIGUOUS]) + (", …" if len(found) > AMBIGUOUS else "")
    raise Invalid(f"several ids begin with {beginning!r}: {some}; write more of the one that is meant")


def _one(side: ReadSide, report: str, row_id: str, what: str, command: str) -> Row:
    found = side.report(report, id=row_id)
    if not found:
        raise Missing(f"there is no {what} {row_id!r}; `spanledger {command}` lists them")
    return found[0]


def _tree(rows: Iterable[Row]) -> list[Row]:
    nodes = list(rows)
    order = depths([(node["entry_id"], node["parent_id"]) for node in map(_placed, nodes)])
    return [{**nodes[at], "depth": depth} for at, depth in order]


def _placed(row: Row) -> Row:
    """Give an entry the names by which it is put into a tree, unless it has them."""
    row.setdefault("entry_id", row.get("trace_id"))
    row.setdefault("parent_id", row.get("parent_trace_id"))
    return row


def _span(row: Row) -> Row:
    trace_id, parent = row["trace_id"], row["parent_span_id"]
    row["entry_id"] = f"{trace_id}/{row['span_id']}"
    row["parent_id"] = f"{trace_id}/{parent}" if parent else None
    row["timestamp"] = iso_nano(row["start_time_unix_nano"])
    row["duration_ms"] = None if row["duration_nano"] is None else row["duration_nano"] / 1e6
    row["status"] = row["status"] or ("error" if row["status_code"] == ERROR else "ok")
    return shown(row)


def _log_entry(row: Row) -> Row:
    row["entry_id"], row["parent_id"] = row.pop("trace_id"), row.pop("parent_trace_id")
    return shown({**row, "duration_ms": None})


ERROR: Final = 2


def _nanos(usd: float | None) -> int | None:
    found = nanos(usd)
    if usd is not None and found is None:
        raise Invalid(f"{usd} is not a cost; a number of dollars from 0 to 1000000 is wanted")
    return found
