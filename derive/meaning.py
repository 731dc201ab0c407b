"""Say what a group of records means: all of its derived rows, made anew each time (mapping.md C, D)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from derive.calls import Rows, model_call_rows, tool_call_rows
from derive.entries import entry, entry_rows
from derive.events import event_rows
from derive.found import Found
from derive.groups import Group
from derive.jobs import Work, agent_rows, history_row, open_row, subagent_rows
from derive.later import SOON, Later, expected
from derive.links import link_rows
from derive.metered import Read, main_rows, no_points, session_rows
from derive.moments import moment_rows, told_moments
from derive.sessions import session_row
from derive.sums import Sums
from derive.text import iso
from derive.ties import tie_rows
from derive.told import log_rows, skill_rows
from mapping.session_ends import Session, sessions
from mapping.subagents import Run
from pricing.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold what the operator decides: times in nanoseconds, and prices."""

    prices: Catalogue
    grace: int = 10_000_000_000
    """How long after a job's root its other records are waited for."""
    idle: int = 1_800_000_000_000
    """How long after its last record a session or a job is taken to be over."""
    park: int = 600_000_000_000
    """How long a command waits for what it is about."""

    def idle_since(self, now: int) -> str:
        """Say since when a session must have been quiet to be over."""
        return iso(now - self.idle)


@dataclass(slots=True)
class Meaning:
    """Hold derived rows by table and key, when the clock alone will change them, and how as far as that is soon."""

    rows: dict[str, Rows] = field(default_factory=dict)
    due: int | None = None
    later: list[Later] = field(default_factory=list)


def meaning(group: Group, now: int, rules: Rules, read: Read = no_points) -> Meaning:
    """Derive a group's rows as they are at a time, Unix nanoseconds; `read` gives what metrics tell of a session."""
    found = Found(group, rules.prices, now, read)
    work = found.work()
    timely = partial(_timely, found, work, rules)
    rows, due = timely(now)
    later = [] if group.sealed or found.metered else expected(rows, due, timely, until=now + SOON)
    return Meaning({**_timeless(group, found, work), **rows}, due, later)


def _timeless(group: Group, found: Found, work: Sequence[Work]) -> dict[str, Rows]:
    """Write what the clock does not change."""
    sources = {key: priced for priced in found.priced for key in priced[0].sources}
    by_key = {fact.key: fact for fact in found.facts}
    metered = [told for one in found.metered for told in one.calls]
    return {
        "agent_traces": {
            **entry_rows(group, found.facts, sources, found.places),
            **moment_rows(work, found.roots(), found.places),
            **told_moments(found.facts, found.places),
            **{(told[0].fact.key,): entry(told[0].fact, told, found.places) for told in metered},
        },
        "model_calls": model_call_rows(found.priced, found.places),
        "tool_calls": tool_call_rows(found.tools, found.places),
        "trace_ties": tie_rows(group, found.facts, found.places),
        "events": event_rows(group.events.values(), by_key, found.places),
        "work_links": link_rows(found),
        "agent_log_entries": log_rows(found.facts, found.places),
    }


def _timely(found: Found, work: Sequence[Work], rules: Rules, now: int) -> tuple[dict[str, Rows], int | None]:
    """Write what is open or over by the clock, and say when that changes."""
    held = sessions(found.facts, found.calls, found.jobs, now=now, idle=rules.idle)
    over = {job.id for job in found.jobs.found if job.completed(now, grace=rules.grace, idle=rules.idle)}
    rows = {
        **_job_rows(work, over, rules),
        **_agent_rows(found, over, held),
        "agent_sessions": _session_rows(found, held),
    }
    _add_metered(rows, found, now, rules.idle)
    rows["agent_skill_usage"] = skill_rows(found, rows["agent_sessions"])
    return rows, _due(found, over, held, now, rules)


def _session_rows(found: Found, held: Sequence[Session]) -> Rows:
    calls = found.by_session()
    return {(session.session_id,): session_row(session, found.main(calls[session.session_id])) for session in held}


def _add_metered(rows: dict[str, Rows], found: Found, now: int, idle: int) -> None:
    """Add the sessions and main threads that only metrics tell of."""
    sessions = {session for (session,) in rows["agent_sessions"]}
    runs = {run for (run,) in rows["agents"]}
    rows["agent_sessions"] |= session_rows(found.metered, sessions, now, idle)
    rows["agents"] |= main_rows(found.metered, runs, now, idle)


def _job_rows(work: Sequence[Work], over: Collection[str], rules: Rules) -> dict[str, Rows]:
    return {
        "job_history": {(one.job.id,): history_row(one, rules.prices) for one in work if one.job.id in over},
        "open_jobs": {(one.job.id,): open_row(one) for one in work if one.job.id not in over},
    }


def _agent_rows(found: Found, over: Collection[str], held: Sequence[Session]) -> dict[str, Rows]:
    """Write runs of agents; a main thread runs while its session is open, a subagent until its end or its job's."""
    calls = found.by_agent()
    runs = [(run, Sums.of(calls[run.agent_id])) for run in found.agents.found]
    closed = {session.session_id for session in held if session.ended is not None}
    emitters = {session.session_id: session.emitter for session in held}

    def is_over(run: Run) -> bool:
        return run.ended is not None or run.job_id in over or run.session_id in closed

    return {"agents": agent_rows(runs, is_over, emitters), "job_subagents": subagent_rows(runs)}


def _due(found: Found, over: Collection[str], held: Sequence[Session], now: int, rules: Rules) -> int | None:
    """Say when the clock will close a job or a session that is open now."""
    ends = [
        job.last + rules.idle if job.ended is None else job.ended + rules.grace
        for job in found.jobs.found
        if job.id not in over
    ]
    quiet = [session.last_seen + rules.idle for session in held if session.ended is None]
    quiet += [one.last + rules.idle for one in found.metered if one.ended(now, rules.idle) is None]
    metered = () if found.metered_at is None else (found.metered_at,)
    return min((*ends, *quiet, *metered), default=None)
