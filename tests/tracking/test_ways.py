"""Hold every way to write the book of work to the same rules: seed 000, mapping.md F.2 to F.4.

A test is run for each way; those about event times and idempotency keys for the ways that have them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.outcomes import AMBIGUOUS, DONE, INVALID, MISSING
from tests.support.ways import NOW, TIMED, WAYS, Book
from tracking.values import OUTCOMES, STATUSES

ISO = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00$"
T1, T2, T3 = (f"2026-01-31T12:00:0{second}Z" for second in (1, 2, 3))
W1, W2, W3 = (f"2026-01-31T12:00:0{second}+00:00" for second in (1, 2, 3))
KEYED = {
    "plan": ("feature_plans", "plan.upsert", "pending"),
    "refactor": ("refactors", "refactor.upsert", "pending"),
    "debug.session": ("debug_sessions", "debug.session.create", "in_progress"),
    "experiment": ("experiments", "experiment.upsert", "in_progress"),
}
keyed = pytest.mark.parametrize("what", list(KEYED))
timed = pytest.mark.parametrize("book", TIMED, indirect=True)


@pytest.fixture(scope="module", params=list(WAYS))
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """Open a way to write."""
    path = tmp_path_factory.mktemp("ways") / "book.db"
    with WAYS[request.param](path) as way:
        yield Book(way, path)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """Name what a test is about, as nothing else is named; any text may be a key."""
    return f"2026_ü/{request.node.name}"


def made(book: Book, what: str, key: str, **more: Any) -> Any:
    """Make something that has a key."""
    return book.done(KEYED[what][1], **{f"{what}.key": key, f"{what}.title": "Titel 日本", **more})


def column(book: Book, what: str, key: str, columns: str) -> tuple[Any, ...]:
    """Read columns of something that has a key."""
    return book.rows(f"select {columns} from {KEYED[what][0]} where key = ?", key)[0]


@keyed
def test_made(book: Book, key: str, what: str) -> None:
    """A new one has its default status and its id is given; telling it again gives the same id."""
    first = made(book, what, key)
    again = made(book, what, key)

    assert (first, KEYED[what][2], "Titel 日本") == column(book, what, key, "id, status, title")
    assert first == again


@keyed
def test_statuses(book: Book, key: str, what: str) -> None:
    """Each of the five statuses may be set; beginning is noted when it begins, and not before."""
    made(book, what, key)
    began = False
    for status in ("paused", "in_progress", "completed", "cancelled", "pending"):
        book.done(f"{what}.status", **{f"{what}.key": key, f"{what}.status": status})
        began |= status == "in_progress"
        assert (status,) == column(book, what, key, "status")
        if what in {"plan", "refactor"}:
            assert (began,) == column(book, what, key, "started_at is not null")


@keyed
def test_unknown_status(book: Book, key: str, what: str) -> None:
    """No other word is a status, not even one that means the same."""
    made(book, what, key)
    for status in ("done", "Completed", ""):
        answer = book.tell(f"{what}.status", **{f"{what}.key": key, f"{what}.status": status})
        assert INVALID == answer.kind
        assert f"{status!r} is not one of {', '.join(STATUSES)}" in answer.text or not status

    assert (KEYED[what][2],) == column(book, what, key, "status")


@keyed
def test_status_of_nothing(book: Book, key: str, what: str) -> None:
    """The status of what is not there is refused with its key."""
    answer = book.tell(f"{what}.status", **{f"{what}.key": key, f"{what}.status": "paused"})

    assert MISSING == answer.kind
    assert key in answer.text


@pytest.mark.parametrize(("what", "field"), [("plan", "owner"), ("refactor", "notes"), ("experiment", "objective")])
def test_described_again(book: Book, key: str, what: str, field: str) -> None:
    """What is told again takes the place of what was told, and the status stays."""
    made(book, what, key, **{f"{what}.{field}": "first"})
    book.done(f"{what}.status", **{f"{what}.key": key, f"{what}.status": "paused"})
    book.done(f"{what}.upsert", **{f"{what}.key": key, f"{what}.title": "other", f"{what}.{field}": "second"})

    assert ("other", "second", "paused") == column(book, what, key, f"title, {field}, status")


@pytest.mark.parametrize("what", ["plan", "refactor", "experiment"])
def test_described_with_status(book: Book, key: str, what: str) -> None:
    """A status that is told along is set afterwards; a wrong one is refused."""
    made(book, what, key, **{f"{what}.status": "completed"})

    assert ("completed",) == column(book, what, key, "status")
    refused = book.tell(f"{what}.upsert", **{f"{what}.key": key, f"{what}.title": "t", f"{what}.status": "done"})
    assert INVALID == refused.kind


@timed
@pytest.mark.parametrize(("what", "field"), [("plan", "owner"), ("refactor", "notes"), ("experiment", "owner")])
def test_what_is_not_told_stays(book: Book, key: str, what: str, field: str) -> None:
    """An owner, or notes, that are not told again stay."""
    made(book, what, key, **{f"{what}.{field}": "ann"})
    made(book, what, key)

    assert ("ann",) == column(book, what, key, field)


@keyed
def test_times_are_written_as_the_seed_writes_them(book: Book, key: str, what: str) -> None:
    """Times are ISO 8601 in UTC, in whole seconds."""
    made(book, what, key)
    book.done(f"{what}.status", **{f"{what}.key": key, f"{what}.status": "in_progress"})
    started = "created_at" if what == "experiment" else "started_at"

    for time in column(book, what, key, f"{started}, updated_at"):
        assert re.match(ISO, time)


def test_debug_session_stays_as_it_is(book: Book, key: str) -> None:
    """A debug session that is there is left alone, and its id is given; hypothesis and scope are '' at first."""
    first = made(book, "debug.session", key)
    more = {"debug.session.title": "other", "debug.session.hypothesis": "h", "debug.session.scope": "s"}
    again = book.done("debug.session.create", **{"debug.session.key": key, **more})

    assert first == again
    assert ("Titel 日本", "", "") == column(book, "debug.session", key, "title, hypothesis, scope")


def test_objective_is_empty_at_first(book: Book, key: str) -> None:
    """An experiment without an objective has an empty one, and no owner."""
    made(book, "experiment", key)

    assert ("", None) == column(book, "experiment", key, "objective, owner")


def test_tasks(book: Book, key: str) -> None:
    """Tasks are pending at first, each a row of its own; one is completed by its id."""
    plan = made(book, "plan", key)
    first = book.done("plan.task.add", plan__key=key, task__title="Design", task__notes="LRU ↔ LFU")
    second = book.done("plan.task.add", plan__key=key, task__title="Design")
    book.done("plan.task.done", task__id=first)

    assert [(first, "completed", "LRU ↔ LFU", True), (second, "pending", None, False)] == book.rows(
        "select id, status, notes, updated_at is not null from plan_tasks where plan_id = ? order by id", plan
    )


def test_task_statuses(book: Book, key: str) -> None:
    """A task has the same statuses as a plan."""
    made(book, "plan", key)
    task = book.done("plan.task.add", plan__key=key, task__title="t")
    for status in STATUSES:
        book.done("plan.task.status", task__id=task, task__status=status)
        assert [(status,)] == book.rows("select status from plan_tasks where id = ?", task)

    assert INVALID == book.tell("plan.task.status", task__id=task, task__status="done").kind


def test_tasks_of_nothing(book: Book, key: str) -> None:
    """A task of a plan that is not there, and a task that is not there, are refused with key and id."""
    answer = book.tell("plan.task.add", plan__key=key, task__title="t")
    assert MISSING == answer.kind
    assert key in answer.text
    for event in ("plan.task.done", "plan.task.status"):
        values: dict[str, Any] = {"task.status": "paused"} if event.endswith("status") else {}
        answer = book.tell(event, **{"task.id": 999_999, **values})
        assert MISSING == answer.kind
        assert "999999" in answer.text


@timed
def test_tasks_by_key_and_title(book: Book, key: str) -> None:
    """A task is named by its key, or by its title if only one has it; its own key makes adding it idempotent."""
    made(book, "plan", key)
    first = book.done("plan.task.add", plan__key=key, task__title="same", task__key="a")
    assert first == book.done("plan.task.add", plan__key=key, task__title="same", task__key="a")
    book.done("plan.task.done", plan__key=key, task__title="same")
    second = book.done("plan.task.add", plan__key=key, task__title="same", task__key="b")
    book.done("plan.task.status", plan__key=key, task__key="b", task__status="paused", task__notes="n")

    assert AMBIGUOUS == book.tell("plan.task.done", plan__key=key, task__title="same").kind
    assert MISSING == book.tell("plan.task.done", plan__key=key, task__key="c").kind
    assert MISSING == book.tell("plan.task.done", plan__key=key, task__title="other").kind
    found = book.rows("select id, status, notes from plan_tasks where id in (?, ?) order by id", first, second)
    assert [(first, "completed", None), (second, "paused", "n")] == found


def test_notes(book: Book, key: str) -> None:
    """Notes are added one after the other, even the same twice; to nothing they are refused."""
    debug = made(book, "debug.session", key)
    for note in ("Found 3 unclosed handles", "日本\nzwei", "日本\nzwei"):
        book.done("debug.note.add", **{"debug.session.key": key, "debug.note": note})

    assert [("Found 3 unclosed handles",), ("日本\nzwei",), ("日本\nzwei",)] == book.rows(
        "select note from debug_notes where session_id = ? order by id", debug
    )
    answer = book.tell("debug.note.add", **{"debug.session.key": f"{key}-not", "debug.note": "n"})
    assert (MISSING, True) == (answer.kind, f"{key}-not" in answer.text)


def run(book: Book, key: str, number: Any = 1, **more: Any) -> Any:
    """Tell of a run."""
    told = {
        "experiment.key": key,
        "experiment.run.no": number,
        "experiment.run.params": {"lr": 0.001, "batch_size": 32},
        "experiment.run.outcome": "pass",
        **more,
    }
    return book.tell("experiment.run", **told)


def test_outcomes(book: Book, key: str) -> None:
    """A run has one of three outcomes; its parameters are kept as JSON that shows every character."""
    made(book, "experiment", key)
    params, metrics = {"lr": 0.001, "名": "größer"}, {"loss": 0.45, "curve": [1, 2.5, None]}
    for number, outcome in enumerate(OUTCOMES, 1):
        more = {"experiment.run.params": params, "experiment.run.metrics": metrics, "experiment.run.outcome": outcome}
        row = run(book, key, number, **more).row
        written = (json.dumps(params, ensure_ascii=False), json.dumps(metrics, ensure_ascii=False), outcome)
        assert [written] == book.rows(
            "select params_json, metrics_json, outcome from experiment_runs where id = ?", row
        )


def test_runs_that_are_refused(book: Book, key: str) -> None:
    """No other word is an outcome, runs are numbered from one, parameters are an object; nothing of it is kept."""
    experiment = made(book, "experiment", key)
    for outcome in ("passed", "PASS", "pending"):
        answer = run(book, key, **{"experiment.run.outcome": outcome})
        assert INVALID == answer.kind
        assert f"{outcome!r} is not one of pass, fail, inconclusive" in answer.text
    for number in (0, -1, "one"):
        assert INVALID == run(book, key, number).kind
    for params in ("{lr", "[1]", "5"):
        assert INVALID == run(book, key, **{"experiment.run.params": params}).kind

    assert [] == book.rows("select id from experiment_runs where experiment_id = ?", experiment)


def test_a_run_is_replaced(book: Book, key: str) -> None:
    """The same number again replaces parameters, metrics and outcome; the run's id and its artifacts stay."""
    experiment = made(book, "experiment", key)
    first = run(book, key, 1, **{"experiment.run.metrics": {"loss": 1}}).row
    plot: dict[str, Any] = {"experiment.key": key, "artifact.type": "plot", "artifact.path": "a.png"}
    artifact = book.done("experiment.artifact", **{**plot, "experiment.run.no": 1})
    again = run(book, key, 1, **{"experiment.run.params": {"lr": 1}, "experiment.run.outcome": "fail"}).row

    assert first == again
    assert [(first, '{"lr": 1}', None, "fail")] == book.rows(
        "select id, params_json, metrics_json, outcome from experiment_runs where experiment_id = ?", experiment
    )
    assert [(first,)] == book.rows("select run_id from experiment_artifacts where id = ?", artifact)


