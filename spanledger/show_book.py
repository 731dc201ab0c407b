"""Answer the commands of the book of work: write, list, show."""

from collections.abc import Mapping
from typing import Any, Final

import click

from api.book import listed, whole
from api.joins import WHOLE
from api.listings import Listing, Whole
from api.pages import Row
from core.errors import Ambiguous, Invalid
from spanledger.config import Config
from spanledger.hands import track
from spanledger.layout import ago, clock, fitted
from spanledger.options import reading
from spanledger.terminal import cell, plain, say, say_json

SHOWN: Final[Mapping[str, str]] = {
    "plans": "key title status owner tasks open_tasks updated_at",
    "tasks": "id title status notes created_at",
    "refactors": "key title status notes updated_at",
    "debug_sessions": "key title status hypothesis notes started_at",
    "notes": "id created_at note",
    "experiments": "key title status owner runs passed updated_at",
    "runs": "experiment_key run_no outcome params_json metrics_json created_at",
    "artifacts": "id run_no type path created_at",
    "summaries": "entity_type entity_id style text created_at",
    "issue_work": "issue_id work_id agent_name started_at ended_at completed work_notes",
    "skill_usage": "skill_name session_id used_for_issue_id context_added loaded_at",
    "projects": "key name path repo_url",
}
"""The columns of each listing that people see; `--json` shows all."""
FLEXIBLE: Final = frozenset(
    (
        "title",
        "notes",
        "note",
        "text",
        "hypothesis",
        "params_json",
        "metrics_json",
        "path",
        "work_notes",
        "work_id",
        "session_id",
    )
)
NOTHING: Final = "nothing is like that"
RESULTS: Final = {
    "stale": "something later is known of it; nothing was changed",
    "duplicate": "it was there already; nothing was changed",
}


def write(config: Config, operation: str, values: Mapping[str, Any], *, answer: str, as_json: bool) -> None:
    """Do a command and say what became of it; what is not given is not told."""
    told = {field: value for field, value in values.items() if value is not None}
    if "at" in told:
        told["at"] = ago(told["at"])
    try:
        done = track(operation, told, db=config.store.path)
    except (Invalid, Ambiguous) as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        say_json(done)
        return
    if done["result"] in RESULTS:
        say(RESULTS[done["result"]])
    else:
        say(answer.format_map({**told, "id": done["id"], "was": "was made" if done["created"] else "was changed"}))


def write_task(
    config: Config, operation: str, named: tuple[str, str | None], values: Mapping[str, Any], *, as_json: bool
) -> None:
    """Do a command about a task that is named by its id, by PLAN#KEY, or by its title in a plan."""
    task, plan = named
    before, mark, key = task.rpartition("#")
    if plan is not None:
        name, operation = {"plan_key": plan, "title": task}, NAMED[operation]
    elif mark:
        name, operation = {"plan_key": before, "task_key": key}, NAMED[operation]
    else:
        name = {"id": task}
    status = values.get("status") or "completed"
    write(config, operation, {**values, **name}, answer=f"task {{id}}: {plain(status)}", as_json=as_json)


NAMED: Final = {"finish_task": "finish_named_task", "set_task_status": "set_named_task_status"}


def show_list(config: Config, asked: Listing, values: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """List things."""
    named = [values[name] for name in asked.needs]
    where = {name: values[name] for name in asked.takes if values[name] is not None}
    with reading(config) as side:
        found = listed(side, asked, *named, limit=limit, **where)
    if as_json:
        say_json(found["items"])
    else:
        say(_table(asked, found["items"]) if found["items"] else NOTHING)
        if found["next"]:
            say(f"there are more than these {limit}; --limit shows more")


def show_one(config: Config, asked: Whole, key: str, *, as_json: bool) -> None:
    """Show one thing, line by line."""
    if WHOLE in asked.needs.values() and not (key.isascii() and key.isdigit()):
        raise click.UsageError(f"{key!r} is no id; a whole number is wanted")
    with reading(config) as side:
        found = whole(side, asked, int(key) if WHOLE in asked.needs.values() else key)
    if as_json:
        say_json(found)
        return
    room = max(map(len, found))
    for name, value in found.items():
        if value is not None:
            say(f"{name.replace('_', ' '):<{room}}  {_written(name, value)}")


def _table(asked: Listing, items: list[Row]) -> str:
    names = SHOWN[asked.statement].split()
    rows = [[_written(name, row[name]) for name in names] for row in items]
    head = [name.removesuffix("_json").replace("_", " ") for name in names]
    flexible = [title for title, name in zip(head, names, strict=True) if name in FLEXIBLE]
    return fitted(head, rows, flexible=flexible)


def _written(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clock(value) if name.endswith("_at") else cell(value)
