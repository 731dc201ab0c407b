"""Answer the questions of `api.listings`."""

from typing import Any

from api.listings import WHOLES, Listing, Whole
from api.pages import Row, paged
from api.shapes import parsed, shown
from core.errors import Missing
from store.protocol import ReadSide


def whole(side: ReadSide, asked: Whole, *named: Any) -> Row:
    """Read one thing, or raise Missing."""
    found = side.report(asked.statement, **dict(zip(asked.needs, named, strict=True)))
    if not found:
        name = named[0] if len(named) == 1 else "#".join(map(str, named))
        what = asked.called or asked.statement
        raise Missing(f"there is no {what} {name!r}", told={"fault": "NOT_FOUND", "key": name})
    return told(found[0])


def listed(
    side: ReadSide, asked: Listing, *named: Any, limit: int | None = None, cursor: str | None = None, **where: Any
) -> Row:
    """List a page of things; raise Missing when what the path names is not there."""
    values = dict(zip(asked.needs, named, strict=True))
    if asked.within:
        whole(side, WHOLES[asked.within], *named)
    return paged(side, asked.statement, asked.place, limit=limit, cursor=cursor, shown=told, **values, **where)


def told(row: Row) -> Row:
    """Write a row for readers: JSON as what it says."""
    if "params_json" in row:
        row["params"] = parsed(row["params_json"])
        row["metrics"] = parsed(row["metrics_json"]) if row["metrics_json"] else None
    if "completed" in row:
        row["completed"] = bool(row["completed"])
    return shown(row)
