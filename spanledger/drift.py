"""Find what an update took away, and sessions that went quiet in the middle of their work (`docs/drift.md`)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from derive.drift import Drift, drifts
from derive.text import iso
from mapping.watch import FIELDS
from spanledger.findings import OK, WARN, Finding, Findings
from spanledger.terminal import NANOSECONDS, human_time
from store.reading import SqliteReadSide

UPDATES: Final = "updates"
QUIET: Final = "quiet"
SHOWN: Final = 3
"""Names that are written out."""
QUIET_S: Final = 10 * 60
"""How long a session with work under way must say nothing."""
DAY_S: Final = 24 * 60 * 60
SESSIONS: Final = 20
ENTRIES: Final = 50
LATEST: Final = 3_000
"""Entries of a session that are looked at for the signals that tell of its calls."""
LIVELY: Final = 5
USUAL_S: Final = 60
"""How far a session's records are apart at most, on average, for silence to mean anything."""
POINTS: Final = 2_000
BEFORE: Final = 3
SINCE: Final = 5
STOPPED_S: Final = 5 * 60
"""A signal stopped when it told of so many calls before, and the other tells of so many since, over this time."""
WORDS: Final = {"llm": "model calls", "tool": "tool calls"}
SIGNALS: Final = {"traces": "spans", "logs": "log records"}
WAITS: Final = {
    "tool": "a call of {tool}, after which no model was called",
    "tool_part": "a part of a tool call, of which no result came",
    "prompt": "a prompt, which no model call followed",
}
CALL: Final = "llm"
ASKED: Final = "a model call that asked for tools, of which none ran"
LOOK: Final = "upgrade spanledger; if this stays, file an issue with the output of `{command}`"
COMMAND: Final = "spanledger sql --json \"select * from inventory where source = '{source}'\""
WAIT: Final = (
    "see whether the agent waits for you or for a tool; else check the settings of its exporter and restart it"
)
EXPORTER: Final = (
    "check the settings of its exporter of {signal} (OTEL_{name}_EXPORTER and the endpoint), and restart it"
)


@dataclass(frozen=True, slots=True)
class Stop:
    """Say since when a signal tells nothing of a kind of calls, and what the other one told since; ISO 8601."""

    kind: str
    is_log: bool
    since: str
    until: str
    count: int


def updates(side: SqliteReadSide) -> Findings:
    """Name what newer versions no longer send, or send otherwise."""
    rows = side.drift("watched_keys")
    alike: dict[tuple[object, ...], list[Drift]] = defaultdict(list)
    for one in drifts(rows):
        alike[one.what, one.source, one.field, one.keys, one.older, one.newer, one.types].append(one)
    for held in alike.values():
        command = COMMAND.format(source=held[0].source)
        yield Finding(UPDATES, WARN, _changed(side, held), LOOK.format(command=command))
    if not alike:
        count = len({row["source"] for row in rows})
        yield Finding(UPDATES, OK, f"{count} programs and libraries send what they sent before")


def _changed(side: SqliteReadSide, held: Sequence[Drift]) -> str:
    one, where = held[0], _where(held)
    name, _, place = one.source.partition(" in ")
    who = f"{name} {one.newer or '(no version)'}" + (f" in {place}" if place else "")
    count = sum(drift.records for drift in held)
    since = f"since {_human(min(drift.since for drift in held))}, {count} records"
    older = one.older or "the one without a version"
    keys = ", ".join(one.keys)
    if one.what == "vanished":
        return f"{who} sends no {where}, which told of model calls in {older}; {since} of other kinds"
    if one.what == "retyped":
        before, now = one.types
        return f"{who} sends {FIELDS[one.field]} ({keys}) as {now} in {where}, {older} as {before}; {since}"
    fresh = sorted({key for drift in held for key in _fresh(side, drift)})[:SHOWN]
    new = f"; new there: {', '.join(fresh)}" if fresh else ""
    return f"{who} no longer sends {FIELDS[one.field]} ({keys}) in {where}, {older} did; {since}{new}"


def _where(held: Sequence[Drift]) -> str:
    names = [f"{SIGNALS[drift.signal]} '{drift.name}'" for drift in held]
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


def _fresh(side: SqliteReadSide, one: Drift) -> list[str]:
    """Name keys that only the newer version has: one of them may be what the old one is called now."""
    rows = side.drift(
        "new_keys",
        source=one.source,
        version=one.newer,
        older=one.older,
        signal=one.signal,
        called=one.name,
        limit=SHOWN,
    )
    return [row["key"] for row in rows]