def test_runs_of_nothing(book: Book, key: str) -> None:
    """A run of an experiment that is not there is refused with its key."""
    answer = run(book, key)
    assert (MISSING, True) == (answer.kind, key in answer.text)


@timed
def test_a_run_makes_its_experiment(book: Book, key: str) -> None:
    """A run that tells the title of its experiment makes it."""
    assert DONE == run(book, key, **{"experiment.title": "Made by its run"}).kind

    assert ("Made by its run", "in_progress", "") == column(book, "experiment", key, "title, status, objective")


def test_artifacts(book: Book, key: str) -> None:
    """An artifact is linked to an experiment, or to one of its runs; to neither it is refused."""
    experiment = made(book, "experiment", key)
    number = run(book, key, 3).row
    plot: dict[str, Any] = {"experiment.key": key, "artifact.type": "plot", "artifact.path": "Ergebnisse/größe.png"}
    whole = book.done("experiment.artifact", **plot)
    part = book.done("experiment.artifact", **{**plot, "experiment.run.no": 3})

    assert [(whole, None, "plot", "Ergebnisse/größe.png"), (part, number, "plot", "Ergebnisse/größe.png")] == book.rows(
        "select id, run_id, type, path from experiment_artifacts where experiment_id = ? order by id", experiment
    )
    assert MISSING == book.tell("experiment.artifact", **{**plot, "experiment.run.no": 4}).kind
    assert MISSING == book.tell("experiment.artifact", **{**plot, "experiment.key": f"{key}-not"}).kind


