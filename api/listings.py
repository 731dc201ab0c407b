"""List the questions about the book of work: plans, refactors, debugging, experiments, issues, skills, projects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from api.joins import TEXT, WHOLE

TRUTH: Final = "truth"


@dataclass(frozen=True, slots=True)
class Whole:
    """Name a question about one thing: its statement, and the values that name it, each with its kind."""

    path: str
    statement: str
    about: str
    needs: Mapping[str, str] = field(default_factory=lambda: {"key": TEXT})
    called: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Name a question with a page of rows for an answer: `place` are the columns by which they are in order.

    `within` is the question of what the path names, if that must be there.
    """

    path: str
    statement: str
    about: str
    place: tuple[str, str]
    takes: Mapping[str, str]
    needs: Mapping[str, str] = field(default_factory=dict)
    within: str = ""


WORK: Final = {"status": TEXT, "project": TEXT}
CREATED: Final = ("created_at", "id")
WHOLES: Final = {
    one.statement: one
    for one in (
        Whole("/projects/{key}", "project", "Read a project."),
        Whole("/plans/{key}", "plan", "Read a plan and its newest short summary."),
        Whole("/tasks/{id}", "task", "Read a task.", {"id": WHOLE}),
        Whole("/refactors/{key}", "refactor", "Read a refactor and its newest short summary."),
        Whole(
            "/debug-sessions/{key}",
            "debug",
            "Read a debug session and its newest short summary.",
            called="debug session",
        ),
        Whole("/experiments/{key}", "experiment", "Read an experiment and its newest short summary."),
        Whole(
            "/experiments/{experiment}/runs/{run}",
            "run",
            "Read a run of an experiment.",
            {"experiment": TEXT, "run": WHOLE},
        ),
        Whole("/issue-work/{id}", "work", "Read work on an issue.", {"id": TEXT}),
    )
}
LISTINGS: Final = {
    one.statement: one
    for one in (
        Listing("/projects", "projects", "List projects, newest first.", CREATED, {}),
        Listing("/plans", "plans", "List plans, newest first.", CREATED, WORK),
        Listing(
            "/plans/{plan}/tasks", "tasks", "List a plan's tasks.", CREATED, {"status": TEXT}, {"plan": TEXT}, "plan"
        ),
        Listing("/refactors", "refactors", "List refactors, newest first.", CREATED, WORK),
        Listing("/debug-sessions", "debug_sessions", "List debug sessions, newest first.", ("started_at", "id"), WORK),
        Listing(
            "/debug-sessions/{debug}/notes",
            "notes",
            "List the notes of a debug session.",
            CREATED,
            {},
            {"debug": TEXT},
            "debug",
        ),
        Listing("/experiments", "experiments", "List experiments, newest first.", CREATED, WORK),
        Listing(
            "/experiment-runs",
            "runs",
            "List the runs of all experiments, or of one.",
            ("experiment_key", "run_no"),
            {"experiment": TEXT, "outcome": TEXT},
        ),
        Listing(
            "/experiments/{experiment}/artifacts",
            "artifacts",
            "List the artifacts of an experiment.",
            CREATED,
            {"type": TEXT},
            {"experiment": TEXT},
            "experiment",
        ),
        Listing(
            "/summaries",
            "summaries",
            "List summaries, newest first.",
            CREATED,
            {"entity_type": TEXT, "entity_id": WHOLE, "style": TEXT},
        ),
        Listing(
            "/issue-work",
            "issue_work",
            "List work on issues, newest first.",
            ("started_at", "work_id"),
            {"issue": TEXT, "session": TEXT, "agent": TEXT, "open": TRUTH},
        ),
        Listing(
            "/skill-usage",
            "skill_usage",
            "List loads of skills, newest first.",
            ("loaded_at", "usage_id"),
            {"skill": TEXT, "session": TEXT, "for_issue": TEXT},
        ),
    )
}
WITHIN: Final = (
    Listing(
        "/experiments/{experiment}/runs",
        "runs",
        "List the runs of an experiment.",
        ("experiment_key", "run_no"),
        {"outcome": TEXT},
        {"experiment": TEXT},
        "experiment",
    ),
    Listing(
        "/issues/{issue}/work",
        "issue_work",
        "List the work on an issue, newest first.",
        ("started_at", "work_id"),
        {"session": TEXT, "agent": TEXT, "open": TRUTH},
        {"issue": TEXT},
    ),
)
"""The same lists where they are written to."""
