"""Show one session turn by turn: what was asked, what models and tools did, what it cost, how the context grew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from api import reading
from api.pages import Row, after, page
from api.times import between_ms
from web.asking import Asked
from web.bars import Bar, stacked
from web.steps import MOST_AGENTS, Steps, loose, steps
from web.wording import amount, clock, segment

TURNS: Final = 20
MOST_CALLS: Final = 20_000
MOST_BARS: Final = 200
MOST_MODELS: Final = 100
TRACES: Final = 20


class Call(NamedTuple):
    """Hold what a model call read, wrote, and took from a cache, in tokens."""

    at: str
    read: int
    wrote: int | None
    cached: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """Hold a session and one page of its turns."""

    row: Row
    sums: Row
    models: Sequence[Row]
    turns: Sequence[Row]
    steps: Steps
    outside: Steps
    agents: Sequence[Row]
    growth: Sequence[Bar]
    growth_each: int
    traces: Sequence[Row]
    relatives: Sequence[Row]
    first: int
    next: str | None
    section: str = "sessions"

    @property
    def title(self) -> str:
        """Name the page."""
        return f"Session {self.row['session_id']}"


def show(asked: Asked) -> Session:
    """Read a session and what happened in it."""
    side, session_id = asked.side, asked.path["session_id"]
    row = reading.session(side, session_id)
    place = after(asked.text("after"))
    found = side.report("turns", session=session_id, limit=TURNS + 1, **place)
    cut = page(found, TURNS, ("time", "id"), shown=lambda one: one)
    turns = cut["items"] if cut["next"] else [*cut["items"], *_open(asked, session_id)]
    agents = side.report("session_agents_of", session=session_id, limit=MOST_AGENTS)
    calls, each = _largest(side.report("growth", session=session_id, limit=MOST_CALLS)[0])
    row["duration_ms"] = between_ms(row["started_at"], row["ended_at"] or row["last_entry_at"])
    return Session(
        row=row,
        sums=side.report("session_sums", session=session_id)[0],
        models=side.report("session_usage", session=session_id, limit=MOST_MODELS),
        turns=turns,
        steps=steps(side, [turn["id"] for turn in turns], agents),
        outside=loose(side, session_id, agents) if not place else Steps({}, None),
        agents=agents,
        growth=stacked([("", _words(call), _parts(call)) for call in calls]),
        growth_each=each,
        traces=side.report("session_traces", session=session_id, limit=TRACES),
        relatives=side.report("relatives", session=session_id, limit=TRACES),
        first=asked.whole("from", 1),
        next=asked.link(_here(asked), **{"after": cut["next"], "from": asked.whole("from", 1) + TURNS})
        if cut["next"]
        else None,
    )


def leads(shown: Session) -> list[str]:
    """Name the traces of a session."""
    return [row["trace_id"] for row in shown.traces]


def _open(asked: Asked, session_id: str) -> list[Row]:
    nothing = dict.fromkeys(
        ("summary", "completed_at", "elapsed_ms", "error_type", "error_message", "context_used_pct")
    )
    return [{**nothing, **row} for row in asked.side.report("open_turns", session=session_id, limit=TURNS)]


def _here(asked: Asked) -> str:
    return f"/sessions/{segment(asked.path['session_id'])}"


def _largest(columns: Mapping[str, str]) -> tuple[list[Call], int]:
    """Choose the call of every few that read most, as many as are drawn; say of how many."""
    times, read, wrote, cached = map(orjson.loads, columns.values())
    each = -(-len(read) // MOST_BARS) or 1
    starts = range(0, len(read), each)
    chosen = [max(range(at, min(at + each, len(read))), key=read.__getitem__) for at in starts]
    return [Call(times[at], read[at], wrote[at], cached[at]) for at in chosen], each


def _parts(call: Call) -> Mapping[str, float]:
    cached = min(call.cached or 0, call.read)
    return {"cached": cached, "fresh": call.read - cached, "output": call.wrote or 0}


def _words(call: Call) -> str:
    cached = f", {amount(call.cached)} of them cached" if call.cached else ""
    return f"{clock(call.at)} read {amount(call.read)}{cached}, wrote {amount(call.wrote)}"
