"""Search what was said, done and noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import searching
from api.pages import Row
from search.shapes import ORDERS
from web.asking import PERIODS, Asked
from web.wording import segment

SHOWN: Final = 30
KINDS: Final = (
    "prompt",
    "job",
    "llm",
    "tool",
    "agent",
    "plan",
    "task",
    "debug",
    "note",
    "experiment",
    "summary",
    "issue",
)
TEXTS: Final = ("agent", "project", "tool", "kind", "session")
PLACES: Final = {
    "plan": "/work/plans/",
    "task": "/work/plans/",
    "debug": "/work/debugging/",
    "note": "/work/debugging/",
    "experiment": "/experiments/",
    "run": "/experiments/",
    "artifact": "/experiments/",
}
"""Pages of the book of work; what a document is part of names the page."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a piece of a text: its parts, each with whether it is what was looked for."""

    field: str
    parts: Sequence[tuple[str, bool]]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """Hold one thing that was found."""

    row: Row
    href: str
    pieces: Sequence[Piece]

    @property
    def name(self) -> str:
        """Give it a name to go by."""
        return str(self.row["title"] or self.row["tool_name"] or self.row["kind"] or self.row["source"])


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what was looked for and what was found."""

    q: str
    hits: Sequence[Hit]
    next: str | None
    note: str | None
    filters: Mapping[str, str | None]
    order: str
    period: str
    asked: bool
    title: str = "Search"
    section: str = "search"
    kinds: Sequence[str] = KINDS
    orders: Sequence[str] = ORDERS
    periods: Sequence[str] = tuple(PERIODS)


def show(asked: Asked) -> Search:
    """Look for what a person wrote."""
    filters = {name: asked.text(name) for name in TEXTS}
    order, period = asked.one_of("order", ORDERS) or ORDERS[0], asked.period("all")
    errors = asked.one_of("errors", ("1",))
    told = {**filters, "errors": errors}
    q = asked.text("q") or ""
    if not q and not any(told.values()):
        return Search("", (), None, None, told, order, period, asked=False)
    bounds: dict[str, Any] = {**filters, "errors": errors is not None, "since": asked.since(period)}
    found = searching.search(asked.side, q=q, order=order, limit=SHOWN, cursor=asked.text("after"), **bounds)
    following = asked.link("/search", after=found["next"]) if found["next"] else None
    hits = [Hit(row, _href(row), [_piece(one) for one in row["snippets"]]) for row in found["items"]]
    return Search(q, hits, following, found["note"], told, order, period, asked=True)


def _href(row: Row) -> str:
    place = PLACES.get(row["source"])
    if place:
        named = row["part_of"] or str(row["id"])
        return place + segment(str(named).partition("#")[0])
    links: Mapping[str, str] = row["links"]
    order = ("job", "entry", "session", "trace") if row["source"] == "job" else ("entry", "job", "session", "trace")
    return next((links[name] for name in order if name in links), "/work")


def _piece(told: Row) -> Piece:
    text, parts, at = told["text"], [], 0
    for start, end in told["marks"]:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    return Piece(told["field"], [*parts, (text[at:], False)], told["before"], told["after"])
