"""Give the commands of the book of work: plan, task, refactor, debug, experiment, summary, issue, skill, project.

What is written has the vocabulary's own fields for options, so every way of writing has the same rules.
"""

from dataclasses import dataclass
from typing import Any, Final

import click

from api.joins import WHOLE
from api.listings import LISTINGS, TRUTH, WHOLES, Listing, Whole
from spanledger.options import Source, WithDefault, config_options, json_option
from tracking.vocabulary import EVENTS, Attribute

MOST: Final = 1_000
GROUPS: Final = {
    "plan": "Plan features: plans and how they stand.",
    "task": "Break plans down into tasks. A TASK is an id, PLAN#KEY, or with --plan the task's title.",
    "refactor": "Keep track of refactors.",
    "debug": "Keep track of debugging: what is suspected, noted and found.",
    "experiment": "Keep track of experiments, their runs and artifacts.",
    "summary": "Save and list very short summaries.",
    "issue": "Record the work on issues.",
    "skill": "Record which skills sessions load.",
    "project": "Name projects.",
}
COMMON: Final = {
    "session_id": ("--session", "ID", "The agent's session that it comes from."),
    "job_id": ("--job", "ID", "The job that it comes from."),
    "project_key": ("--project", "KEY", "The project that it belongs to."),
    "agent_name": ("--agent", "NAME", "The agent that says it."),
    "at": ("--at", "TIME", "When it happened: 30m, 2h or 7d ago, or ISO 8601; by default now."),
    "event_id": ("--event-id", "ID", "Names this command: the same again changes nothing."),
}
"""Options of every writing command, by field."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Describe a writing command: its operation and event, the fields that are arguments, and what it answers."""

    group: str
    name: str
    operation: str
    event: str
    arguments: tuple[str, ...]
    answer: str


VERBS: Final = (
    Verb("plan", "add", "upsert_plan", "plan.upsert", ("key", "title"), "plan {key} {was}"),
    Verb("plan", "status", "set_plan_status", "plan.status", ("key", "status"), "plan {key}: {status}"),
    Verb("task", "add", "add_task", "plan.task.add", ("plan_key", "title"), "task {id} {was} in plan {plan_key}"),
    Verb("refactor", "add", "upsert_refactor", "refactor.upsert", ("key", "title"), "refactor {key} {was}"),
    Verb("refactor", "status", "set_refactor_status", "refactor.status", ("key", "status"), "refactor {key}: {status}"),
    Verb("debug", "add", "create_debug_session", "debug.session.create", ("key", "title"), "debug session {key} {was}"),
    Verb(
        "debug", "note", "add_debug_note", "debug.note.add", ("session_key", "note"), "note {id} {was} on {session_key}"
    ),
    Verb(
        "debug",
        "status",
        "set_debug_status",
        "debug.session.status",
        ("key", "status"),
        "debug session {key}: {status}",
    ),
    Verb("experiment", "add", "upsert_experiment", "experiment.upsert", ("key", "title"), "experiment {key} {was}"),
    Verb(
        "experiment",
        "status",
        "set_experiment_status",
        "experiment.status",
        ("key", "status"),
        "experiment {key}: {status}",
    ),
    Verb(
        "experiment",
        "run",
        "add_experiment_run",
        "experiment.run",
        ("experiment_key", "run_no", "outcome"),
        "run {run_no} of {experiment_key}: {outcome}",
    ),
    Verb(
        "experiment",
        "artifact",
        "link_artifact",
        "experiment.artifact",
        ("experiment_key", "type", "path"),
        "artifact {id} of {experiment_key} {was}",
    ),
    Verb("summary", "add", "save_summary", "summary.save", ("entity_type", "text"), "summary {id} {was}"),
    Verb("issue", "start", "record_work", "issue.work.start", ("issue_id",), "work {id} on issue {issue_id} {was}"),
    Verb("issue", "status", "note_issue_status", "issue.work.status", ("issue_id", "to"), "issue {issue_id}: {to}"),
    Verb(
        "issue",
        "done",
        "complete_issue_work",
        "issue.work.complete",
        ("issue_id",),
        "work {id} on issue {issue_id} is over",
    ),
    Verb("skill", "add", "record_skill_usage", "skill.load", ("skill_name",), "skill {skill_name} {was}"),
    Verb("project", "add", "upsert_project", "project.upsert", ("key",), "project {key} {was}"),
)
"""The writing commands whose fields are their event's; those of tasks that are there already follow below."""

PAGES: Final = (
    ("plan", "list", "plans"),
    ("task", "list", "tasks"),
    ("refactor", "list", "refactors"),
    ("debug", "list", "debug_sessions"),
    ("debug", "notes", "notes"),
    ("experiment", "list", "experiments"),
    ("experiment", "runs", "runs"),
    ("experiment", "artifacts", "artifacts"),
    ("summary", "list", "summaries"),
    ("issue", "list", "issue_work"),
    ("skill", "list", "skill_usage"),
    ("project", "list", "projects"),
)
SINGLE: Final = (
    ("plan", "plan"),
    ("task", "task"),
    ("refactor", "refactor"),
    ("debug", "debug"),
    ("experiment", "experiment"),
    ("issue", "work"),
    ("project", "project"),
)