@pytest.mark.parametrize("character", ["x", "🎉"])
def test_short_summaries(book: Book, key: str, character: str) -> None:
    """A short summary of 280 characters is kept whole, one of 281 is refused and not cut; other styles may be long."""
    plan = made(book, "plan", key)
    about = {"summary.entity_type": "plan", "summary.entity_id": plan}
    told = book.done("summary.save", **about, **{"summary.style": "short", "summary.text": character * 280})
    answer = book.tell("summary.save", **about, **{"summary.style": "short", "summary.text": character * 281})
    book.done("summary.save", **about, **{"summary.style": "delta", "summary.text": character * 281})

    assert INVALID == answer.kind
    assert "281 characters, limit 280 for style short" in answer.text
    assert [(280,), (281,)] == book.rows(
        "select length(text) from summaries where entity_id = ? and entity_type = 'plan' order by id", plan
    )
    assert [(character * 280,)] == book.rows("select text from summaries where id = ?", told)


@timed
def test_summaries_by_key(book: Book, key: str) -> None:
    """A summary finds what it is about by its key; a task's and a run's begin with their plan's and experiment's."""
    ids = {what: made(book, {"debug": "debug.session"}.get(what, what), key) for what in ("plan", "refactor", "debug")}
    ids["experiment"] = made(book, "experiment", key)
    ids["task"] = book.done("plan.task.add", plan__key=key, task__title="t", task__key="k")
    ids["run"] = run(book, key, 7).row
    names = {"task": f"{key}#k", "run": f"{key}#7"}
    for kind, number in ids.items():
        about = {"summary.entity_type": kind, "summary.entity_key": names.get(kind, key)}
        row = book.done("summary.save", **about, **{"summary.style": "delta", "summary.text": "s"})
        assert [(kind, number)] == book.rows("select entity_type, entity_id from summaries where id = ?", row)
        about["summary.entity_key"] = f"{key}-not"
        answer = book.tell("summary.save", **about, **{"summary.style": "delta", "summary.text": "s"})
        assert (MISSING, True) == (answer.kind, f"{key}-not" in answer.text)
    words = {"summary.style": "delta", "summary.text": "s", "summary.entity_type": "job", "summary.entity_key": "x"}
    assert INVALID == book.tell("summary.save", **words).kind


