"""Mirror `api.book` and `api.tracked`: the book of work is written and read over HTTP, every path of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.tracked import TRACKED
from tests.support.api import ask, raw
from tests.support.service import Running, running
from tracking.vocabulary import EVENTS

KEYED = [
    ("/plans", "pending"),
    ("/refactors", "pending"),
    ("/debug-sessions", "in_progress"),
    ("/experiments", "in_progress"),
]
KEY = "2025-1106/feat vector ü"
WRITTEN = "2025-1106%2Ffeat%20vector%20%C3%BC"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service for all tests of this module."""
    with running(tmp_path_factory.mktemp("book") / "book.db") as found:
        yield found


def post(service: Running, path: str, body: dict[str, Any], *, status: int = 200) -> Any:
    """Write something."""
    return ask(service, path, method="POST", body=body, status=status)


@pytest.mark.parametrize(("path", "first"), KEYED)
def test_keyed(service: Running, path: str, first: str) -> None:
    """What has a key is made, listed, read by its key whatever that looks like, and its status is set."""
    made = raw(service, f"{path}", method="POST", body={"key": KEY, "title": "Vektor"})
    assert made.status in {200, 201}, made.body
    assert first == ask(service, f"{path}/{WRITTEN}")["status"]
    post(service, f"{path}/{WRITTEN}/status", {"status": "paused"})

    assert ["paused"] == [one["status"] for one in ask(service, f"{path}?status=paused")["items"]]
    assert [] == ask(service, f"{path}?project=none")["items"]
    assert {"fault": "NOT_FOUND", "key": "nope"}.items() <= ask(service, f"{path}/nope", status=404).items()


def test_tasks(service: Running) -> None:
    """Tasks are named by id, by a key of the sender's, or by a title that only one has; they are read in order."""
    post(service, "/plans", {"key": "p", "title": "P"})
    first = post(service, "/plans/p/tasks", {"title": "one", "task_key": "k"}, status=201)["id"]
    second = post(service, "/plans/p/tasks", {"title": "two"}, status=201)["id"]
    again = post(service, "/plans/p/tasks", {"title": "one", "task_key": "k"}, status=201)
    assert ("duplicate", first) == (again["result"], again["id"])
    post(service, f"/tasks/{second}/status", {"status": "paused", "notes": "später"})
    post(service, "/plans/p/tasks/done", {"title": "two"})
    post(service, "/plans/p/tasks/status", {"task_key": "k", "status": "in_progress"})
    post(service, "/plans/p/tasks", {"title": "two"}, status=201)
    refused = post(service, "/plans/p/tasks/done", {"title": "two"}, status=409)
    post(service, f"/tasks/{first}/done", {})

    assert ("AMBIGUOUS", "title", "two") == (refused["fault"], refused["field"], refused["key"])
    page = ask(service, "/plans/p/tasks?limit=2")
    assert [("one", "completed", None), ("two", "completed", "später")] == [
        (task["title"], task["status"], task["notes"]) for task in page["items"]
    ]
    rest = ask(service, f"/plans/p/tasks?limit=2&cursor={page['next']}")
    assert [("two", "pending")] == [(task["title"], task["status"]) for task in rest["items"]]
    assert rest["next"] is None
    assert "k" == ask(service, f"/tasks/{first}")["client_key"]
    assert (3, 1) == tuple(ask(service, "/plans/p")[name] for name in ("tasks", "open_tasks"))
    ask(service, "/plans/nope/tasks", status=404)


def test_debugging(service: Running) -> None:
    """Notes are read in the order of their times."""
    post(service, "/debug-sessions", {"key": "d", "title": "D"}, status=201)
    for at in (3, 1, 2):
        body = {"note": f"note {at}", "at": f"2026-01-31T12:00:0{at}Z"}
        post(service, "/debug-sessions/d/notes", body, status=201)

    notes = ask(service, "/debug-sessions/d/notes")["items"]
    assert ["note 1", "note 2", "note 3"] == [note["note"] for note in notes]
    assert notes[0]["created_at"] == "2026-01-31T12:00:01+00:00"


def test_experiments(service: Running) -> None:
    """Runs and artifacts of experiments are read by experiment; a run shows its parameters as objects."""
    for key in ("e1", "e2"):
        post(service, "/experiments", {"key": key, "title": key})
        for number in (2, 1):
            run = {"run_no": number, "params": {"lr": 0.1}, "metrics": '{"loss": 1}', "outcome": "pass"}
            post(service, f"/experiments/{key}/runs", run)
    post(service, "/experiments/e1/artifacts", {"type": "plot", "path": "a.png", "run_no": 2}, status=201)

    first = ask(service, "/experiment-runs?limit=3")
    rest = ask(service, f"/experiment-runs?limit=3&cursor={first['next']}")
    assert [("e1", 1), ("e1", 2), ("e2", 1), ("e2", 2)] == [
        (run["experiment_key"], run["run_no"]) for run in [*first["items"], *rest["items"]]
    ]
    run = ask(service, "/experiments/e1/runs/2")
    assert ({"lr": 0.1}, {"loss": 1}) == (run["params"], run["metrics"])
    assert 2 == len(ask(service, "/experiment-runs?experiment=e2")["items"])
    assert [1, 2] == [one["run_no"] for one in ask(service, "/experiments/e2/runs?outcome=pass")["items"]]
    ask(service, "/experiments/nope/runs", status=404)
    assert [2] == [one["run_no"] for one in ask(service, "/experiments/e1/artifacts?type=plot")["items"]]
    assert (2, 2, 1) == tuple(ask(service, "/experiments/e1")[name] for name in ("runs", "passed", "artifacts"))
    ask(service, "/experiments/e1/runs/3", status=404)
    ask(service, "/experiments/e1/runs/one", status=400)


