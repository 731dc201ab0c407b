"""Say how sessions open, close and follow each other (mapping.md A.11, C.1, C.2).

A session ends by its own event, by the next one that names it, or by silence; what comes later opens it again.
Only events' times count, and what the time is now comes from outside.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from mapping.calls import Call
from mapping.emitters import GENERIC
from mapping.facts import Fact, said_first
from mapping.identity import Signal
from mapping.jobs import Job, Jobs
from mapping.roots import SERVERS
from mapping.sessions import SYNTHETIC

NOBODYS: Final = SERVERS | {GENERIC}
"""Programs that name a session which is not an agent's: of a transport, of a browser."""


@dataclass(frozen=True, slots=True)
class Session:
    """Describe a session; times are Unix nanoseconds, None is not said or, for `ended`, not yet.

    `closed_by` is event, next or idle; `exit_reason` completed, error, interrupted, timeout or context_limit.
    `parent_session_id` is the session whose job started this one's agent, `previous_id` the one that it goes on from.
    """

    session_id: str
    agent_name: str | None
    workspace: str | None
    project_key: str | None
    user_id: str | None
    git_branch: str | None
    emitter: str
    synthetic: bool
    started: int
    last_seen: int
    starts: int
    """How often it says that it starts: one more for each time that it was resumed."""
    ended: int | None
    exit_reason: str | None
    closed_by: str | None
    previous_id: str | None
    parent_session_id: str | None
    model_tier: str | None = None
    context_tokens: int | None = None
    phase: str | None = None


def sessions(facts: Iterable[Fact], calls: Sequence[Call], jobs: Jobs, *, now: int, idle: int) -> list[Session]:
    """Give the sessions of a group of facts, in order, by start and id; `now` and `idle` are nanoseconds."""
    held: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.session_id:
            held[fact.session_id].append(fact)
    book = _Book(held, calls, jobs)
    found = [book.session(session, now, idle) for session in held if book.opens(session)]
    return sorted(found, key=lambda session: (session.started, session.session_id))


class _Book:
    """Hold what is known of all sessions, by session."""

    def __init__(self, facts: Mapping[str, Sequence[Fact]], calls: Sequence[Call], jobs: Jobs) -> None:
        self._facts, self._jobs = facts, jobs
        self._calls = _last_calls(calls)
        self._parents = _parents(facts, jobs)
        self._next = _followers(facts, self._parents)

    def opens(self, session: str) -> bool:
        """Say whether records make a session: of a trace only jobs and calls do, of a name an agent's records."""
        if self._jobs.by_session.get(session, []) or session in self._calls:
            return session not in self._parents or not session.startswith(SYNTHETIC)
        agents = any(fact.emitter not in NOBODYS and not _only_names(fact) for fact in self._facts[session])
        return agents and not session.startswith(SYNTHETIC)

    def session(self, session: str, now: int, idle: int) -> Session:
        """Describe one."""
        facts, jobs = self._facts[session], self._jobs.by_session.get(session, [])
        signals = [signal for fact in facts for signal in fact.identity.signals]
        last_seen = max([fact.end for fact in facts] + [job.last for job in jobs])
        end = self._end(session, signals, last_seen, now, idle)
        return Session(
            session_id=session,
            agent_name=self._jobs.agent_name(facts) or facts[0].agent_name,
            workspace=said_first(facts, "workspace_path"),
            project_key=said_first(facts, "project_key"),
            user_id=said_first(facts, "user_id"),
            git_branch=said_first(facts, "git_branch"),
            emitter=_emitter(facts, jobs),
            synthetic=session.startswith(SYNTHETIC),
            started=facts[0].start,
            last_seen=last_seen,
            starts=sum(signal.kind == "start" for signal in signals),
            ended=end.time if end else None,
            exit_reason=self._reason(session, end) if end else None,
            closed_by=end.kind if end else None,
            previous_id=said_first(facts, "previous_session_id"),
            parent_session_id=self._parents.get(session),
            **_told(facts),
        )

    def _end(self, session: str, signals: Sequence[Signal], last_seen: int, now: int, idle: int) -> Signal | None:
        """Give the end that counts: an event after which nothing began, the next session, or silence."""
        told = [signal for signal in signals if signal.kind == "end"]
        last = max(told, key=lambda signal: signal.time, default=None)
        if last is not None and not self._goes_on(session, signals, last.time):
            return Signal("event", last.time, last.reason)
        if session in self._next:
            return Signal("next", last_seen, None)
        return Signal("idle", last_seen, None) if now >= last_seen + idle else None

    def _goes_on(self, session: str, signals: Sequence[Signal], moment: int) -> bool:
        """Say whether the session began again after a moment."""
        starts = (signal.time for signal in signals if signal.kind == "start")
        return any(time > moment for time in starts) or any(
            job.started > moment for job in self._jobs.by_session.get(session, [])
        )

    def _reason(self, session: str, end: Signal) -> str:
        """Judge by the last model call, the sender's word, and the last job (C.2)."""
        call, jobs = self._calls.get(session), self._jobs.by_session.get(session, [])
        last = jobs[-1] if jobs else None
        if call is not None and _is_full(call):
            return "context_limit"
        said = next((reason for words, reason in REASONS if words.search(end.reason or "")), None)
        if said is not None or last is None:
            return said or "completed"
        error = f"{last.outcome.error_type} {last.outcome.error_message}"
        if last.outcome.status == "failed":
            return "timeout" if TIMEOUT.search(error) else "error"
        is_open = last.ended is None and end.kind == "idle" and last.root is None and not _answered(call)
        return "interrupted" if last.outcome.status == "cancelled" or is_open else "completed"