def _writing(verb: Verb) -> click.Command:
    event = EVENTS[verb.event]

    @config_options
    @json_option
    def command(source: Source, *, as_json: bool, **values: Any) -> None:
        from spanledger import show_book as page

        page.write(source.load(), verb.operation, values, answer=verb.answer, as_json=as_json)

    fields = {attribute.field: attribute for attribute in event.attributes.values()}
    _with_common(command, {*fields})
    for field, attribute in reversed(fields.items()):
        if field not in verb.arguments:
            _with_option(command, attribute)
    for field in reversed(verb.arguments):
        click.argument(field, metavar=_written(field))(command)
    return click.command(verb.name, help=event.does)(command)


def _with_option(command: Any, attribute: Attribute) -> None:
    words = WORDS.get(attribute.type, "")
    name = OPTIONS.get(attribute.field, f"--{attribute.field.replace('_', '-')}")
    metavar = METAVARS.get(attribute.type, "TEXT")
    click.option(name, attribute.field, required=attribute.needed, metavar=metavar, help=attribute.says + words)(
        command
    )


def _with_common(command: Any, own: set[str]) -> None:
    for field, (name, metavar, says) in reversed(COMMON.items()):
        if field not in own:
            click.option(name, field, metavar=metavar, help=says)(command)


OPTIONS: Final = {
    "session_id": "--session",
    "agent_name": "--agent",
    "task_key": "--key",
    "work_id": "--work",
    "entity_id": "--id",
    "entity_key": "--key",
    "run_no": "--run",
    "context_added": "--tokens",
    "issue_id": "--issue",
}
METAVARS: Final = {
    "key": "NAME",
    "whole": "N",
    "run_no": "N",
    "object": "JSON",
    "truth": "true|false",
    "status": "STATUS",
}
WORDS: Final = {"status": " One of pending, in_progress, paused, completed, cancelled."}


def _written(field: str) -> str:
    return {"plan_key": "PLAN", "session_key": "KEY", "experiment_key": "KEY", "run_no": "RUN", "to": "STATUS"}.get(
        field, field.removesuffix("_id").removesuffix("_name").upper()
    )


def _listing(name: str, asked: Listing) -> click.Command:
    @config_options
    @json_option
    @click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST), help="How many to show.")
    def command(source: Source, *, as_json: bool, limit: int, **values: Any) -> None:
        from spanledger import show_book as page

        page.show_list(source.load(), asked, values, limit=limit, as_json=as_json)

    for field, kind in asked.takes.items():
        option = "--id" if field == "entity_id" else f"--{field.replace('_', '-')}"
        click.option(
            option, field, type=KINDS.get(kind), metavar=None if kind == TRUTH else "TEXT", help=FILTERS[field]
        )(command)
    for field in asked.needs:
        click.argument(field, metavar="KEY")(command)
    return click.command(name, help=asked.about)(command)


KINDS: Final[dict[str, Any]] = {WHOLE: click.IntRange(0), TRUTH: click.BOOL}
FILTERS: Final = {
    "status": "Only with this status.",
    "project": "Only of this project.",
    "experiment": "Only of this experiment.",
    "outcome": "Only with this outcome: pass, fail or inconclusive.",
    "type": "Only of this type.",
    "entity_type": "Only about this kind: plan, task, refactor, debug, experiment or run.",
    "entity_id": "Only about the one with this id.",
    "style": "Only in this style.",
    "issue": "Only on this issue.",
    "session": "Only of this session.",
    "agent": "Only of this agent.",
    "open": "Only what goes on, or is over.",
    "skill": "Only of this skill.",
    "for_issue": "Only for this issue.",
}


def _single(asked: Whole) -> click.Command:
    @click.argument("key", metavar="ID" if asked.statement in {"task", "work"} else "KEY")
    @config_options
    @json_option
    def command(source: Source, *, as_json: bool, key: str) -> None:
        from spanledger import show_book as page

        page.show_one(source.load(), asked, key, as_json=as_json)

    return click.command("show", help=asked.about)(command)


def _task(name: str, operation: str, says: str) -> click.Command:
    @config_options
    @json_option
    def command(source: Source, *, as_json: bool, task: str, plan: str | None, **values: Any) -> None:
        from spanledger import show_book as page

        page.write_task(source.load(), operation, (task, plan), values, as_json=as_json)

    _with_common(command, set())
    if operation == "set_task_status":
        click.option("--notes", metavar="TEXT", help="Notes on it.")(command)
        click.argument("status", metavar="STATUS")(command)
    click.option("--plan", metavar="KEY", help="The plan of which TASK is a title.")(command)
    click.argument("task", metavar="TASK")(command)
    return click.command(name, help=says)(command)


def _groups() -> dict[str, click.Group]:
    made: dict[str, click.Group] = {name: WithDefault(name, help=says) for name, says in GROUPS.items()}
    for verb in VERBS:
        made[verb.group].add_command(_writing(verb))
    for group, name, listing in PAGES:
        made[group].add_command(_listing(name, LISTINGS[listing]))
    for group, what in SINGLE:
        made[group].add_command(_single(WHOLES[what]))
    made["task"].add_command(_task("done", "finish_task", EVENTS["plan.task.done"].does))
    made["task"].add_command(_task("status", "set_task_status", EVENTS["plan.task.status"].does))
    return made


COMMANDS: Final = tuple(_groups().values())
