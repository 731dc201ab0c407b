"""Write the book of work in every way that there is, each told the same: an event and its attributes.

Another way is a class like these and a line in `WAYS`.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import apsw
import orjson
import pytest

from api.tracked import TRACKED
from api.writing import Operation
from spanledger import cli, tracking
from spanledger.book import COMMON, OPTIONS, VERBS
from tests.support.api import raw
from tests.support.outcomes import AMBIGUOUS, DONE, INVALID, MISSING, Answer
from tests.support.service import Running, running
from tests.support.ways_otlp import OTLP_WAYS
from tracking.vocabulary import EVENTS


class Way(Protocol):
    """Tell something; `at` is ISO 8601, None for now."""

    def tell(
        self, event: str, values: Mapping[str, Any], *, at: str | None = None, event_id: str | None = None
    ) -> Answer:
        """Tell of an event with its attributes."""
        ...


@dataclass(frozen=True, slots=True)
class Book:
    """Hold a way to write and the database that is written to."""

    way: Way
    db: Path

    def tell(self, event: str, *, at: str | None = None, event_id: str | None = None, **values: Any) -> Answer:
        """Tell of an event; dots in its attributes' names are written as two underscores."""
        told = {name.replace("__", "."): value for name, value in values.items()}
        return self.way.tell(event, told, at=at, event_id=event_id)

    def done(self, event: str, **values: Any) -> Any:
        """Tell of an event that must be taken; give the row that it is about."""
        answer = self.tell(event, **values)
        assert answer.kind == DONE, answer
        return answer.row

    def rows(self, sql: str, *bound: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        connection = apsw.Connection(str(self.db), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return list(connection.execute(sql, bound))
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Http:
    """Post to a daemon."""

    service: Running

    def tell(
        self, event: str, values: Mapping[str, Any], *, at: str | None = None, event_id: str | None = None
    ) -> Answer:
        """Send the one request that says it."""
        told = _fields(event, values) | {
            name: value for name, value in (("at", at), ("event_id", event_id)) if value is not None
        }
        operation = _operation(event, told)
        path = operation.path
        for name in [name for name in told if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", quote(str(told.pop(name)), safe=""))
        reply = raw(self.service, path, method="POST", body=told)
        answer = orjson.loads(reply.body)
        kind = {400: INVALID, 404: MISSING, 409: AMBIGUOUS}.get(reply.status, DONE)
        return Answer(kind, answer.get("detail", ""), answer.get("id"), answer.get("result"))


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Run the program's commands in this process."""

    db: Path

    def tell(
        self, event: str, values: Mapping[str, Any], *, at: str | None = None, event_id: str | None = None
    ) -> Answer:
        """Run the one command that says it."""
        told = {name: _word(value) for name, value in _fields(event, values).items()}
        extra = [word for name, text in (("--at", at), ("--event-id", event_id)) if text for word in (name, text)]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = cli.run([*_command(event, told), *extra, "--json", "--db", str(self.db)])
        if status:
            kind = {2: INVALID, 4: MISSING}[status]
            text = err.getvalue()
            return Answer(AMBIGUOUS if "are called" in text or "several" in text else kind, text)
        answer = json.loads(out.getvalue())
        return Answer(DONE, "", answer["id"], answer["result"])


@dataclass(frozen=True, slots=True)
class Functions:
    """Call the functions of seeds 000 and 003."""

    def tell(
        self, event: str, values: Mapping[str, Any], *, at: str | None = None, event_id: str | None = None
    ) -> Answer:
        """Call what says it."""
        assert at is None, "the seeds' functions are about now"
        assert event_id is None, "the seeds' functions name no commands"
        try:
            return Answer(DONE, "", CALLS[event](_fields(event, values)))
        except KeyError as error:
            return Answer(MISSING, repr(error.args[0]))
        except ValueError as error:
            return Answer(INVALID, str(error))
        except LookupError as error:
            return Answer(AMBIGUOUS, str(error))


def _with_status(upsert: Callable[..., int], set_status: Callable[[str, str], None]) -> Callable[[dict[str, Any]], int]:
    """Call two functions for one event: to describe, and to set the status (mapping.md F.3)."""

    def call(told: dict[str, Any]) -> int:
        status = told.pop("status", None)
        found = upsert(**told)
        if status is not None:
            set_status(told["key"], status)
        return found

    return call


def _run(told: dict[str, Any]) -> int:
    return tracking.add_experiment_run(**{"metrics": None, **told})


CALLS: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "plan.upsert": _with_status(tracking.upsert_feature_plan, tracking.set_plan_status),
    "plan.status": lambda told: tracking.set_plan_status(**told),
    "plan.task.add": lambda told: tracking.add_plan_task(**told),
    "plan.task.done": lambda told: tracking.set_task_done(told["id"]),
    "plan.task.status": lambda told: tracking.set_task_status(told["id"], told["status"]),
    "refactor.upsert": _with_status(tracking.upsert_refactor, tracking.set_refactor_status),
    "refactor.status": lambda told: tracking.set_refactor_status(**told),
    "debug.session.create": lambda told: tracking.create_debug_session(**told),
    "debug.session.status": lambda told: tracking.set_debug_status(**told),
    "debug.note.add": lambda told: tracking.add_debug_note(**told),
    "experiment.upsert": _with_status(tracking.upsert_experiment, tracking.set_experiment_status),
    "experiment.status": lambda told: tracking.set_experiment_status(**told),
    "experiment.run": _run,
    "experiment.artifact": lambda told: tracking.link_experiment_artifact(type_=told.pop("type"), **told),
    "summary.save": lambda told: tracking.save_summary(**told),
    "project.upsert": lambda told: tracking.upsert_project(**told),
    "issue.work.start": lambda told: tracking.record_work(**told),
    "issue.work.status": lambda told: tracking.add_issue_status(told["work_id"], told["to"], told.get("from")),
    "issue.work.complete": lambda told: tracking.complete_work(told["work_id"], told.get("notes", "")),
    "skill.load": lambda told: tracking.record_skill_usage(**told),
}


def _fields(event: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Name values as they are called outside of OpenTelemetry."""
    known = EVENTS[event].attributes
    named = {"agent.session.id": "session_id", "agent.job.id": "job_id", "project.key": "project_key"}
    return {known[name].field if name in known else named[name]: value for name, value in values.items()}


def _operation(event: str, told: Mapping[str, Any]) -> Operation:
    """Find the request for an event whose path can be written."""
    for one in TRACKED:
        holes = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
        if one.says == EVENTS[event].does and all(told.get(hole) is not None for hole in holes):
            return one
    raise AssertionError(f"no path for {event} with {', '.join(told)}")


def _command(event: str, told: dict[str, str]) -> list[str]:
    if event in {"plan.task.done", "plan.task.status"}:
        return _task(event.rpartition(".")[2], told)
    verb = next(verb for verb in VERBS if verb.event == event)
    positional = [told.pop(name) for name in verb.arguments if name in told]
    names = OPTIONS | {name: option for name, (option, *_) in COMMON.items()}
    options = [word for name, text in told.items() for word in (names.get(name, f"--{name.replace('_', '-')}"), text)]
    return [verb.group, verb.name, *options, *positional]


def _task(verb: str, told: dict[str, str]) -> list[str]:
    status = [told.pop("status")] if "status" in told else []
    notes = ["--notes", told.pop("notes")] if "notes" in told else []
    if "id" in told:
        return ["task", verb, told["id"], *status, *notes]
    if "task_key" in told:
        return ["task", verb, f"{told['plan_key']}#{told['task_key']}", *status, *notes]
    return ["task", verb, told["title"], *status, "--plan", told["plan_key"], *notes]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextmanager
def _http(db: Path) -> Iterator[Way]:
    with running(db) as service:
        yield Http(service)


@contextmanager
def _command_line(db: Path) -> Iterator[Way]:
    yield CommandLine(db)


@contextmanager
def _command_line_daemon(db: Path) -> Iterator[Way]:
    with running(db):
        yield CommandLine(db)


@contextmanager
def _functions(db: Path) -> Iterator[Way]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPANLEDGER_DB", str(db))
        yield Functions()


@contextmanager
def _functions_daemon(db: Path) -> Iterator[Way]:
    with running(db), _functions(db) as way:
        yield way


WAYS: Final[Mapping[str, Callable[[Path], Any]]] = {
    "http": _http,
    "command": _command_line,
    "command-daemon": _command_line_daemon,
    "functions": _functions,
    "functions-daemon": _functions_daemon,
    **OTLP_WAYS,
}
"""Every way to write, each opened on a database that is not there yet."""
TIMED: Final = tuple(name for name in WAYS if not name.startswith("functions"))
"""The ways that take an event time and an idempotency key."""
NOW: Final = tuple(name for name in TIMED if name not in OTLP_WAYS)
"""The ways in which something may be told without a time: a record always has one."""
