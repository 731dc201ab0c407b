"""Search what was said, done and noted: documents with pieces of their texts, bounded in rows and in bytes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from api.pages import Row, word
from api.pages import after as place_of
from core.errors import Invalid
from search.query import Query, Term, parse
from search.shapes import NEWEST, ORDERS, TEXTS, Filters, Found
from search.snippets import snippet
from store.protocol import ReadSide

DEFAULT: Final = 20
MOST: Final = 100
"""Documents of one answer."""
MOST_SNIPPETS: Final = 3
MOST_NAME: Final = 300
"""Characters of a title and of what a document is part of."""
TOLD: Final = (
    "source",
    "kind",
    "at",
    "session_id",
    "job_id",
    "trace_id",
    "agent_name",
    "project_key",
    "tool_name",
    "status",
)
NO_INDEX: Final = "there is no index of texts yet; a running collector makes it, or `spanledger rebuild --search`"
NO_WORD: Final = "there is no letter or digit in that text; words, names and numbers can be found"
TOO_LONG: Final = "only the first words of that text were looked for"
TOO_MANY: Final = "many words begin so, and only the most frequent of them were looked for; write more of the word"


def search(
    side: ReadSide,
    *,
    q: str = "",
    order: str = NEWEST,
    limit: int | None = None,
    cursor: str | None = None,
    **where: Any,
) -> Row:
    """Find documents by their words: newest first, or with order=best those first that hold them best.

    Words are looked for in any order; "words in quotes" stand behind each other, -this must not be there,
    begin* is a beginning of three letters or more, and this OR that will do.
    Filters: kind, session, agent, project, tool, errors, since, until.
    """
    if order not in ORDERS:
        raise Invalid(f"order is {order[:60]!r}; one of {', '.join(ORDERS)} is wanted")
    query = parse(q)
    filters = Filters(failed=bool(where.pop("errors", False)), **where)
    size = DEFAULT if limit is None else min(max(limit, 1), MOST)
    found = side.search(query, filters, order=order, limit=size, after=_after(cursor, order))
    return {
        "items": [_told(row, query.terms) for row in found.rows],
        "next": None if found.after is None else word([order, found.after]),
        "note": _note(query, found),
        "index": {"exists": found.state.exists, "behind": found.state.behind, "unread": found.state.unread},
    }


def _after(cursor: str | None, order: str) -> int | None:
    if cursor is None:
        return None
    place = place_of(cursor)
    if place["after_time"] != order or not isinstance(place["after_id"], int):
        raise Invalid("the cursor belongs to another order; leave it out to begin with the first page")
    return min(max(place["after_id"], 0), (1 << 63) - 1)


def _told(row: Mapping[str, Any], terms: Sequence[Term]) -> Row:
    told = {name: row[name] for name in TOLD}
    names = {name: _short(row[name]) for name in ("title", "part_of")}
    return {
        "id": row["key"],
        **told,
        **names,
        "failed": bool(row["failed"]),
        "snippets": list(_snippets(row, terms)),
        "links": links(row),
    }


def _snippets(row: Mapping[str, Any], terms: Sequence[Term]) -> Iterator[Row]:
    """Give pieces of the texts that hold a word; when none shows it the beginning of one, of the error if there is."""
    cut = [snippet(name, row[name], terms) for name in TEXTS if row.get(name)]
    marked = [one for one in cut if one.marks]
    plain = sorted((one for one in cut if one.field != "title"), key=lambda one: one.field != "error")
    yield from (one.told() for one in (marked or plain[:1])[:MOST_SNIPPETS])


def links(row: Mapping[str, Any]) -> dict[str, str]:
    """Give the pages of what a document belongs to; the same addresses behind /api/v1 answer programs."""
    told = {
        "session": ("/sessions/", row["session_id"]),
        "job": ("/jobs/", row["job_id"]),
        "trace": ("/traces/", row["trace_id"]),
        "entry": ("/entries/", row["key"] if row["source"] == "entry" else None),
    }
    return {name: path + quote(str(value), safe="") for name, (path, value) in told.items() if value}


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MOST_NAME else text[: MOST_NAME - 1] + "…"


def _note(query: Query, found: Found) -> str | None:
    """Say what a reader should know about the answer."""
    state = found.state
    if not state.exists:
        return NO_INDEX
    if query.seeks_nothing:
        return NO_WORD
    if state.unread:
        return f"the index of texts is being made; about {state.unread} older rows are not in it yet"
    if query.ignored:
        return TOO_LONG
    return TOO_MANY if found.cut else None
