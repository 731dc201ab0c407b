"""Answer `spanledger jobs` and `spanledger job`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from api import reading
from api.pages import Row
from spanledger.config import Config
from spanledger.layout import amount, clock, columns, cut, fitted, price, short_clock, short_ids, took, wrapped
from spanledger.options import reading as opened
from spanledger.show_sessions import NOTHING, facts, models_table
from spanledger.terminal import plain, say, say_json

HEAD: Final = ("UTC", "job", "status", "model", "took", "tokens", "cost", "prompt")
CALLS: Final = ("time", "tool", "", "took", "input -> output")
SUBAGENTS: Final = ("subagent", "name", "tool calls", "messages", "tokens")
SHOWN_CALLS: Final = 50
MODEL: Final = 14
"""Columns of a model's name in a list: a prompt says more."""
SHOWN_LINES: Final = 20


def show_list(config: Config, where: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """List the newest jobs."""
    with opened(config) as side:
        page = reading.jobs(side, limit=limit, **_whole(side, where))
    items = page["items"]
    if as_json:
        say_json(items)
        return
    if not items:
        say("no job is like that; leave a filter out" if where else NOTHING)
        return
    say(jobs_table(items))
    if page["next"]:
        say(f"\nthe newest {len(items)}; --limit shows more")


def show_one(config: Config, beginning: str, *, as_json: bool) -> None:
    """Tell of one job, from its prompt to what came of it."""
    with opened(config) as side:
        job_id = reading.whole_id(side, "job", beginning, hint="`spanledger jobs` lists them")
        told = reading.job(side, job_id)
        told["tool_calls"] = reading.all_tool_calls(side, job_id)
        told["subagents"] = reading.job_subagents(side, job_id)["items"]
    if as_json:
        say_json(told)
        return
    say(facts(_about(told)))
    for title, text in _parts(told):
        say(f"\n{title}\n{text}")


def jobs_table(items: Sequence[Row]) -> str:
    """Write jobs one a line."""
    ids = short_ids([item["id"] for item in items])
    rows = [_row(item, short) for item, short in zip(items, ids, strict=True)]
    return fitted(HEAD, rows, flexible=("prompt", "model", "job"), right="took tokens cost")


def _whole(side: Any, where: Mapping[str, Any]) -> dict[str, Any]:
    """Find the session that is meant."""
    if "session" not in where:
        return dict(where)
    session = reading.whole_id(side, "session", where["session"], hint="`spanledger sessions` lists them")
    return {**where, "session": session}


def _row(item: Row, short: str) -> Sequence[Any]:
    return (
        short_clock(item["started_at"]),
        short,
        item["status"],
        cut(item["model"] or "unknown", MODEL),
        took(item.get("elapsed_ms")),
        amount(_tokens(item)),
        price(item["cost_usd"]),
        " ".join((item["prompt"] or "").split()),
    )


def _tokens(item: Row) -> int | None:
    known = [count for count in (item["input_tokens"], item["output_tokens"]) if count is not None]
    return sum(known) if known else None


def _about(told: Row) -> dict[str, str | None]:
    files = told.get("files_modified") or ()
    called, failed = told["tool_call_count"], told["failed_tool_calls"]
    return {
        "job": told["id"],
        "status": told["status"],
        "agent": told["agent_name"],
        "session": told["session_id"],
        "model": f"{told['model'] or 'unknown'} {told.get('reasoning_effort') or ''}".rstrip(),
        "started": f"{clock(told['started_at'])} UTC, took {took(told.get('elapsed_ms'))}",
        "folder": told["cwd"],
        "tokens": _tokens_told(told),
        "context": _context(told),
        "cost": _cost(told),
        "tools": None if called is None else f"{called} calls, {failed or 0} failed{_mostly(told)}",
        "files": ", ".join(files),
        "messages": _messages(told),
        "error": "  ".join(filter(None, (told.get("error_type"), told.get("error_message")))),
    }


def _tokens_told(told: Row) -> str:
    if _tokens(told) is None:
        return "not told"
    cached = f" ({amount(told['cache_read_tokens'])} from the cache)" if told.get("cache_read_tokens") else ""
    part = "; not all calls told theirs" if told.get("usage_incomplete") else ""
    return f"{amount(told['input_tokens'])} read{cached}, {amount(told['output_tokens'])} written{part}"


def _context(told: Row) -> str | None:
    share, window = told.get("context_used_pct"), told.get("context_window")
    of_window = f" of {amount(window)} tokens" if window else ""
    return None if share is None else f"{share:.0f} % used{of_window}"


def _cost(told: Row) -> str:
    source = told.get("cost_source")
    return f"{price(told['cost_usd'])}{f'  (from: {source})' if source else ''}"


def _mostly(told: Row) -> str:
    return f", mostly {told['primary_tool']}" if told.get("primary_tool") else ""


def _messages(told: Row) -> str | None:
    count = told.get("message_count")
    return None if count is None else f"{count}, {told['user_message_count'] or 0} from the user"


def _parts(told: Row) -> Iterator[tuple[str, str]]:
    if told["prompt"]:
        yield "Prompt", wrapped(told["prompt"], indent=2, lines=SHOWN_LINES)
    if told.get("summary"):
        yield "Summary", wrapped(told["summary"], indent=2, lines=SHOWN_LINES)
    if told["models"]:
        yield "Models", models_table(told["models"])
    if told["tool_calls"]:
        yield "Tool calls", _calls(told["tool_calls"])
    if told["subagents"]:
        yield "Subagents", _subagents(told["subagents"])
    errors = list(_errors(told))
    if errors:
        yield "Errors", "\n".join(errors)


def _calls(calls: Sequence[Row]) -> str:
    rows = [
        (
            (call["timestamp"] or "")[11:19],
            call["name"],
            "FAILED" if call["is_error"] else "",
            took(call["duration_ms"]),
            " -> ".join(" ".join(text.split()) for text in (call["input_preview"], call["output_preview"]) if text),
        )
        for call in calls[:SHOWN_CALLS]
    ]
    more = len(calls) - SHOWN_CALLS
    text = fitted(CALLS, rows, flexible=("input -> output", "tool"), right="took")
    return f"{text}\n… {more} more; --json gives all of them" if more > 0 else text


def _subagents(subagents: Sequence[Row]) -> str:
    rows = [
        (one["subagent_id"], one["name"], one["tool_call_count"], one["message_count"], amount(_tokens(one)))
        for one in subagents
    ]
    return fitted(SUBAGENTS, rows, flexible=("subagent", "name"), right="tokens")


def _errors(told: Row) -> Iterator[str]:
    """Say what failed: model calls, then tool calls with what they gave."""
    for call in told["model_failures"]:
        yield _error(call["started_at"], call["model"], call["error_type"], call["error_message"])
    for call in told["tool_calls"]:
        if call["is_error"]:
            yield _error(call["timestamp"], call["name"], call["error_type"], call["error_message"])


def _error(time: str | None, *parts: str | None) -> str:
    told = "  ".join(" ".join(part.split()) for part in ((time or "")[11:19], *parts) if part)
    return cut(plain(told), columns())
