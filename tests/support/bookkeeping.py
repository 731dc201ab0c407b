"""Fill the book of work of a running service, the way programs do."""

from collections.abc import Mapping
from urllib.parse import quote

from tests.support.api import ask
from tests.support.service import Running

RUNS = (
    (1, "fts5", 0, 212.0, 0.61, "fail"),
    (2, "fts5", 2, 141.5, 0.74, "inconclusive"),
    (3, "fts5", 4, 88.2, 0.83, "pass"),
    (4, "trigram", 0, 171.0, 0.72, "inconclusive"),
    (5, "trigram", 2, 96.4, 0.81, "pass"),
    (6, "trigram", 4, 64.9, 0.86, "pass"),
    (7, "trigram", 8, 61.2, 0.86, "pass"),
)
TASKS = ("Write the index behind the ingest", "Cut pieces around words", "Filters by agent and tool", "Measure it")
NOTES = (
    "The first page takes 2.1 s, every other 12 ms.",
    "The templates are compiled on first use: 1.8 s of the 2.1.",
    "Compiling them beside the first answer takes it away.",
)


def fill(service: Running, *, prefix: str = "", session: str | None = None) -> None:
    """Tell of a plan, a refactor, a debug session, an experiment and an issue; `prefix` begins every text."""
    own = {"session_id": session} if session else {}
    _tell(
        service, "/plans", {"key": "search", "title": f"{prefix}Search in every text", "status": "in_progress", **own}
    )
    for title in TASKS:
        _tell(service, "/plans/search/tasks", {"title": prefix + title, "notes": prefix or None, **own})
    _tell(service, "/plans/search/tasks/done", {"title": prefix + TASKS[0]})
    _tell(service, "/refactors", {"key": "guard", "title": f"{prefix}Move the guard out", "notes": prefix or "done"})
    about = {"key": "slow", "title": f"{prefix}Why is the first page slow?", "hypothesis": f"{prefix}a cold cache"}
    _tell(service, "/debug-sessions", about)
    for note in NOTES:
        _tell(service, "/debug-sessions/slow/notes", {"note": prefix + note})
    _experiment(service, prefix)
    told = {
        "entity_type": "plan",
        "entity_key": "search",
        "style": "short",
        "text": f"{prefix}Half of it is done."[:280],
    }
    _tell(service, "/summaries", told)
    if session:
        _tell(service, f"/issues/{quote('web#12', safe='')}/work", {"agent_name": prefix + "coder", **own})


def _experiment(service: Running, prefix: str) -> None:
    about = {"key": "index", "title": f"{prefix}Which index is quicker?", "objective": f"{prefix}Recall over 0.8"}
    _tell(service, "/experiments", about)
    for number, kind, weight, p95, recall, outcome in RUNS:
        told = {"params": {"index": prefix + kind, "weight": weight}, "metrics": {"p95_ms": p95, "recall": recall}}
        _tell(service, "/experiments/index/runs", {"run_no": number, "outcome": outcome, **told})
    _tell(service, "/experiments/index/artifacts", {"type": "report", "path": f"{prefix}reports/index.md", "run_no": 6})


def _tell(service: Running, path: str, body: Mapping[str, object]) -> None:
    ask(service, path, method="POST", body={key: value for key, value in body.items() if value is not None}, status=0)
