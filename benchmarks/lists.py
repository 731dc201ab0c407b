"""Measure how long questions take on a large database: `python -m benchmarks.lists FILE` (see benchmarks.million).

Times are of the process, not of the clock: other programs on the machine do not count.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from api import lists, reading, searching, series, stored, tool_sums, traces
from search.shapes import ORDERS
from store.config import Store
from store.protocol import ReadSide
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide

MOST_MS: Final = 50.0
SEARCH: Final = "search"
MOST_SEARCH_MS: Final = 200.0
SOUGHT: Final = (
    "weather",
    "the of and",
    '"weather report"',
    "the*",
    "que*",
    "que* timeout",
    "the* que*",
    "x* sea*",
    "que* -sea*",
    "timeout OR err* OR wea*",
    '"question fil*"',
    "nobodyhere",
)
"""Words that are frequent, seldom and nowhere; beginnings of many words, alone, together and behind other words."""
ROUNDS: Final = 40
PAGES: Final = 5
Ask = Callable[..., Any]


def main() -> None:
    """Measure each list with many filters and cursors, and say which takes too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description=__doc__)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    SqliteWriteSide(Store(path=options.file, reserve=0)).close()  # brings it to the newest shape
    with closing(SqliteReadSide(options.file, deadline_s=60)) as side:
        told = {name: figures(times) for name, times in measured(side)}
    for name, figure in told.items():
        most = MOST_SEARCH_MS if name.startswith(SEARCH) else MOST_MS
        print(f"{name:42} {json.dumps(figure)}{'' if figure['p95_ms'] <= most else '  too long'}")


def figures(times: list[float]) -> dict[str, float]:
    """Give the middle, the 95th of a hundred and the largest, in milliseconds."""
    ordered = sorted(1_000 * one for one in times)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50_ms": round(statistics.median(ordered), 1), "p95_ms": round(last, 1), "max_ms": round(ordered[-1], 1)}


def measured(side: ReadSide) -> Iterator[tuple[str, list[float]]]:
    """Time each question, with all of its filters and often enough to speak of 5 in 100; lists go on for some pages."""
    source = random.Random(1)
    for name, ask, filters in questions(side, source):
        times: list[float] = []
        for number, where in enumerate(cycle(filters)):
            if number >= len(filters) and len(times) >= ROUNDS:
                break
            cursor: str | None = None
            for _ in range(PAGES):
                began = time.process_time()
                page = ask(side, **where, **({"cursor": cursor} if cursor else {}))
                times.append(time.process_time() - began)
                cursor = page.get("next") if isinstance(page, dict) else None
                if cursor is None:
                    break
        yield name, times


