"""Find all that is held of a session, with those that it started, or of a user.

A record belongs to a session by what was derived from it. Of a trace that several sessions share, what is another
session's stays, and all else goes. A record that nothing was derived from belongs to whom it names: the id stands as a
whole value in its attributes or its resource's, under any key but one about a parent or a session before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson

from schema.signals import Signal
from store.forgetting import OldSide

ABOUT_OTHERS: Final = ("parent", "previous")
"""In keys: what they name is not whom the record is of."""
NAMING: Final = {Signal.TRACES: "spans_naming", Signal.LOGS: "logs_naming", Signal.METRICS: "points_naming"}
TRACED: Final = {Signal.TRACES: "spans_in", Signal.LOGS: "logs_in"}
SCAN_IDS: Final = 20_000
PAGE: Final = 500
COUNTED: Final = ("sessions", "entries", "model_calls", "tool_calls", "events", "jobs", "notes", "mirrored")


@dataclass(frozen=True, slots=True)
class Subject:
    """Name whom or what to erase: a session, or a user; what is erased with it may be a trace."""

    kind: str
    id: str

    @property
    def hash(self) -> str:
        """Name it without saying it."""
        return hashed(self.kind, self.id)


@dataclass(slots=True)
class Held:
    """Hold what is held: sessions and traces by their ids, rows by their numbers; `others` are keys of what stays."""

    users: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    rows: dict[Signal, list[int]] = field(default_factory=dict)
    rejections: list[int] = field(default_factory=list)
    pinned: list[str] = field(default_factory=list)
    derived: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Say whether there is nothing."""
        return not (any(self.rows.values()) or self.rejections or any(self.derived.values()))

    @property
    def words(self) -> list[str]:
        """List the ids that name it."""
        return [*self.sessions, *self.users]

    @property
    def subjects(self) -> list["Subject"]:
        """List whom and what it is of."""
        told = (("user", self.users), ("session", self.sessions), ("trace", self.traces))
        return [Subject(kind, one) for kind, ids in told for one in ids]

    def counts(self) -> dict[str, int]:
        """Count the rows of each kind."""
        raw = {str(signal): len(self.rows.get(signal, ())) for signal in Signal}
        return {**raw, **self.derived, "rejections": len(self.rejections)}


def hashed(kind: str, name: str) -> str:
    """Hash an id the way it is remembered: it hides one that cannot be guessed."""
    return sha256(f"{kind}:{name}".encode(errors="surrogatepass")).hexdigest()


def held_of(side: OldSide, subject: Subject) -> Held:
    """Find what is held of a session or a user."""
    return held_of_all(side, [subject])


def held_of_all(side: OldSide, subjects: Iterable[Subject]) -> Held:
    """Find what is held of several."""
    ids: dict[str, list[str]] = {"user": [], "session": [], "trace": []}
    for one in subjects:
        ids[one.kind].append(one.id)
    return held_by(side, ids["session"], traces=ids["trace"], users=ids["user"])


def held_by(
    side: OldSide, sessions: Collection[str], *, traces: Collection[str] = (), users: Collection[str] = ()
) -> Held:
    """Find what is held of sessions, those that they started, some traces, and users with all of theirs."""
    made_up = _column(side, "synthetic_in", traces=_json(traces)) if traces else []
    theirs = _column(side, "sessions_of_users", users=_json(users)) if users else []
    known = _column(side, "with_children", sessions=_json({*sessions, *made_up, *theirs}))
    held = Held([*users], known, pinned=_column(side, "pinned", sessions=_json(known)))
    told = {*traces, *_column(side, "traces", sessions=_json(known))}
    held.others = _others(side, held, told)
    named = {signal: [*_naming(side, signal, held)] for signal in Signal}
    held.traces = sorted(told.union(trace for rows in named.values() for _, trace in rows if trace))
    held.others = _others(side, held, held.traces)
    held.rows = {signal: sorted({*_tied(side, signal, held), *(row for row, _ in named[signal])}) for signal in Signal}
    held.rejections = [*_refused(side, held)]
    held.derived = dict(zip(COUNTED, side.rows("counted", sessions=_json(known))[0], strict=True))
    return held


def _others(side: OldSide, held: Held, traces: Collection[str]) -> set[str]:
    asked = {"sessions": _json(held.sessions), "traces": _json(traces)}
    return set(_column(side, "of_others", **asked)) if traces else set()


def _tied(side: OldSide, signal: Signal, held: Held) -> Iterator[int]:
    """Find the rows that are in its traces, and log records that were derived from."""
    if signal in TRACED:
        rows = side.rows(TRACED[signal], traces=_json(held.traces))
        yield from (number for number, key in rows if key not in held.others)
    if signal is Signal.LOGS:
        own = _column(side, "own_logs", sessions=_json(held.sessions))
        for keys in _pages(own):
            yield from (number for number, _ in side.rows("logs_by_key", keys=_identities(keys)))


def _naming(side: OldSide, signal: Signal, held: Held) -> Iterator[tuple[int, str]]:
    """Find the rows of a signal that name what is held, and are not another session's, each with its trace or none.

    What was not derived from yet is found by this alone.
    """
    if not held.words:
        return
    names, sessions = frozenset(held.words), _json(held.sessions)
    words = _json(orjson.dumps(word).decode() for word in held.words)
    resources = {
        number for number, told in side.rows("resources_naming", words=words) if names_one(orjson.loads(told), names)
    }
    asked = {"words": words, "resources": _json(resources)}
    for after in range(0, side.ends()[signal], SCAN_IDS):
        for number, key, trace, resource, *texts in side.rows(
            NAMING[signal], after=after, until=after + SCAN_IDS, **asked
        ):
            if key in held.others:
                continue
            if resource not in resources and not any(names_one(orjson.loads(text), names) for text in texts if text):
                continue
            if not (key and side.rows("is_anothers", key=key, sessions=sessions)):
                yield number, trace or ""


def names_one(told: Any, names: Collection[str]) -> bool:
    """Say whether one of some ids stands as a value, under a key that is about the record itself."""
    return isinstance(told, dict) and any(
        isinstance(value, str) and value in names and not any(word in key for word in ABOUT_OTHERS)
        for key, value in told.items()
    )


def _refused(side: OldSide, held: Held) -> Iterator[int]:
    """Find refused items in which an id stands, in whatever form they were sent."""
    sessions, traces = frozenset(held.sessions), frozenset(held.traces)
    texts = [word.encode(errors="surrogatepass") for word in (*held.words, *held.traces)]
    texts += [bytes.fromhex(trace) for trace in held.traces]
    after = 0
    while rows := side.rows("rejections", after=after, limit=PAGE):
        after = rows[-1][0]
        for number, session, trace, message, payload in rows:
            said = message.encode(errors="surrogatepass") + (payload or b"")
            if session in sessions or trace in traces or any(text in said for text in texts):
                yield number


def _identities(keys: Iterable[str]) -> str:
    """Write the sort times and fingerprints of log records, from their keys."""
    return _json([*map(int, key.split("/")[1:3])] for key in keys)


def _pages(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]


def _column(side: OldSide, name: str, **values: Any) -> list[str]:
    return [value for (value,) in side.rows(name, **values)]


def _json(values: Iterable[Any]) -> str:
    return orjson.dumps([*values]).decode()