def quiet(side: SqliteReadSide, now: int) -> Findings:
    """Name sessions whose work broke off, or of which one kind of signal did; `now` is Unix nanoseconds."""
    found = []
    sessions = side.drift("late_sessions", since=iso(now - DAY_S * NANOSECONDS), limit=SESSIONS)
    for session in sessions:
        found += [*_stopped(side, session), *_broken_off(side, session, now)]
    yield from found
    if not found:
        yield Finding(QUIET, OK, "no session broke off in the middle of its work")


def _stopped(side: SqliteReadSide, session: dict[str, Any]) -> Iterator[Finding]:
    """Find a signal that stopped while the other one goes on to tell of the same kinds of calls."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in side.drift("calls_by_signal", session=session["session_id"], limit=LATEST):
        told[row["kind"]].append(row)
    stops: dict[bool, list[Stop]] = defaultdict(list)
    for both in told.values():
        stop = _stop(side, session, *sorted(both, key=lambda row: str(row["last"]))) if len(both) > 1 else None
        if stop is not None:
            stops[stop.is_log].append(stop)
    for held in stops.values():
        yield _told(session, held)


def _stop(side: SqliteReadSide, session: dict[str, Any], silent: dict[str, Any], other: dict[str, Any]) -> Stop | None:
    """Compare what the two signals tell of one kind of calls; None while none has stopped."""
    if silent["calls"] < BEFORE or _seconds(silent["last"], other["last"]) < STOPPED_S:
        return None
    since = {"kind": silent["kind"], "since": silent["last"], "is_log": other["is_log"]}
    count = side.drift("calls_since", session=session["session_id"], **since)[0]["calls"]
    return (
        Stop(silent["kind"], bool(silent["is_log"]), silent["last"], other["last"], count) if count >= SINCE else None
    )


def _told(session: dict[str, Any], stops: Sequence[Stop]) -> Finding:
    silent, other = ("log records", "spans") if stops[0].is_log else ("spans", "log records")
    kinds = " and ".join(sorted(WORDS[stop.kind] for stop in stops))
    since, until = min(stop.since for stop in stops), max(stop.until for stop in stops)
    text = (
        f"{_named(session)}: {silent} of {kinds} stopped at {_human(since)}, "
        f"while {other} told of {sum(stop.count for stop in stops)} more until {_human(until)}"
    )
    return Finding(QUIET, WARN, text, EXPORTER.format(signal=silent, name="LOGS" if stops[0].is_log else "TRACES"))


def _broken_off(side: SqliteReadSide, session: dict[str, Any], now: int) -> Iterator[Finding]:
    """Find an open session with a job under way that waits for an answer, and says nothing for long."""
    age = _seconds(session["last_seen_at"], iso(now))
    if not session["has_job"] or age < QUIET_S:
        return
    work = side.drift("last_work", session=session["session_id"], limit=ENTRIES)
    waits = _waits_for(side, session, work)
    if waits and len(work) >= LIVELY and _seconds(work[-1]["timestamp"], work[0]["timestamp"]) <= USUAL_S * len(work):
        points = _goes_on(side, session, now)
        last = f"nothing since {_human(session['last_seen_at'])}, {age // 60:.0f} minutes; the last was {waits}"
        yield Finding(QUIET, WARN, f"{_named(session)}: {last}{points}", WAIT)


def _waits_for(side: SqliteReadSide, session: dict[str, Any], work: Sequence[dict[str, Any]]) -> str:
    """Say what the last thing was that must be followed by another; empty when it need not be."""
    last = next((row["kind"] for row in work if row["kind"] in (CALL, *WAITS)), "")
    called = {row["kind"]: row["said"] for row in side.drift("last_said", session=session["session_id"])}
    if last == CALL:
        return ASKED if "tool" in (called.get(CALL) or "") else ""
    return WAITS[last].format(tool=called.get("tool") or "a tool") if last else ""


def _goes_on(side: SqliteReadSide, session: dict[str, Any], now: int) -> str:
    """Say whether metrics of the session go on, so that its process lives."""
    since = now - DAY_S * NANOSECONDS
    last = side.drift("last_point", session=session["session_id"], since=since, limit=POINTS)[0]["last"]
    is_later = last is not None and _seconds(session["last_seen_at"], iso(last)) > USUAL_S
    return f"; its metrics go on until {human_time(last)}" if is_later else ""


def _named(session: dict[str, Any]) -> str:
    return f"session {session['session_id']} of {session['emitter']}"


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _human(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S}Z"
