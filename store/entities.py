"""Carry out commands about projects, plans, refactors, debug sessions, experiments and summaries (mapping.md F.3)."""

from collections.abc import Mapping
from typing import Any, Final

from store.desk import Desk, Handler, Row
from tracking.commands import APPLIED, DUPLICATE, STALE, Done
from tracking.faults import Code, Fault

COMPLETED: Final = "completed"
KEYED: Final = {"plan": "plan", "refactor": "refactor", "debug": "debug session", "experiment": "experiment"}
"""What has a key and a status, and what it is called."""
TITLED: Final = 100
"""Tasks of one title that are counted."""


def by_key(desk: Desk, what: str, attribute: str) -> Row:
    """Find what has a key, or raise Fault."""
    key = desk.value(attribute)
    return found(desk.find(f"find_{what}", key=key), KEYED[what], key, attribute)


def found(row: Row | None, what: str, key: Any, attribute: str) -> Row:
    """Give a row that must be there, or raise Fault."""
    if row is None:
        raise Fault(Code.NOT_FOUND, f"there is no {what} {key!r}", attribute=attribute, key=key)
    return row


def _upsert_project(desk: Desk) -> Done:
    row = desk.find("find_project")
    if row is None:
        return Done(APPLIED, desk.add("add_project"), created=True)
    if desk.is_stale(row[1]):
        return Done(STALE, row[0])
    desk.change("describe_project", id=row[0])
    return Done(APPLIED, row[0])


def _upsert(what: str) -> Handler:
    def upsert(desk: Desk) -> Done:
        row = desk.find(f"find_{what}")
        done = _described(desk, what, row)
        if desk.value(f"{what}.status") is None:
            return done
        status = _set_status(desk, what, (done.row_id, None, row[2] if row else None))
        return Done(APPLIED, done.row_id, done.created) if status.status == APPLIED else done

    return upsert


def _described(desk: Desk, what: str, row: Row | None) -> Done:
    if row is None:
        return Done(APPLIED, desk.add(f"add_{what}"), created=True)
    if desk.is_stale(row[1]):
        return Done(STALE, row[0])
    desk.change(f"describe_{what}", id=row[0])
    return Done(APPLIED, row[0])


def _status(what: str, attribute: str) -> Handler:
    def set_status(desk: Desk) -> Done:
        return _set_status(desk, what, by_key(desk, what, attribute))

    return set_status


def _set_status(desk: Desk, what: str, row: Row) -> Done:
    """Set a status unless a later one was told; the last of the row's columns is when that was."""
    if desk.is_stale(row[-1]):
        return Done(STALE, row[0])
    desk.change(f"set_{what}_status", id=row[0])
    return Done(APPLIED, row[0])


def _add_task(desk: Desk) -> Done:
    plan = by_key(desk, "plan", "plan.key")[0]
    if desk.value("task.key") is not None:
        row = desk.find("find_task_by_key", plan_id=plan)
        if row is not None:
            return Done(DUPLICATE, row[0])
    return Done(APPLIED, desk.add("add_task", plan_id=plan), created=True)


def _finish_task(desk: Desk) -> Done:
    return _set_task(desk, _task(desk), COMPLETED)


def _change_task(desk: Desk) -> Done:
    row = _task(desk)
    done = _set_task(desk, row, desk.value("task.status"))
    if "task.notes" not in desk.command.values or desk.is_stale(row[2]):
        return done
    desk.change("set_task_notes", id=row[0])
    return Done(APPLIED, row[0])


def _set_task(desk: Desk, row: Row, status: str) -> Done:
    if desk.is_stale(row[1]):
        return Done(STALE, row[0])
    desk.change("set_task_status", id=row[0], status=status)
    return Done(APPLIED, row[0])


def _task(desk: Desk) -> Row:
    """Find a task by its id, its key or its title."""
    number, key, title = (desk.value(name) for name in ("task.id", "task.key", "task.title"))
    if number is not None:
        return found(desk.find("find_task", id=number), "task", number, "task.id")
    plan_key, plan = desk.value("plan.key"), by_key(desk, "plan", "plan.key")[0]
    if key is not None:
        row = desk.find("find_task_by_key", plan_id=plan)
        return found(row, f"task of plan {plan_key!r} with the key", key, "task.key")
    rows = desk.find_all("find_tasks_by_title", plan_id=plan)
    if len(rows) > 1:
        count = f"{TITLED} or more" if len(rows) == TITLED else len(rows)
        text = f"{count} tasks of plan {plan_key!r} are called {title!r}; name the one that is meant by its id"
        raise Fault(Code.AMBIGUOUS, text, attribute="task.title", key=title)
    return found(rows[0] if rows else None, f"task of plan {plan_key!r} with the title", title, "task.title")


