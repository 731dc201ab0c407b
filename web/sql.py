"""Ask the database in its own words, read-only, with its shape beside it: what /api/v1/sql answers, as a page."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.console import Statement
from core.errors import Refused
from schema.described import Described, described
from store.examples import EXAMPLES
from web.asking import Asked

ROWS: Final = 500
LONGEST: Final = 6_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what came of a statement: rows of text, or what is wrong with it."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    more: bool = False
    took_ms: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Sql:
    """Hold a statement, what came of it, and what can be asked."""

    q: str
    answer: Answer | None
    tables: Mapping[str, Described]
    title: str = "SQL"
    section: str = "sql"
    examples: Sequence[tuple[str, str]] = field(default=EXAMPLES)


def show(asked: Asked) -> Sql:
    """Run a statement, if there is one."""
    q = asked.query.get("q", "")[:LONGEST].strip()
    return Sql(q, _answer(asked, q) if q else None, described())


def _answer(asked: Asked, q: str) -> Answer:
    began = time.perf_counter()
    try:
        found = Statement(asked.daemon.open_console, {"query": q, "limit": ROWS}).run()
    except Refused as error:
        return Answer(error=str(error))
    return Answer(found.columns, found.rows, found.truncated, (time.perf_counter() - began) * 1000)
