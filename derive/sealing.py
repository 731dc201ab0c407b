"""Leave alone what was derived from records that were forgotten since: it cannot be made anew.

Once a record of a group is gone, what its records told stands, and they tell nothing more: its jobs that are over,
its calls, its entries. Jobs that are open and whole go on, and new records are derived from by themselves;
they let the session go on, and add to the sums of its runs.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from derive.groups import Group
from derive.text import iso
from schema.derived import Row
from store.raw_side import RawSide

BY_JOB: Final = ("job_history", "open_jobs", "job_subagents")
"""Tables whose keys begin with a job."""


@dataclass(frozen=True, slots=True)
class Told:
    """Say of which records a row was made, and what it is part of."""

    table: str
    key: Row
    records: frozenset[str]
    job_id: str | None


def seal(group: Group, side: RawSide) -> None:
    """Take from a group that was just read what it must not change."""
    told = _told(group, side)
    broken = {one.job_id for one in told if not one.records <= group.facts.keys()}
    if not broken and not any(_is_cut(group, *span) for session in group.sessions for span in side.span_of(session)):
        return
    live = {job for session in group.sessions for job in side.open_jobs_of(session)} - broken
    sealed = [one for one in told if one.job_id not in live]
    _close(group, frozenset().union(*(one.records for one in sealed)))
    group.counted = {session for session in group.sessions if side.is_counted(session)}
    for one in sealed:
        group.sealed.setdefault(one.table, {})[one.key] = 0
        for table in BY_JOB if one.job_id else ():
            group.sealed.setdefault(table, {})[one.job_id,] = 0
    for table, keys in group.written.items():
        _keep(group, table, keys, live)


def _is_cut(group: Group, started_at: str, last_seen_at: str) -> bool:
    """Say whether a session goes beyond all records that are there: some tell nothing but that it lasted."""
    first = min((fact.start for fact in group.facts.values()), default=None)
    last = max((fact.end or fact.start for fact in group.facts.values()), default=None)
    return first is None or last is None or iso(first) > started_at or iso(last) < last_seen_at


def _told(group: Group, side: RawSide) -> list[Told]:
    rows = [row for session in group.sessions for row in side.told_of(session)]
    rows += [row for trace in group.traces for row in side.told_in(trace)]
    return [Told(table, (key,), frozenset(orjson.loads(records)), job) for table, key, records, job in rows]


def _close(group: Group, records: Iterable[str]) -> None:
    group.closed.update(records)
    for key in group.closed & group.facts.keys():
        del group.facts[key]
    group.events = {key: event for key, event in group.events.items() if event.source in group.facts}


def _keep(group: Group, table: str, keys: dict[Row, int], live: Collection[str | None]) -> None:
    """Leave a table's rows as they are, but for those of live jobs."""
    sealed = group.sealed.setdefault(table, {})
    kept = [key for key in keys if not (table in BY_JOB and key[0] in live)]
    if table in {"agent_traces", "model_calls", "tool_calls", "events"}:
        kept = [key for key in keys if key in sealed]
    for key in kept:
        sealed[key] = 0
        del keys[key]