def _create_debug(desk: Desk) -> Done:
    row = desk.find("find_debug")
    if row is not None:
        return Done(DUPLICATE, row[0])
    return Done(APPLIED, desk.add("add_debug"), created=True)


def _add_note(desk: Desk) -> Done:
    debug = by_key(desk, "debug", "debug.session.key")[0]
    return Done(APPLIED, desk.add("add_note", debug_id=debug), created=True)


def _put_run(desk: Desk) -> Done:
    experiment = _experiment(desk)
    row = desk.find("find_run", experiment_id=experiment)
    if row is not None and desk.is_stale(row[1]):
        return Done(STALE, row[0])
    number = desk.add("put_run", experiment_id=experiment)
    return Done(APPLIED, row[0], created=False) if row else Done(APPLIED, number, created=True)


def _experiment(desk: Desk) -> int:
    """Find a run's experiment, or make it if its title is told."""
    key = desk.value("experiment.key")
    row = desk.find("find_experiment", key=key)
    if row is None and desk.value("experiment.title"):
        return desk.add("add_experiment", key=key, objective="", owner=None)
    return int(found(row, "experiment", key, "experiment.key")[0])


def _link_artifact(desk: Desk) -> Done:
    experiment, run = by_key(desk, "experiment", "experiment.key")[0], None
    number = desk.value("experiment.run.no")
    if number is not None:
        key = f"{desk.value('experiment.key')}#{number}"
        run = found(desk.find("find_run", experiment_id=experiment), "run", key, "experiment.run.no")[0]
    return Done(APPLIED, desk.add("add_artifact", experiment_id=experiment, run_id=run), created=True)


def _save_summary(desk: Desk) -> Done:
    number = desk.value("summary.entity_id")
    if number is None:
        number = _summed_up(desk, desk.value("summary.entity_type"), desk.value("summary.entity_key"))
    return Done(APPLIED, desk.add("add_summary", entity_id=number), created=True)


def _summed_up(desk: Desk, kind: str, key: str) -> int:
    """Find what a summary is about by its key; a task's and a run's begin with those of their plan and experiment."""
    if kind in KEYED:
        return int(found(desk.find(f"find_{kind}", key=key), KEYED[kind], key, "summary.entity_key")[0])
    if kind not in {"task", "run"}:
        known = ", ".join([*KEYED, "task", "run"])
        text = f"{kind!r} has no keys to be found by; {known} have, anything else is named by its id"
        raise Fault(Code.BAD_TYPE, text, attribute="summary.entity_type")
    whole, _, part = key.rpartition("#")
    row = _task_of(desk, whole, part) if kind == "task" else _run_of(desk, whole, part)
    return int(found(row, kind, key, "summary.entity_key")[0])


def _task_of(desk: Desk, plan_key: str, task_key: str) -> Row | None:
    plan = desk.find("find_plan", key=plan_key)
    return desk.find("find_task_by_key", plan_id=plan[0], task_key=task_key) if plan else None


def _run_of(desk: Desk, experiment_key: str, number: str) -> Row | None:
    experiment = desk.find("find_experiment", key=experiment_key)
    if experiment is None or not (number.isascii() and number.isdigit()):
        return None
    return desk.find("find_run", experiment_id=experiment[0], run_no=int(number[:18]))


HANDLERS: Final[Mapping[str, Handler]] = {
    "project.upsert": _upsert_project,
    "plan.upsert": _upsert("plan"),
    "plan.status": _status("plan", "plan.key"),
    "plan.task.add": _add_task,
    "plan.task.done": _finish_task,
    "plan.task.status": _change_task,
    "refactor.upsert": _upsert("refactor"),
    "refactor.status": _status("refactor", "refactor.key"),
    "debug.session.create": _create_debug,
    "debug.session.status": _status("debug", "debug.session.key"),
    "debug.note.add": _add_note,
    "experiment.upsert": _upsert("experiment"),
    "experiment.status": _status("experiment", "experiment.key"),
    "experiment.run": _put_run,
    "experiment.artifact": _link_artifact,
    "summary.save": _save_summary,
}
