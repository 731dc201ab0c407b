"""Answer statements of users: read-only SQL, bounded in time, rows and bytes, and what there is to ask for."""

import base64
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api import formats
from api.answers import Schema, truth
from api.bodies import fields
from api.checks import Fields
from core.errors import Invalid
from schema.described import described
from store.examples import EXAMPLES
from store.protocol import Console

DEFAULT: Final = 1_000
MOST: Final = 10_000
"""Rows of one answer."""
MOST_BYTES: Final = 8 << 20
"""Characters of one answer, about."""
BODY: Final = fields(
    (
        ("query", "text!", "One select statement."),
        ("limit", "whole", f"How many rows are given at most: {DEFAULT} by default, never more than {MOST}."),
    )
)
ANSWER: Final[Schema] = {
    "type": "object",
    "properties": {
        "columns": {"type": "array", "items": {"type": "string"}, "description": "The names of the columns."},
        "rows": {"type": "array", "items": {"type": "array"}, "description": "The rows; bytes are written in base64."},
        "truncated": truth("Whether there is more than was given."),
    },
    "required": ["columns", "rows", "truncated"],
    "additionalProperties": False,
}


@dataclass(slots=True)
class Answer:
    """Hold what a statement gave."""

    columns: list[str]
    rows: list[list[Any]] = field(default_factory=list)
    truncated: bool = False

    def written(self, media: str) -> bytes:
        """Write it in a form."""
        if media == formats.JSON:
            return formats.json({"columns": self.columns, "rows": self.rows, "truncated": self.truncated})
        if media == formats.CSV:
            return "".join(map(formats.table_line, [self.columns, *self.rows])).encode(errors="replace")
        return formats.lines(dict(zip(self.columns, row, strict=True)) for row in self.rows)


class Statement:
    """Run one statement; whoever waits for it may stop it."""

    def __init__(self, open_console: Callable[[], Console], values: Mapping[str, Any]) -> None:
        """Read what is asked; raise Invalid for values that are not what is wanted."""
        told = Fields(values, known=BODY)
        query, limit = told.text("query"), told.whole("limit")
        if not query or limit == 0:
            raise Invalid(
                "query is missing; one select statement is wanted" if not query else "limit is 0; 1 is wanted"
            )
        self._open, self._query = open_console, query
        self._limit = min(limit or DEFAULT, MOST)
        self._lock = threading.Lock()
        self._console: Console | None = None
        self._is_stopped = False

    def run(self) -> Answer:
        """Give the answer, or raise what is wrong."""
        console = self._opened()
        try:
            return self._read(console.rows(self._query))
        finally:
            with self._lock:
                self._console = None
                console.close()

    def stop(self) -> None:
        """End it, from any thread."""
        with self._lock:
            self._is_stopped = True
            if self._console is not None:
                self._console.interrupt()

    def _opened(self) -> Console:
        console = self._open()
        with self._lock:
            self._console = console
            if self._is_stopped:
                console.interrupt()
        return console

    def _read(self, found: Iterator[tuple[Any, ...]]) -> Answer:
        answer = Answer([str(name) for name in next(found)])
        size = 0
        for row in found:
            if len(answer.rows) == self._limit or size > MOST_BYTES:
                answer.truncated = True
                break
            size += _size(row)
            answer.rows.append([_plain(value) for value in row])
        return answer


def schema() -> dict[str, Any]:
    """List the tables that may be read, their columns, and statements to begin with."""
    tables = [
        {
            "name": table.name,
            "is_view": table.is_view,
            "about": table.about,
            "columns": [
                {"name": one.name, "type": one.type, "nullable": one.nullable, "about": one.about}
                for one in table.columns.values()
            ],
        }
        for table in described().values()
    ]
    return {"tables": tables, "examples": [{"about": about, "query": query} for about, query in EXAMPLES]}


def of_address(given: Mapping[str, str]) -> dict[str, Any]:
    """Read the parameters of an address as what a body would say."""
    told: dict[str, Any] = dict(given)
    limit = given.get("limit")
    if limit is not None:
        if not (limit.isascii() and limit.isdigit()):
            raise Invalid(f"limit is {limit[:60]!r}; a whole number is wanted")
        told["limit"] = int(limit[:16])
    return told


def _size(row: Sequence[Any]) -> int:
    return sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)


def _plain(value: Any) -> Any:
    """Write a value as JSON has it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