def _told(facts: Iterable[Fact]) -> dict[str, Any]:
    """Give what events tell of a session, the latest word of each."""
    told: dict[str, Any] = {}
    sayings = [one for fact in facts for one in fact.sayings if one.event.startswith("agent.session.")]
    for saying in sorted(sayings, key=lambda saying: (saying.at, saying.key)):
        told |= {name: saying.values[key] for name, key in TOLD.items() if saying.values.get(key) is not None}
    return told


def _only_names(fact: Fact) -> bool:
    """Know what is told of work in a session, or of its end: that makes no session."""
    return bool(fact.sayings) and not any(saying.event.startswith(OPENING) for saying in fact.sayings)


def _answered(call: Fact | None) -> bool:
    """Say whether the last call of a session ended what was asked, and does not wait for tools."""
    reason = call.model.finish_reason if call is not None and call.model else None
    return reason is None or "tool" not in reason


def _is_full(call: Fact) -> bool:
    reason = call.model.finish_reason if call.model else None
    error = f"{call.error_type} {call.error_message}" if call.failed else ""
    return bool(FULL.intersection((reason or "").split(","))) or bool(TOO_LONG.search(error))


def _last_calls(calls: Iterable[Call]) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for fact in sorted((call.fact for call in calls), key=lambda fact: (fact.end, fact.key)):
        if fact.session_id:
            found[fact.session_id] = fact
    return found


def _parents(facts: Mapping[str, Sequence[Fact]], jobs: Jobs) -> dict[str, str]:
    """Find the sessions that agents started within the job of another one."""
    found: dict[str, str] = {}
    own = {job.session_id for job in jobs.found}
    for session, held in facts.items():
        outer = (jobs.by_id[job].session_id for fact in held if (job := jobs.of_fact(fact)))
        parent = next((told for told in outer if told and told != session), None)
        if parent is not None and session not in own:
            found[session] = parent
    return found


def _followers(facts: Mapping[str, Sequence[Fact]], parents: Mapping[str, str]) -> set[str]:
    """Give the sessions that another one follows: it names them, or the same process of Codex starts it later."""
    found = {told for held in facts.values() if (told := said_first(held, "previous_session_id"))}
    processes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for session, held in facts.items():
        for fact in held:
            if fact.emitter == "codex" and fact.identity.process and session not in parents:
                starts = [signal.time for signal in fact.identity.signals if signal.kind == "start"]
                processes[fact.identity.process].extend((time, session) for time in starts)
    for started in processes.values():
        found.update(one for (_, one), (_, other) in pairwise(sorted(started)) if one != other)
    return found


def _emitter(facts: Sequence[Fact], jobs: Sequence[Job]) -> str:
    """Name the program that told the most of it."""
    told = Counter(job.emitter for job in jobs) or Counter(fact.emitter for fact in facts)
    return min(told, key=lambda emitter: (emitter in NOBODYS, -told[emitter], emitter))


TOLD: Final = {
    "model_tier": "agent.model.tier",
    "context_tokens": "agent.context.tokens",
    "phase": "agent.session.phase",
}
OPENING: Final = (
    "agent.session.start",
    "agent.session.update",
    "agent.job",
    "agent.log",
    "agent.upsert",
    "skill.",
    "file.",
    "model.",
)
"""How events begin that tell of a session itself, or of what an agent does in it."""
FULL: Final = frozenset(("length", "max_tokens", "model_context_window_exceeded"))
TOO_LONG: Final = re.compile(r"context.{0,20}(length|limit|window)|prompt is too long", re.IGNORECASE)
TIMEOUT: Final = re.compile(r"time.?out|max_turns|deadline", re.IGNORECASE)
REASONS: Final = (
    (re.compile(r"context_limit"), "context_limit"),
    (TIMEOUT, "timeout"),
    (re.compile(r"abort|cancel|interrupt|indeterminate", re.IGNORECASE), "interrupted"),
    (re.compile(r"error|fail", re.IGNORECASE), "error"),
    (re.compile(r".", re.DOTALL), "completed"),
)
"""What senders' words mean, the first that fits."""
