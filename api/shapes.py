"""Write rows of the derived tables for readers: money in dollars, JSON as what it says."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from api.pages import Row
from pricing.money import dollars
from store.shapes import columns

JSON_COLUMNS: Final = (
    *("issues_claimed", "skills_used", "data", "data_json", "sources", "status_changes"),
    *(
        "attributes",
        "resource",
        "scope_attributes",
        "events",
        "links",
        "metadata",
        "exemplars",
        "entity_refs",
        "repaired",
    ),
)
MONEY: Final = {"cost_nanos": "cost_usd", "computed_nanos": "computed_usd", "emitted_nanos": "emitted_usd"}


def shown(row: Row) -> Row:
    """Write a row for readers: dollars beside nano-dollars, JSON as what it says."""
    row.pop("place", None)
    for exact, usd in MONEY.items():
        if exact in row:
            row[usd] = None if row[exact] is None else dollars(row[exact])
    for name in JSON_COLUMNS:
        if isinstance(row.get(name), str):
            row[name] = parsed(row[name])
    return row


def session_shown(row: Row) -> Row:
    """Write a session for readers."""
    row["status"] = "ended" if row["ended_at"] else "active"
    row["synthetic"] = bool(row["synthetic"])
    return shown(row)


def job_shown(row: Row) -> Row:
    """Write a job for readers; a running one has the same columns, with null for what is not known yet."""
    row = {"last_seen_at": None, **dict.fromkeys(columns("job")), **row}
    row.pop("time")
    row["files_modified"] = parsed(row["files_modified_json"]) if row["files_modified_json"] else None
    row["has_session"] = bool(row["has_session"] or row["session_id"])
    return shown(row)


def tool_call_shown(row: Row) -> Row:
    """Write a tool call for readers."""
    row["is_error"] = bool(row["is_error"])
    return shown(row)


def totals(models: Sequence[Row]) -> Row:
    """Add up what several models did; what none of them tells stays unknown."""
    names = ("calls", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    told = {name: _sum(row[name] for row in models) for name in (*names, "cost_nanos")}
    told["model_calls"] = told.pop("calls") or 0
    known = [told["input_tokens"], told["output_tokens"]]
    told["total_tokens"] = _sum(known)
    return shown(told)


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def parsed(text: str) -> Any:
    """Read JSON text; other text stays what it is."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
