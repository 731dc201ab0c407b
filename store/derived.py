"""Write the derived tables: whole rows under their keys, with the days that jobs count in.

All of it happens inside the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import apsw

from core.errors import Missing
from schema.derived import (
    AGENT_SESSIONS,
    AGENTS,
    BY_HAND,
    INVENTORY,
    JOB_HISTORY,
    MIRRORED,
    MODEL_PRICES,
    TABLES,
    TOLD,
    USAGE_SERIES,
    CallCost,
    Changes,
    Row,
    Step,
    Table,
)
from store.queries import load

WIDE: Final = 8
"""Rows a statement: during one, the interpreter is free for other threads."""

QUERIES = load((Path(__file__).parent / "derived.sql").read_text())
STEPS = load((Path(__file__).parent / "changes.sql").read_text())


def apply(cursor: apsw.Cursor, changes: Changes) -> list[int]:
    """Put and remove rows, and write down how far the raw records have been read; count what each step changed."""
    jobs = sorted(_jobs(changes))
    count(cursor, jobs, -1)
    for name, keys in changes.gone.items():
        cursor.executemany(REMOVE[name], keys)
    for name, rows in changes.put.items():
        _put(cursor, PUT[name], rows)
    count(cursor, jobs, 1)
    _price(cursor, changes.costs)
    cursor.executemany(QUERIES["count_day"], ((day,) for day in changes.days))
    cursor.executemany(QUERIES["set_position"], changes.positions.items())
    return [_step(cursor, step) for step in changes.steps]


def _step(cursor: apsw.Cursor, step: Step) -> int:
    cursor.execute(STEPS[step.name], dict(step.values))
    changed = cursor.connection.changes()
    if not changed and step.missing:
        raise Missing(step.missing)
    return changed


def _price(cursor: apsw.Cursor, costs: Sequence[CallCost]) -> None:
    """Write what calls cost, and add up anew what they are part of."""
    for query in ("price_call", "price_entry"):
        cursor.executemany(QUERIES[query], ((cost.nanos, cost.source, cost.version, cost.call_id) for cost in costs))
    for query in ("price_job", "price_open_job", "price_subagent", "price_agent"):
        cursor.executemany(QUERIES[query], ((cost.call_id,) for cost in costs))


def _jobs(changes: Changes) -> set[str]:
    """Name the finished jobs that change; the id is the first column of a row and of a key."""
    name = JOB_HISTORY.name
    return {str(row[0]) for row in chain(changes.put.get(name, ()), changes.gone.get(name, ()))}


def count(cursor: apsw.Cursor, jobs: Sequence[str], sign: int) -> None:
    """Add jobs to the days they count in, or take them away: what they were before a change, what they are after it."""
    for query in ("count_start", "count_end"):
        cursor.executemany(QUERIES[query], ((job, sign) for job in jobs))


def _put(cursor: apsw.Cursor, statements: tuple[str, str], rows: Sequence[Row]) -> None:
    wide, single = statements
    whole = len(rows) - len(rows) % WIDE
    for start in range(0, whole, WIDE):
        cursor.execute(wide, tuple(chain.from_iterable(rows[start : start + WIDE])))
    cursor.executemany(single, rows[whole:])


def _upsert(table: Table, rows: int) -> str:
    """Write the statement that puts rows; a job that is frozen, and a row that was not derived, stays."""
    columns = ", ".join(table.columns)
    values = f"({', '.join('?' * len(table.columns))})"
    told = ", ".join(_assignment(table, column) for column in table.columns if column not in table.key)
    keys = ", ".join(table.key)
    return (
        f"insert into {table.name} ({columns}) values {', '.join([values] * rows)} "  # noqa: S608  our own names
        f"on conflict ({keys}) do update set {told}{_unless_kept(table)}"
    )


def _unless_kept(table: Table) -> str:
    """Say which rows are put over: a program's own rows give way to its own alone, and mirrored ones take no place."""
    if "emitter" not in table.columns:
        return ""
    frozen = "frozen = 0 and " if table is JOB_HISTORY else ""
    mirrored = f" and (emitter is '{MIRRORED}' or excluded.emitter is not '{MIRRORED}')" if table is AGENTS else ""
    return f" where ({frozen}emitter is not '{BY_HAND}'{mirrored}) or excluded.emitter is '{BY_HAND}'"


def _assignment(table: Table, column: str) -> str:
    if column in table.kept:
        return f"{column} = ifnull(excluded.{column}, {column})"
    return f"{column} = excluded.{column}"


WORKED: Final = (
    " and not exists (select 1 from agent_issue_work as w where w.session_id = agent_sessions.session_id)"
    " and not exists (select 1 from agent_skill_usage as u where u.session_id = agent_sessions.session_id"
    " and u.emitter in ('api', 'tracking'))"
)
"""Work that was told of a session would go with its row, and no record brings it back."""


def _removal(table: Table) -> str:
    frozen = " and frozen = 0" if table is JOB_HISTORY else ""
    derived = f" and emitter is not '{BY_HAND}' and emitter is not '{MIRRORED}'" if "emitter" in table.columns else ""
    worked = WORKED if table is AGENT_SESSIONS else ""
    told = " and ".join(f"{column} = ?" for column in table.key)
    return f"delete from {table.name} where {told}{frozen}{derived}{worked}"  # noqa: S608  our own names


def _each(tables: Iterable[Table]) -> dict[str, tuple[str, str]]:
    return {table.name: (_upsert(table, WIDE), _upsert(table, 1)) for table in tables}


EVERY: Final = (*TABLES.values(), INVENTORY, USAGE_SERIES, MODEL_PRICES, *TOLD)
PUT: Final = _each(EVERY)
REMOVE: Final = {table.name: _removal(table) for table in EVERY}