def questions(side: ReadSide, source: random.Random) -> Iterator[tuple[str, Ask, list[dict[str, Any]]]]:
    """Give each question with the filters it is asked with."""
    sessions = [row["session_id"] for row in reading.sessions(side, limit=1000)["items"]]
    jobs = [row["id"] for row in reading.jobs(side, limit=1000)["items"]]
    since = [f"2026-{month:02}-{day:02}T00:00:00.000000Z" for month in (9, 10, 11) for day in (1, 8, 15)]
    models, tools = ["gpt-5.1-2026-03-11", "llama-5-local", "nobody"], ["run_tests", "edit_file", "nobody"]

    def one_of(name: str, words: list[str]) -> list[dict[str, Any]]:
        return [{name: source.choice(words)} for _ in range(ROUNDS)]

    plain: list[dict[str, Any]] = [{} for _ in range(5)]
    until = [{"until": day} for day in since]
    every: dict[str, Ask] = {
        "sessions": reading.sessions,
        "jobs": reading.jobs,
        "traces": lists.traces,
        "spans": lists.spans,
        "logs": lists.logs,
        "points": lists.points,
        "model-calls": lists.model_calls,
        "tool-calls": lists.tool_calls,
        "events": lists.events,
        "runs": lists.runs,
        "entries": lists.entries,
    }
    for name, ask in every.items():
        yield name, ask, [*plain, *until]
    yield "subagents", lists.subagents, plain
    for name, ask in {"model-calls": lists.model_calls, "tool-calls": lists.tool_calls, "spans": lists.spans}.items():
        yield f"{name} of a session", ask, one_of("session", sessions)
        yield f"{name} that failed", ask, [{"status": "error", **one} for one in until]
    for name, ask in {"model-calls": lists.model_calls, "tool-calls": lists.tool_calls}.items():
        yield f"{name} of a job", ask, one_of("job", jobs)
        yield f"{name} with an error", ask, one_of("error", ["timeout", "429", "nobody"])
    yield "events of a session", lists.events, one_of("session", sessions)
    yield "runs of a session", lists.runs, one_of("session", sessions)
    yield "model-calls of a model", lists.model_calls, one_of("model", models)
    yield "model-calls of an agent", lists.model_calls, one_of("agent", ["coder", "nobody"])
    yield "model-calls of a provider", lists.model_calls, one_of("provider", ["openai", "nobody"])
    yield from seldom(one_of)
    yield "model-calls by cost", lists.model_calls, [{"min_cost": cost} for cost in (0.01, 0.04, 1000.0)]
    yield "tool-calls of a tool", lists.tool_calls, one_of("tool", tools)
    yield "tool-calls about a file", lists.tool_calls, one_of("file", ["part_7.py", "nobody.py"])
    yield "spans of a service", lists.spans, one_of("service", ["agent-3", "nobody"])
    yield "spans of a name", lists.spans, one_of("name", ["chat llama-5-local", "nobody"])
    yield "jobs of a model", reading.jobs, one_of("model", models)
    yield "jobs by tool", reading.jobs, one_of("tool", tools)
    yield "jobs by file", reading.jobs, one_of("file", ["part_7.py", "nobody.py"])
    yield "jobs by cost", reading.jobs, [{"min_cost": cost} for cost in (0.01, 0.5, 1000.0)]
    yield "jobs by error", reading.jobs, one_of("error", ["429", "nobody"])
    yield "sessions of an agent", reading.sessions, one_of("agent", ["coder", "nobody"])
    yield "sessions of a model", reading.sessions, one_of("model", models)
    yield "sessions by cost", reading.sessions, [{"min_cost": cost} for cost in (0.01, 1.0, 1000.0)]
    yield "sessions of a project", reading.sessions, one_of("project", ["/home/dev/web", "nobody"])
    for group in (None, *series.GROUPS):
        yield f"usage by day and {group}", series.usage, [{"group": group} for _ in range(20)]
        yield f"usage by hour and {group}", series.usage, [{"group": group, "by": "hour"} for _ in range(20)]
    yield "usage of 90 days by model", series.usage, [{"group": "model", "since": since[0]} for _ in range(20)]
    yield "statistics", series.statistics, [{} for _ in range(20)]
    yield "tools", tool_sums.tools, plain
    yield "tools of a week", tool_sums.tools, [{"since": since[-1]} for _ in range(5)]
    yield "agents", reading.agents, plain
    yield "storage", stored.storage, plain
    some = [{"trace_id": source.choice(jobs).partition(":")[0]} for _ in range(ROUNDS)]
    yield "a trace", traces.trace, some
    yield "spans of a trace", traces.spans, some
    for order in ORDERS:
        yield f"{SEARCH}, {order} first", searching.search, [{"q": q, "order": order} for q in SOUGHT]


def seldom(one_of: Callable[[str, list[str]], list[dict[str, Any]]]) -> Iterator[tuple[str, Ask, list[dict[str, Any]]]]:
    """Give lists with filters for what there is seldom, or nowhere."""
    yield "model-calls that cost little", lists.model_calls, [{"max_cost": cost} for cost in (0.0, 0.0001, 0.01)]
    yield "model-calls that do not count", lists.model_calls, [{"counted": False}]
    yield "spans of a kind", lists.spans, one_of("kind", ["client", "server"])
    yield "spans of a status", lists.spans, one_of("status", ["ok", "unset"])
    yield "entries of a kind", lists.entries, one_of("kind", ["llm", "agent", "nobody"])
    yield "entries of a status", lists.entries, one_of("status", ["error", "nobody"])
    yield "entries that hold a text", lists.entries, one_of("text", ["timeout", "weather", "nobody"])
    yield "entries that took long", lists.entries, [{"min_ms": ms} for ms in (1_000.0, 100_000.0, 1e9)]


if __name__ == "__main__":
    main()
