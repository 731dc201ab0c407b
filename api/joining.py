"""Answer the questions of `api.joins`."""

from typing import Any

from api.joins import Join
from api.pages import Row, limited
from api.shapes import shown
from core.errors import Missing
from store.protocol import ReadSide


def joined(side: ReadSide, join: Join, *named: Any, limit: int | None = None, **values: Any) -> Row:
    """Answer a question; `named` are the values that must be given, in order."""
    asked = dict(zip(join.needs, named, strict=True)) | values
    if join.is_list:
        found = side.report(join.statement, limit=limited(limit), **asked)
        return {"items": [shown(row) for row in found], "next": None}
    rows = side.report(join.statement, **asked)
    if not rows or (join.known_by and rows[0][join.known_by] is None and not rows[0]["model_calls"]):
        what = join.name.partition("-")[0]
        raise Missing(f"nothing is known of {what} {' '.join(map(str, named))!r}; look at how it is written")
    return shown(rows[0])