@pytest.mark.parametrize(
    ("event", "values"),
    [
        ("plan.upsert", {"plan.key": "{key}", "plan.title": ""}),
        ("refactor.upsert", {"refactor.key": "{key}", "refactor.title": ""}),
        ("experiment.upsert", {"experiment.key": "", "experiment.title": "t"}),
        ("debug.session.create", {"debug.session.key": "", "debug.session.title": "t"}),
        ("plan.upsert", {"plan.key": "k" * 1025, "plan.title": "t"}),
        (
            "summary.save",
            {"summary.entity_type": "plan", "summary.entity_id": "x", "summary.style": "s", "summary.text": "t"},
        ),
        ("skill.load", {"skill.name": "s", "agent.session.id": ""}),
    ],
)
def test_what_is_empty_or_wrong(book: Book, key: str, event: str, values: dict[str, Any]) -> None:
    """What is needed must not be empty, and what names something not be long; nothing of it is kept."""
    told = {name: value.replace("{key}", key) for name, value in values.items()}

    assert INVALID == book.tell(event, **told).kind
    assert [] == book.rows("select id from feature_plans where key in (?, ?)", key, "k" * 1025)


def test_projects(book: Book, key: str) -> None:
    """A project is called like the last part of its key unless it is told; what is not told again stays."""
    first = book.done("project.upsert", project__key=key, project__path="/src")
    again = book.done("project.upsert", project__key=key, project__name="App")

    assert first == again
    assert [("App", "/src")] == book.rows("select name, path from projects where key = ?", key)