def test_summaries(service: Running) -> None:
    """A summary finds what it is about by key; the newest short one is shown with that."""
    plan = post(service, "/plans", {"key": "s", "title": "S"})["id"]
    for text in ("first", "second"):
        told = {"entity_type": "plan", "entity_key": "s", "style": "short", "text": text}
        post(service, "/summaries", told, status=201)

    found = ask(service, f"/summaries?entity_type=plan&entity_id={plan}&style=short")["items"]
    assert ["second", "first"] == [summary["text"] for summary in found]
    assert "second" == ask(service, "/plans/s")["summary"]


def test_issues_and_skills(service: Running) -> None:
    """Work on issues is found by issue, session and agent; skills by what they were loaded for."""
    post(service, "/skill-usage", {"session_id": "x", "skill_name": "sql", "context_added": 500}, status=201)
    begun = post(service, "/issues/i-1/work", {"session_id": "x", "agent_name": "ann", "rationale": "P1"}, status=201)
    post(service, "/issues/i-1/work/status", {"session_id": "x", "to": "in_progress"})
    post(service, f"/issue-work/{begun['id']}/status", {"from": "in_progress", "to": "review"})
    post(service, "/skill-usage", {"session_id": "x", "skill_name": "sql"}, status=201)
    post(service, "/sessions/x/work", {"issues": ["i-2"], "context_tokens": 9})
    assert [begun["id"]] == [work["work_id"] for work in ask(service, "/issue-work?open=true&agent=ann")["items"]]
    post(service, f"/issue-work/{begun['id']}/complete", {"notes": "fertig"})
    other = post(service, "/issues/i-2/work", {"session_id": "x"}, status=201)["id"]
    post(service, "/issues/i-2/work/complete", {"session_id": "x", "completed": False})

    assert [other] == [work["work_id"] for work in ask(service, "/issues/i-2/work?open=false")["items"]]
    work = ask(service, f"/issue-work/{begun['id']}")
    assert (True, "fertig", "P1", "ann") == tuple(
        work[name] for name in ("completed", "work_notes", "decision_rationale", "agent_name")
    )
    assert [(None, "in_progress"), ("in_progress", "review")] == [
        (change["from"], change["to"]) for change in work["status_changes"]
    ]
    assert ask(service, f"/issue-work/{other}")["completed"] is False
    uses = ask(service, "/skill-usage?skill=sql&session=x")["items"]
    assert [("i-1", None), (None, 500)] == [(use["used_for_issue_id"], use["context_added"]) for use in uses]
    session = ask(service, "/sessions/x")
    assert (["i-1", "i-2"], ["sql"], 9) == tuple(
        session[name] for name in ("issues_claimed", "skills_used", "context_tokens")
    )


def test_projects(service: Running) -> None:
    """A project is made by name, or by the first thing that belongs to it."""
    post(service, "/projects", {"key": "org/app", "path": "/src/app", "repo_url": "https://example.org/app"})
    post(service, "/plans", {"key": "of-app", "title": "A", "project_key": "org/other"})

    assert ("app", "/src/app") == tuple(ask(service, "/projects/org%2Fapp")[name] for name in ("name", "path"))
    assert {"org/app", "org/other"} <= {project["key"] for project in ask(service, "/projects")["items"]}
    assert ["of-app"] == [plan["key"] for plan in ask(service, "/plans?project=org/other")["items"]]


def test_what_is_not_known(service: Running) -> None:
    """A field that there is not, and a time that is none, are refused with what there is."""
    refused = post(service, "/plans", {"key": "k", "titel": "K"}, status=400)
    assert "titel is not known here; the fields are key, title, owner, status" in refused["detail"]
    refused = post(service, "/plans", {"key": "k", "title": "K", "at": "gestern"}, status=400)
    assert ("BAD_TYPE", "at") == (refused["fault"], refused["field"])
    refused = post(service, "/plans", {"key": "k"}, status=400)
    assert ("MISSING_FIELD", "title is missing") == (refused["fault"], refused["detail"])
    ask(service, "/issue-work?open=maybe", status=400)


def test_nothing_is_told_twice_in_one_command(service: Running) -> None:
    """A project has its key under one name: another one beside it would win, or be passed over."""
    refused = post(service, "/projects", {"key": "org/one", "project_key": "org/two"}, status=400)

    assert "project_key is not known here" in refused["detail"]
    for one in TRACKED:
        names = [field.name for field in one.fields]
        assert len(set(names)) == len(names), one.path


def test_every_command_has_a_path() -> None:
    """What the vocabulary lets agents write can be written over HTTP, and is described field by field."""
    written = {field.name for one in TRACKED for field in one.fields}

    assert {name for event in EVENTS.values() if not event.derived for name in event.attributes} <= written
    assert all(one.says and all(field.says and field.type for field in one.fields) for one in TRACKED)
