"""Write what is known of sessions by their metrics alone: sums instead of calls, and such sessions themselves.

Metrics know no jobs, and count no calls: what is not said there stays unknown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from derive.calls import Rows
from derive.costs import told_cost
from derive.sums import Priced, Sums, model_of, most_written
from derive.text import iso, maybe_iso
from mapping.calls import Call
from mapping.metered import due, usages
from mapping.series import Series
from mapping.subagents import MAIN
from mapping.tiers import tier_of
from pricing.catalogue import Catalogue
from schema.derived import AGENT_SESSIONS, AGENTS, BY_METRIC, row

Read = Callable[[str], Sequence[Series]]
"""Gives the folded series of a session."""
UNKNOWN: Final = "unknown"


def no_points(_: str) -> Sequence[Series]:
    """Give no series."""
    return ()


@dataclass(frozen=True, slots=True)
class Metered:
    """Hold what a session used by its metrics; `calls` are its sums, one for each model, and times nanoseconds."""

    session_id: str
    calls: Sequence[Priced]
    series: Sequence[Series]

    @property
    def agent_id(self) -> str:
        """Name the main thread, which all of it is booked on."""
        return f"{self.session_id}{MAIN}"

    @property
    def started(self) -> int:
        """Say when its series began."""
        return min(series.began for series in self.series)

    @property
    def last(self) -> int:
        """Say when its last point was."""
        return max(series.last for series in self.series)

    @property
    def model(self) -> str | None:
        """Name the model that wrote the most."""
        call = most_written(self.calls)
        return model_of(call) if call else None

    @property
    def emitter(self) -> str:
        """Name the program."""
        return self.calls[0][0].fact.emitter

    def said(self, field: str) -> str | None:
        """Give what series say of the session, the smallest of several."""
        return min((told for series in self.series if (told := getattr(series.meter, field))), default=None)

    def agent_name(self) -> str:
        """Give the agent's name, when there is one alone: a subagent's counts are in series of their own."""
        told = {series.meter.agent_name for series in self.series}
        return (told.pop() if len(told) == 1 else None) or UNKNOWN

    def ended(self, now: int, idle: int) -> int | None:
        """Say when it ended: only silence tells."""
        return self.last if now >= self.last + idle else None


def metered(sessions: Iterable[str], read: Read, prices: Catalogue, now: int) -> tuple[list[Metered], int | None]:
    """Give what sessions without a call used by their metrics, and when more of them will count."""
    found, later = [], []
    for session in sorted(sessions):
        series = read(session)
        moment = due(series)
        if moment is not None and moment <= now:
            found.append(Metered(session, _calls(session, series, prices), series))
        elif moment is not None:
            later.append(moment)
    return found, min(later, default=None)


def _calls(session: str, series: Sequence[Series], prices: Catalogue) -> list[Priced]:
    told = usages(session, series)
    apart = any(usage.nanos is not None for usage in told)
    return [
        (
            Call(usage.fact, BY_METRIC, [*usage.sources]),
            told_cost(usage.nanos, usage.fact, prices, apart=apart),
        )
        for usage in told
    ]


def session_rows(found: Iterable[Metered], known: Iterable[str], now: int, idle: int) -> Rows:
    """Write the sessions that nothing but metrics tells of; `known` are the others."""
    others = set(known)
    return {
        (one.session_id,): row(
            AGENT_SESSIONS,
            {
                "session_id": one.session_id,
                "agent_name": one.agent_name(),
                "workspace_path": one.said("workspace") or "",
                "started_at": iso(one.started),
                "ended_at": maybe_iso(one.ended(now, idle)),
                "exit_reason": "completed" if one.ended(now, idle) else None,
                "model_tier": tier_of(one.model) if one.model else None,
                "last_seen_at": iso(one.last),
                "closed_by": "idle" if one.ended(now, idle) else None,
                "synthetic": 0,
                "project_key": one.said("project_key"),
                "user_id": one.said("user_id"),
                "git_branch": one.said("git_branch"),
                "emitter": one.emitter,
                "source": BY_METRIC,
            },
        )
        for one in found
        if one.session_id not in others
    }


def main_rows(found: Iterable[Metered], known: Iterable[str], now: int, idle: int) -> Rows:
    """Write the main threads that nothing but metrics tells of; `known` are the ids of the other runs."""
    others = set(known)
    return {(one.agent_id,): _main(one, now, idle) for one in found if one.agent_id not in others}


def _main(one: Metered, now: int, idle: int) -> tuple[object, ...]:
    sums, ended = Sums.of(one.calls), one.ended(now, idle)
    return row(
        AGENTS,
        {
            "agent_id": one.agent_id,
            "session_id": one.session_id,
            "name": one.agent_name(),
            "model": one.model,
            "status": "running" if ended is None else "completed",
            "started_at": iso(one.started),
            "ended_at": maybe_iso(ended),
            "input_tokens": sums.input,
            "output_tokens": sums.output,
            "cost_nanos": sums.nanos,
            "emitter": one.emitter,
        },
    )