def test_work_on_issues(book: Book, key: str) -> None:
    """Work on an issue begins and ends in a session, which claims the issue; it may end once more, never twice open."""
    book.done("skill.load", skill__name="sql", agent__session__id=key, skill__context_tokens=500)
    work = book.done("issue.work.start", issue__id="i-1", agent__session__id=key, issue__rationale="P1")
    book.done("issue.work.status", issue__id="i-1", issue__work__id=work, issue__status__to="review")
    book.done("skill.load", skill__name="git", agent__session__id=key)
    book.done("issue.work.complete", issue__id="i-1", issue__work__id=work, issue__notes="fertig")

    found = book.rows(
        "select decision_rationale, work_notes, completed, ended_at is not null, status_changes ->> '$[0].to'"
        " from agent_issue_work where work_id = ?",
        work,
    )
    assert [("P1", "fertig", 1, 1, "review")] == found
    lists = book.rows("select issues_claimed, skills_used from agent_sessions where session_id = ?", key)
    assert [('["i-1"]', '["sql","git"]')] == lists
    assert [("git", "i-1", None), ("sql", None, 500)] == book.rows(
        "select skill_name, used_for_issue_id, context_added from agent_skill_usage where session_id = ? order by 1",
        key,
    )
    answer = book.tell("issue.work.start", issue__id="i-1", agent__session__id=f"{key}-not")
    assert (MISSING, True) == (answer.kind, f"{key}-not" in answer.text)
    assert MISSING == book.tell("issue.work.complete", issue__id="i-1", issue__work__id="nope").kind


@timed
def test_work_without_its_id(book: Book, key: str) -> None:
    """Without its id, work is the session's newest open one, or the only open one on the issue."""
    for session in (f"{key}1", f"{key}2"):
        book.done("skill.load", skill__name="s", agent__session__id=session)
        book.done("issue.work.start", issue__id=key, agent__session__id=session)
    assert AMBIGUOUS == book.tell("issue.work.complete", issue__id=key).kind
    book.done("issue.work.complete", issue__id=key, agent__session__id=f"{key}1")
    book.done("issue.work.complete", issue__id=key, issue__completed=False)

    assert [(1,), (0,)] == book.rows(
        "select completed from agent_issue_work where issue_id = ? order by session_id", key
    )
    assert MISSING == book.tell("issue.work.complete", issue__id=key).kind


@timed
@keyed
def test_late_statuses_are_stale(book: Book, key: str, what: str) -> None:
    """A status that is older than the one that is there changes nothing; times are those of the events."""
    made(book, what, key, at=T2)
    for at, status in ((T3, "paused"), (T1, "completed")):
        book.done(f"{what}.status", at=at, **{f"{what}.key": key, f"{what}.status": status})
    answer = book.tell(f"{what}.status", at=T1, **{f"{what}.key": key, f"{what}.status": "completed"})

    assert answer.result in {"stale", None}
    assert ("paused", W3) == column(book, what, key, "status, updated_at")


