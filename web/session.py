"""Show one session turn by turn: what was asked, what models and tools did, what it cost, how the context grew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api import reading
from api.pages import Row, after, page
from api.times import between_ms
from web.asking import Asked
from web.bars import Bar, stacked
from web.steps import MOST_AGENTS, Steps, loose, steps
from web.wording import amount, clock, segment

TURNS: Final = 20
MOST_CALLS: Final = 5_000
MOST_BARS: Final = 200
TRACES: Final = 20


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
    own = _main(side.report("growth", session=session_id, limit=MOST_CALLS), agents)
    each = -(-len(own) // MOST_BARS) or 1
    row["duration_ms"] = between_ms(row["started_at"], row["ended_at"] or row["last_entry_at"])
    return Session(
        row=row,
        sums=side.report("session_sums", session=session_id)[0],
        models=side.report("session_models", id=session_id),
        turns=turns,
        steps=steps(side, [turn["id"] for turn in turns], agents),
        outside=loose(side, session_id, agents) if not place else Steps({}, None),
        agents=agents,
        growth=_growth(own, each),
        growth_each=each,
        traces=side.report("session_traces", session=session_id, limit=TRACES),
        relatives=side.report("relatives", session=session_id, limit=TRACES),
        first=asked.whole("from", 1),
        next=asked.link(_here(asked), **{"after": cut["next"], "from": asked.whole("from", 1) + TURNS})
        if cut["next"]
        else None,
    )


def _open(asked: Asked, session_id: str) -> list[Row]:
    nothing = dict.fromkeys(
        ("summary", "completed_at", "elapsed_ms", "error_type", "error_message", "context_used_pct")
    )
    return [{**nothing, **row} for row in asked.side.report("open_turns", session=session_id, limit=TURNS)]


def _here(asked: Asked) -> str:
    return f"/sessions/{segment(asked.path['session_id'])}"


def _main(calls: Sequence[Row], agents: Sequence[Row]) -> list[Row]:
    """Give the calls of the main thread, as far as tokens are known."""
    subagents = {row["agent_id"] for row in agents if row["parent_agent_id"]}
    return [row for row in calls if row["agent_id"] not in subagents and row["input_tokens"] is not None]


def _growth(own: Sequence[Row], each: int) -> list[Bar]:
    """Draw what calls read and wrote; of each few the largest."""
    shown = [max(own[at : at + each], key=lambda row: row["input_tokens"]) for at in range(0, len(own), each)]
    return stacked([("", _words(row), _parts(row)) for row in shown])


def _parts(row: Row) -> Mapping[str, float]:
    cached = min(row["cache_read_tokens"] or 0, row["input_tokens"])
    return {"cached": cached, "fresh": row["input_tokens"] - cached, "output": row["output_tokens"] or 0}


def _words(row: Row) -> str:
    cached = f", {amount(row['cache_read_tokens'])} of them cached" if row["cache_read_tokens"] else ""
    return (
        f"{clock(row['started_at'])} read {amount(row['input_tokens'])}{cached}, wrote {amount(row['output_tokens'])}"
    )
