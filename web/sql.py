"""Ask the database in its own words, read-only, with its shape beside it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, Final

from core.errors import Refused
from store.protocol import ReadSide
from web.asking import Asked
from web.wording import size

ROWS: Final = 500
COLUMNS: Final = 5_000
LONGEST: Final = 6_000
EXAMPLES: Final = (
    (
        "Cost by agent this month",
        (
            "select agent_name, sum(calls) as calls, sum(cost_nanos) / 1e9 as usd\nfrom usage_days\n"
            "where day >= date('now', 'start of month')\ngroup by agent_name\norder by usd desc"
        ),
    ),
    (
        "Slowest tool calls",
        (
            "select name, round(duration_ms) as ms, timestamp, job_id, input_preview\nfrom tool_calls\n"
            "where duration_ms is not null\norder by duration_ms desc\nlimit 20"
        ),
    ),
    (
        "Failed jobs and why",
        (
            "select started_at, agent_name, error_type, error_message, prompt\nfrom job_history\n"
            "where status = 'failed'\norder by started_at desc\nlimit 20"
        ),
    ),
    (
        "Tokens each session read",
        (
            "select session_id, agent_name, total_tokens, total_cost_usd\nfrom agent_trace_sessions\n"
            "order by started_at desc\nlimit 20"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Table:
    """Hold the shape of a table or view."""

    name: str
    kind: str
    columns: Sequence[tuple[str, str]]


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
    tables: Sequence[Table]
    title: str = "SQL"
    section: str = "sql"
    examples: Sequence[tuple[str, str]] = field(default=EXAMPLES)


def show(asked: Asked) -> Sql:
    """Run a statement, if there is one."""
    q = asked.query.get("q", "")[:LONGEST].strip()
    return Sql(q, _answer(asked.side, q) if q else None, _tables(asked.side))


def _answer(side: ReadSide, q: str) -> Answer:
    began = time.perf_counter()
    try:
        found = side.query(q)
        columns = next(found, ())
        rows = [[_cell(value) for value in row] for row in islice(found, ROWS + 1)]
    except Refused as error:
        return Answer(error=str(error))
    took_ms = (time.perf_counter() - began) * 1000
    return Answer([str(name) for name in columns], rows[:ROWS], len(rows) > ROWS, took_ms)


def _cell(value: Any) -> Any:
    return f"{size(len(value))} of bytes" if isinstance(value, bytes) else value


def _tables(side: ReadSide) -> list[Table]:
    rows = side.report("shapes", limit=COLUMNS)
    groups = groupby(rows, key=lambda row: (str(row["table_name"]), str(row["table_type"])))
    return [Table(name, kind, [(row["name"], row["type"]) for row in held]) for (name, kind), held in groups]
