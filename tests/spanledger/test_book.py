"""Mirror `spanledger.book` and `spanledger.show_book`: what people read when they keep the book of work."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.listings import LISTINGS, WHOLES
from spanledger import cli
from spanledger.book import COMMANDS, PAGES, SINGLE, VERBS
from spanledger.show_book import SHOWN
from tests.support.process import command
from tracking.vocabulary import EVENTS

PARAMS = '{"lr": 0.001, "größe": 32}'


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """Run a command and give what it prints."""
    found = cli.run(arguments)
    printed = capsys.readouterr()
    assert status == found, printed.err
    return (printed.err if status else printed.out).strip()


def test_plans(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command answers in one line; lists and single things are read by people."""
    assert "plan k was made" == run(capsys, "plan", "add", "k", "Ein Plan", "--owner", "bob", "--project", "org/app")
    assert "plan k was changed" == run(capsys, "plan", "add", "k", "Plan B", "--status", "in_progress")
    assert "task 1 was made in plan k" == run(capsys, "task", "add", "k", "One", "--key", "a", "--notes", "später")
    assert "it was there already; nothing was changed" == run(capsys, "task", "add", "k", "One", "--key", "a")
    run(capsys, "task", "add", "k", "Two")
    assert "task 1: paused" == run(capsys, "task", "status", "k#a", "paused")
    assert "task 2: completed" == run(capsys, "task", "done", "Two", "--plan", "k")
    assert "task 2: pending" == run(capsys, "task", "status", "2", "pending", "--notes", "again")
    late = run(capsys, "plan", "status", "k", "paused", "--at", "2020-01-01")
    assert "something later is known of it; nothing was changed" == late

    listed = run(capsys, "plan")
    assert listed.splitlines()[0].split() == [
        "key",
        "title",
        "status",
        "owner",
        "tasks",
        "open",
        "tasks",
        "updated",
        "at",
    ]
    assert listed == run(capsys, "plan", "list", "--project", "org/app")
    assert "nothing is like that" == run(capsys, "plan", "list", "--status", "cancelled")
    tasks = run(capsys, "task", "list", "k").splitlines()
    assert ["1 One paused später", "2 Two pending again"] == [" ".join(line.split()[:4]) for line in tasks[-2:]]
    assert ["a", None] == [task["client_key"] for task in json.loads(run(capsys, "task", "list", "k", "--json"))]
    shown = run(capsys, "plan", "show", "k")
    assert "Plan B" in shown
    assert "org/app" in shown
    assert 2 == json.loads(run(capsys, "plan", "show", "k", "--json"))["open_tasks"]
    assert "One" in run(capsys, "task", "show", "1")


