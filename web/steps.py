"""Put what happened in jobs into order: model calls and tool calls as they came, each subagent's folded into one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import orjson

from api.pages import Row
from store.protocol import ReadSide

MOST: Final = 150
"""Steps that one page shows."""
MOST_AGENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one model call or one tool call; `kind` is llm or tool."""

    kind: str
    at: str
    row: Row

    @property
    def failed(self) -> bool:
        """Say whether it went wrong."""
        return self.row["status"] == "error" if self.kind == "llm" else bool(self.row["is_error"])

    @property
    def anchor(self) -> str:
        """Name its place on a page."""
        name = str(self.row["call_id" if self.kind == "llm" else "key"])
        return f"{self.kind}-{crc32(name.encode(errors='replace')):08x}"


@dataclass(frozen=True, slots=True)
class Fold:
    """Hold what a subagent did."""

    at: str
    agent: Row
    steps: Sequence[Step]
    kind: str = "agent"

    @property
    def failures(self) -> int:
        """Count what went wrong."""
        return sum(step.failed for step in self.steps)


@dataclass(frozen=True, slots=True)
class Steps:
    """Hold the steps of each job; `next` is the time after which there are more than are shown."""

    by_job: Mapping[str | None, Sequence[Step | Fold]]
    next: str | None

    def of(self, job_id: str | None) -> Sequence[Step | Fold]:
        """Give a job's steps."""
        return self.by_job.get(job_id, ())


def steps(side: ReadSide, jobs: Sequence[str], agents: Sequence[Row], *, after: str | None = None) -> Steps:
    """List what happened in some jobs, from a time on."""
    asked = {"jobs": orjson.dumps(jobs).decode(), "after": after, "limit": MOST + 1}
    return _ordered([*_calls(side.report("step_calls", **asked)), *_tools(side.report("step_tools", **asked))], agents)


def loose(side: ReadSide, session_id: str, agents: Sequence[Row]) -> Steps:
    """List a session's model calls outside of any job."""
    return _ordered(_calls(side.report("loose_calls", session=session_id, limit=MOST + 1)), agents)


def _calls(rows: Iterable[Row]) -> list[Step]:
    return [Step("llm", row["started_at"], row) for row in rows]


def _tools(rows: Iterable[Row]) -> list[Step]:
    return [Step("tool", row["timestamp"] or "", row) for row in rows]


def _ordered(found: Sequence[Step], agents: Sequence[Row]) -> Steps:
    subagents = {row["agent_id"]: row for row in agents if row["parent_agent_id"]}
    by_job: dict[str | None, list[Step | Fold]] = {}
    folds: dict[tuple[str | None, str], list[Step]] = {}
    ordered = sorted(found, key=lambda one: one.at)
    last = ordered[MOST - 1].at if len(ordered) > MOST else None
    for step in ordered:
        if last is not None and step.at > last:
            break
        job, agent = step.row["job_id"], step.row["agent_id"]
        if agent not in subagents:
            by_job.setdefault(job, []).append(step)
            continue
        if (job, agent) not in folds:
            folds[job, agent] = []
            by_job.setdefault(job, []).append(Fold(step.at, subagents[agent], folds[job, agent]))
        folds[job, agent].append(step)
    return Steps(by_job, last)
