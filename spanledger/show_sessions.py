"""Answer `spanledger sessions` and `spanledger session`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api import lists, reading
from api.times import between_ms
from spanledger.config import Config
from spanledger.layout import amount, clock, columns, cut, fitted, price, short_clock, short_ids, took
from spanledger.options import reading as opened
from spanledger.terminal import plain, say, say_json

Row = dict[str, Any]

NOTHING: Final = "nothing is recorded yet; point an agent's OTLP exporter here, or try `spanledger demo`"
HEAD: Final = ("UTC", "session", "agent", "status", "took", "calls", "tokens", "cost")
MODELS: Final = ("model", "calls", "failed", "read", "cached", "written", "cost", "cost from")
TOOLS: Final = ("tool", "calls", "failed", "p50", "p95", "total")
SHOWN: Final = 10


def show_list(config: Config, where: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """List the newest sessions."""
    with opened(config) as side:
        page = reading.sessions(side, limit=limit, **where)
    items = page["items"]
    if as_json:
        say_json(items)
        return
    if not items:
        say("no session is like that; leave a filter out" if where else NOTHING)
        return
    ids = short_ids([item["session_id"] for item in items])
    rows = [_row(item, short) for item, short in zip(items, ids, strict=True)]
    say(fitted(HEAD, rows, flexible=("agent", "session"), right="took calls tokens cost"))
    if page["next"]:
        say(f"\nthe newest {len(items)}; --limit shows more")


def show_one(config: Config, beginning: str, *, as_json: bool) -> None:
    """Sum one session up."""
    with opened(config) as side:
        session_id = reading.whole_id(side, "session", beginning, hint="`spanledger sessions` lists them")
        told = reading.summary(side, session_id)
        told["newest_jobs"] = reading.jobs(side, session=session_id, limit=SHOWN)["items"]
        told["newest_errors"] = lists.entries(side, session=session_id, status="error", limit=SHOWN)["items"]
    if as_json:
        say_json(told)
        return
    _print(told)


def models_table(models: Sequence[Row]) -> str:
    """Write what each model did."""
    rows = [
        (
            row["model"] or "unknown",
            row["calls"],
            row["errors"],
            amount(row["input_tokens"]),
            amount(row["cache_read_tokens"]),
            amount(row["output_tokens"]),
            price(row["cost_usd"]),
            row["cost_sources"] or "-",
        )
        for row in models
    ]
    return fitted(MODELS, rows, flexible=("model", "cost from"), right="calls failed read cached written cost")


def tools_table(tools: Sequence[Row]) -> str:
    """Write what each tool did."""
    rows = [
        (row["name"], row["calls"], row["failures"], took(row["p50_ms"]), took(row["p95_ms"]), took(row["total_ms"]))
        for row in tools
    ]
    return fitted(TOOLS, rows, flexible=("tool",), right="calls failed p50 p95 total")


def facts(pairs: Mapping[str, str | None]) -> str:
    """Write facts one a line, cut to the terminal; those that are not known are left out."""
    room = columns() - LABEL
    return "\n".join(f"{name:<{LABEL}}{cut(plain(value), room)}" for name, value in pairs.items() if value)


LABEL: Final = 12


def _row(item: Row, short: str) -> Sequence[Any]:
    return (
        short_clock(item["started_at"]),
        short,
        item["agent_name"],
        item["exit_reason"] or item["status"],
        took(between_ms(item["started_at"], item["ended_at"])),
        item["model_calls"],
        amount(item["total_tokens"]),
        price(item["cost_usd"]),
    )


def _print(told: Row) -> None:
    outcome = f"{told['status']}: {told['exit_reason']}" if told["exit_reason"] else told["status"]
    closed = f" (closed by {told['closed_by']})" if told["closed_by"] else ""
    counted = f"{amount(told['input_tokens'])} read, {amount(told['output_tokens'])} written"
    about = {
        "session": told["session_id"],
        "agent": told["agent_name"],
        "status": outcome + closed,
        "started": f"{clock(told['started_at'])} UTC, took {took(told['duration_ms'])}",
        "workspace": told["workspace_path"],
        "tokens": f"{counted if told['total_tokens'] is not None else 'not told'} in {told['model_calls']} model calls",
        "cost": price(told["cost_usd"]),
        "tools": f"{told['tool_calls']} calls, {told['failed_tool_calls'] or 0} failed" if told["tool_calls"] else None,
        "entries": f"{told['total_events']}, {told['errors']} of them errors",
        "issues": ", ".join(told["issues_claimed"] or ()),
        "skills": ", ".join(told["skills_used"] or ()),
    }
    say(facts(about))
    for title, text in _tables(told):
        say(f"\n{title}\n{text}")
    say(f"\nstep by step: spanledger trace {told['session_id']}")


def _tables(told: Row) -> list[tuple[str, str]]:
    found = []
    if told["models"]:
        found.append(("Models", models_table(told["models"])))
    if told["tools"]:
        found.append(("Tools", tools_table(told["tools"])))
    if told["newest_jobs"]:
        from spanledger.show_jobs import jobs_table

        found.append(("Jobs", jobs_table(told["newest_jobs"])))
    if told["newest_errors"]:
        found.append(("Errors, newest first", "\n".join(map(_error, told["newest_errors"]))))
    return found


def _error(entry: Row) -> str:
    parts = (clock(entry["timestamp"]), entry["name"] or entry["type"], entry["error_type"], entry["error_message"])
    return cut(plain("  ".join(part for part in parts if part)), columns())