def test_experiments_and_the_rest(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other groups read alike."""
    said = [
        ("experiment e was made", "experiment", "add", "e", "E", "--objective", "o"),
        ("run 1 of e: pass", "experiment", "run", "e", "1", "pass", "--params", PARAMS, "--metrics", '{"loss": 1}'),
        ("artifact 1 of e was made", "experiment", "artifact", "e", "plot", "größe.png", "--run", "1"),
        ("experiment e: paused", "experiment", "status", "e", "paused"),
        ("refactor r was made", "refactor", "add", "r", "R", "--notes", "n"),
        ("refactor r: completed", "refactor", "status", "r", "completed"),
        ("debug session d was made", "debug", "add", "d", "D", "--hypothesis", "h"),
        ("note 1 was made on d", "debug", "note", "d", "eine Notiz"),
        ("debug session d: completed", "debug", "status", "d", "completed"),
        ("summary 1 was made", "summary", "add", "experiment", "kurz", "--style", "short", "--key", "e"),
        ("skill sql was made", "skill", "add", "sql", "--session", "s", "--tokens", "500"),
        ("issue i: review", "issue", "status", "i", "review"),
        ("project org/app was made", "project", "add", "org/app", "--path", "/src"),
    ]
    for answer, *arguments in said[:-2]:
        assert answer == run(capsys, *arguments)
    assert run(capsys, "issue", "start", "i", "--session", "s").endswith("on issue i was made")
    for answer, *arguments in said[-2:]:
        assert answer == run(capsys, *arguments)
    assert run(capsys, "issue", "done", "i", "--notes", "fertig").endswith("on issue i is over")

    for asked, texts in {
        ("experiment",): ("paused", "1"),
        ("experiment", "runs", "--experiment", "e"): ('{"lr": 0.001', "pass"),
        ("experiment", "artifacts", "e"): ("größe.png", "plot"),
        ("experiment", "show", "e"): ("kurz",),
        ("refactor",): ("completed", "n"),
        ("debug", "notes", "d"): ("eine Notiz",),
        ("summary",): ("kurz", "short"),
        ("skill",): ("sql", "500"),
        ("issue", "list", "--open", "false"): ("fertig", "yes"),
        ("project",): ("org/app", "/src"),
    }.items():
        printed = run(capsys, *asked)
        assert all(text in printed for text in texts), printed


def test_mistakes(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not there ends with 4, what is wrong with 2, each with one line that says what."""
    assert "there is no database" in run(capsys, "plan", status=4)
    run(capsys, "plan", "add", "k", "K")
    run(capsys, "task", "add", "k", "same")
    run(capsys, "task", "add", "k", "same")

    assert "Error: there is no plan 'nope'" == run(capsys, "plan", "status", "nope", "paused", status=4)
    assert "Error: there is no plan 'nope'" == run(capsys, "plan", "show", "nope", status=4)
    assert "Error: there is no plan 'nope'" == run(capsys, "task", "list", "nope", status=4)
    assert "Error: there is no task 9" == run(capsys, "task", "done", "9", status=4)
    assert "is not one of pending, in_progress" in run(capsys, "plan", "status", "k", "done", status=2)
    assert "2 tasks of plan 'k' are called 'same'" in run(capsys, "task", "done", "same", "--plan", "k", status=2)
    assert "id is 'same'; a whole number" in run(capsys, "task", "done", "same", status=2)
    assert "Missing argument 'TITLE'" in run(capsys, "plan", "add", "k", status=2)
    assert "'x' is no id" in run(capsys, "task", "show", "x", status=2)
    assert "limit 280" in run(capsys, "summary", "add", "plan", "x" * 281, "--style", "short", "--key", "k", status=2)


def test_times(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A time may be said as so long ago."""
    run(capsys, "debug", "add", "d", "D", "--at", "2h")

    started = datetime.fromisoformat(json.loads(run(capsys, "debug", "show", "d", "--json"))["started_at"])
    assert timedelta(hours=2) <= datetime.now(UTC) - started < timedelta(hours=2, minutes=5)


def test_more_than_are_shown(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that is cut says so; no text drives the terminal."""
    for number in range(3):
        run(capsys, "refactor", "add", f"r{number}", "a\x1b[31m\nb")

    printed = run(capsys, "refactor", "list", "--limit", "2")
    assert "there are more than these 2; --limit shows more" in printed
    assert "\x1b" not in printed


def test_as_a_program(lone_db: Path) -> None:
    """The commands work as a program of its own."""
    db = ("--db", str(lone_db))

    assert (0, "plan k was made\n", "") == command("plan", "add", "k", "K", *db)
    assert 4 == command("plan", "status", "nope", "paused", *db)[0]


def test_everything_has_a_command() -> None:
    """What can be written and read over HTTP has a command, and what people see of each list is chosen."""
    told = {verb.event for verb in VERBS} | {"plan.task.done", "plan.task.status", "agent.session.update"}

    assert told == {event.name for event in EVENTS.values() if not event.derived}
    assert {name for _, _, name in PAGES} == set(LISTINGS) == set(SHOWN)
    assert {name for _, name in SINGLE} == set(WHOLES) - {"run"}
    assert all(group.help for group in COMMANDS)