@timed
@keyed
def test_a_status_may_be_older_than_its_default(book: Book, key: str, what: str) -> None:
    """A status told of before the upsert that comes late is taken: nobody has told a later one."""
    made(book, what, key, at=T3)
    book.done(f"{what}.status", at=T1, **{f"{what}.key": key, f"{what}.status": "in_progress"})

    assert ("in_progress",) == column(book, what, key, "status")
    if what in {"plan", "refactor"}:
        assert (W1, W3) == column(book, what, key, "started_at, updated_at")


@timed
@pytest.mark.parametrize("what", ["plan", "refactor", "experiment"])
def test_late_descriptions_are_stale(book: Book, key: str, what: str) -> None:
    """A title that is older than the one that is there changes nothing, and leaves the status's own order alone."""
    made(book, what, key, at=T2)
    book.done(f"{what}.upsert", at=T1, **{f"{what}.key": key, f"{what}.title": "older"})
    book.done(f"{what}.upsert", at=T3, **{f"{what}.key": key, f"{what}.title": "newer"})

    assert ("newer",) == column(book, what, key, "title")


@timed
def test_beginning_is_noted_once(book: Book, key: str) -> None:
    """A plan began when it first was in progress."""
    made(book, "plan", key, at=T1)
    for at, status in ((T1, "in_progress"), (T2, "paused"), (T3, "in_progress")):
        book.done("plan.status", at=at, plan__key=key, plan__status=status)

    assert (W1, W3) == column(book, "plan", key, "started_at, updated_at")


@timed
def test_late_runs_are_stale(book: Book, key: str) -> None:
    """A run that is told of late does not replace what was told later."""
    made(book, "experiment", key)
    for at, outcome in ((T2, "fail"), (T1, "pass")):
        values = {"experiment.key": key, "experiment.run.no": 1, "experiment.run.params": {}}
        book.done("experiment.run", at=at, **values, **{"experiment.run.outcome": outcome})

    assert [("fail", W2)] == book.rows(
        "select r.outcome, r.created_at from experiment_runs as r join experiments as e on e.id = r.experiment_id"
        " where e.key = ?",
        key,
    )


@pytest.mark.parametrize("book", NOW, indirect=True)
def test_now_is_never_stale(book: Book, key: str) -> None:
    """What is told without a time is the latest, even after something whose clock was ahead."""
    made(book, "plan", key)
    book.done("plan.status", at="2099-01-01T00:00:00Z", plan__key=key, plan__status="paused")
    book.done("plan.status", plan__key=key, plan__status="completed")

    assert ("completed",) == column(book, "plan", key, "status")


@timed
def test_the_same_command_twice(book: Book, key: str) -> None:
    """A command whose idempotency key was done before changes nothing, and is told the same row."""
    made(book, "plan", key)
    made(book, "debug.session", key)
    book.done("skill.load", skill__name="x", agent__session__id=key, event_id=f"{key}-s0")
    for event, values in {
        "plan.task.add": {"plan.key": key, "task.title": "once"},
        "debug.note.add": {"debug.session.key": key, "debug.note": "once"},
        "issue.work.start": {"issue.id": "once", "agent.session.id": key},
        "skill.load": {"skill.name": "once", "agent.session.id": key},
    }.items():
        first = book.tell(event, event_id=f"{key}-1", **values)
        again = book.tell(event, event_id=f"{key}-1", **values)
        assert (DONE, DONE, first.row) == (first.kind, again.kind, again.row)
        assert again.result in {"duplicate", None}

    for table in ("plan_tasks", "debug_notes", "agent_issue_work", "agent_skill_usage"):
        assert [(1,)] == book.rows(f"select count(*) from {table} where event_id = ?", f"{key}-1")


def test_what_was_told_is_among_the_events(book: Book, key: str) -> None:
    """Every command leaves an event with what it said; one that is refused leaves none, or one that says why."""
    made(book, "plan", key)
    book.tell("plan.status", plan__key=key, plan__status="done")
    book.done("plan.status", plan__key=key, plan__status="paused")

    assert [("plan.upsert",), ("plan.status",)] == book.rows(
        "select event_type from events where data_json ->> '$.\"plan.key\"' = ?"
        " and data_json -> 'tracking_error' is null order by id",
        key,
    )
