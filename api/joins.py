"""List the questions that join what agents did with the work that it was for: a command, an endpoint, a statement each.

`docs/reports.md` is written from this table and from `store/joins.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WHOLE: Final = "whole"
TEXT: Final = "text"
TIME: Final = "time"


@dataclass(frozen=True, slots=True)
class Join:
    """Name a question, its statement, and what it takes: what must be given, and what may be, each with its kind.

    `is_list` says that the answer has rows, else it is one; `known_by` is its column that is null for nothing known.
    """

    name: str
    statement: str
    about: str
    needs: Mapping[str, str]
    takes: Mapping[str, str]
    is_list: bool = True
    known_by: str = ""

    @property
    def path(self) -> str:
        """Give the endpoint's path below the API's; what must be given is part of it."""
        return "/".join(("/reports", self.name, *(f"{{{name}}}" for name in self.needs)))


JOINS: Final = {
    join.name: join
    for join in (
        Join(
            "sessions-in-phase",
            "sessions_in_phase",
            "List the work sessions in a phase, such as build.",
            {"phase": TEXT},
            {},
        ),
        Join(
            "sessions-with-checkpoints",
            "sessions_with_checkpoints",
            "List the work sessions with more than so many checkpoints.",
            {"more_than": WHOLE},
            {},
        ),
        Join(
            "failed-agents-in-phase",
            "failed_agents_in_phase",
            "List the agents that failed in work sessions of a phase.",
            {"phase": TEXT},
            {},
        ),
        Join("project-costs", "project_costs", "Add up what each project cost.", {}, {"project": TEXT}),
        Join("plan-cost", "plan_cost", "Add up what a plan cost.", {"plan": TEXT}, {}, is_list=False, known_by="title"),
        Join(
            "run-cost",
            "run_cost",
            "Add up what one run of an experiment cost.",
            {"experiment": TEXT, "run": WHOLE},
            {},
            is_list=False,
            known_by="outcome",
        ),
        Join(
            "debug-cost",
            "debug_cost",
            "Add up what a debug session cost.",
            {"debug": TEXT},
            {},
            is_list=False,
            known_by="title",
        ),
        Join(
            "failed-tools-in-run",
            "failed_tools_in_run",
            "List the tool calls that failed in one run of an experiment.",
            {"experiment": TEXT, "run": WHOLE},
            {},
        ),
        Join(
            "agent-stats",
            "agent_stats",
            "Say what an agent did since a time.",
            {"agent": TEXT},
            {"since": TIME},
            is_list=False,
        ),
        Join(
            "issue-stats",
            "issue_stats",
            "Say how often, by how many agents and how long an issue was worked on.",
            {"issue": TEXT},
            {},
            is_list=False,
        ),
        Join(
            "skill-stats",
            "skill_stats",
            "Say how often a skill was loaded since a time.",
            {"skill": TEXT},
            {"since": TIME},
            is_list=False,
        ),
        Join(
            "overall-stats",
            "overall_stats",
            "Say what all agents did since a time.",
            {},
            {"since": TIME},
            is_list=False,
        ),
        Join(
            "session-durations",
            "session_durations",
            "List how long sessions took, newest first.",
            {},
            {"agent": TEXT, "since": TIME},
        ),
    )
}
