"""Say what a group of records means: all of its derived rows, made anew each time (mapping.md C, D)."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

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
    standing = Standing(found, work, rules)
    rows, due = standing.at(now)
    later = [] if group.sealed or found.metered else expected(rows, due, standing.at, until=now + SOON)
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


class Standing:
    """Say how things stand: what is open or over by the clock, and when that changes; times are asked for in order.

    What the clock does not change is made once: sums, and the sessions until one of them falls silent.
    """

    def __init__(self, found: Found, work: Sequence[Work], rules: Rules) -> None:
        """Take what was found in a group."""
        self._found, self._work, self._rules = found, work, rules
        calls = found.by_agent()
        self._runs = [(run, Sums.of(calls[run.agent_id])) for run in found.agents.found]
        self._subagents = subagent_rows(self._runs)
        self._calls = found.by_session()
        self._held: Sequence[Session] = ()
        self._sessions: Rows = {}
        self._silent: float = -math.inf

    def at(self, now: int) -> tuple[dict[str, Rows], int | None]:
        """Give the rows as they are at a time, Unix nanoseconds, and when the clock changes them next."""
        found, rules = self._found, self._rules
        if now >= self._silent:
            self._hold(now)
        jobs = found.jobs.found
        over = {job.id for job in jobs if job.completed(now, grace=rules.grace, idle=rules.idle)}
        rows = {
            **_job_rows(self._work, over, rules),
            "agents": self._agents(over),
            "job_subagents": self._subagents,
            "agent_sessions": {**self._sessions},
        }
        _add_metered(rows, found, now, rules.idle)
        rows["agent_skill_usage"] = skill_rows(found, rows["agent_sessions"])
        return rows, self._due(over, now)

    def _hold(self, now: int) -> None:
        """Look at the sessions as they are until the next of them falls silent."""
        found, idle = self._found, self._rules.idle
        self._held = sessions(found.facts, found.calls, found.jobs, now=now, idle=idle)
        self._sessions = {
            (one.session_id,): session_row(one, found.main(self._calls[one.session_id])) for one in self._held
        }
        self._silent = min((one.last_seen + idle for one in self._held if one.ended is None), default=math.inf)

    def _agents(self, over: Collection[str]) -> Rows:
        """Write runs of agents; a main thread runs while its session is open, a subagent until its end or its job's."""
        closed = {session.session_id for session in self._held if session.ended is not None}
        emitters = {session.session_id: session.emitter for session in self._held}

        def is_over(run: Run) -> bool:
            return run.ended is not None or run.job_id in over or run.session_id in closed

        return agent_rows(self._runs, is_over, emitters)

    def _due(self, over: Collection[str], now: int) -> int | None:
        """Say when the clock will close a job or a session that is open now."""
        found, rules = self._found, self._rules
        ends: list[float] = [
            job.last + rules.idle if job.ended is None else job.ended + rules.grace
            for job in found.jobs.found
            if job.id not in over
        ]
        ends += [one.last + rules.idle for one in found.metered if one.ended(now, rules.idle) is None]
        ends += () if found.metered_at is None else (found.metered_at,)
        due = min((*ends, self._silent))
        return None if due == math.inf else int(due)


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
