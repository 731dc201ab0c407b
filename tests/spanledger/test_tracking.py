"""Prove that programs find in `spanledger.tracking` what seed 000 says, with a daemon and without."""

import inspect
import json
import re
import shlex
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import click
import pytest

from core.errors import AlreadyRunning, Invalid, Missing
from spanledger import cli, connections, tracking
from tests.support.process import ready_process

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text()
PLAN = "2025-1106_feat_vector-cache"
EXPERIMENT = "2025-1106_exp_learning-rate"
DEBUG = "2025-1106_debug_memory-leak"

SIGNATURES = {
    "init_db": "() -> None",
    "get_connection": "(readonly: bool = False) -> sqlite3.Connection",
    "upsert_feature_plan": "(key: str, title: str, owner: str | None = None) -> int",
    "set_plan_status": "(key: str, status: str) -> None",
    "add_plan_task": "(plan_key: str, title: str, notes: str | None = None) -> int",
    "set_task_done": "(task_id: int) -> None",
    "get_plan_status": "(key: str | None = None) -> list[dict[str, typing.Any]]",
    "upsert_refactor": "(key: str, title: str, notes: str | None = None) -> int",
    "set_refactor_status": "(key: str, status: str) -> None",
    "create_debug_session": "(key: str, title: str, hypothesis: str = '', scope: str = '') -> int",
    "add_debug_note": "(session_key: str, note: str) -> int",
    "set_debug_status": "(key: str, status: str) -> None",
    "upsert_experiment": "(key: str, title: str, objective: str = '', owner: str | None = None) -> int",
    "add_experiment_run": "(experiment_key: str, run_no: int, params: dict[str, typing.Any],"
    " metrics: dict[str, typing.Any] | None, outcome: str) -> int",
    "link_experiment_artifact": "(experiment_key: str, type_: str, path: str, run_no: int | None = None) -> int",
    "get_experiment_runs_export": "() -> list[dict[str, typing.Any]]",
    "save_summary": "(entity_type: str, entity_id: int, style: str, text: str) -> int",
}


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_signatures(name: str, signature: str) -> None:
    """Each function takes and gives what the seed says."""
    assert signature == str(inspect.signature(getattr(tracking, name)))


def test_the_workflow_of_a_plan(db: Path) -> None:
    """The seed's first workflow runs as it is written."""
    tracking.init_db()
    plan = tracking.upsert_feature_plan(key=PLAN, title="Vector Cache Implementation", owner="alice")
    assert [{"key": PLAN, "title": "Vector Cache Implementation", "status": "pending", "open_tasks": 0}] == (
        tracking.get_plan_status(PLAN)
    )
    tracking.set_plan_status(PLAN, "in_progress")
    first = tracking.add_plan_task(plan_key=PLAN, title="Design cache structure")
    tracking.add_plan_task(plan_key=PLAN, title="Implement LRU eviction")
    tracking.set_task_done(first)

    status = tracking.get_plan_status(PLAN)
    assert ("Vector Cache Implementation", "in_progress", 1) == tuple(
        status[0][name] for name in ("title", "status", "open_tasks")
    )
    tracking.upsert_feature_plan("other", "Other")
    assert [PLAN, "other"] == [one["key"] for one in tracking.get_plan_status()]
    assert [] == tracking.get_plan_status("nope")
    assert plan == tracking.upsert_feature_plan(PLAN, "Vector Cache", "bob")


def test_the_workflow_of_an_experiment(db: Path) -> None:
    """The seed's second workflow runs as it is written."""
    tracking.upsert_experiment(
        key=EXPERIMENT, title="Learning Rate Tuning", objective="Find optimal learning rate", owner="bob"
    )
    tracking.add_experiment_run(
        experiment_key=EXPERIMENT,
        run_no=1,
        params={"lr": 0.001, "batch_size": 32},
        metrics={"loss": 0.45, "accuracy": 0.92},
        outcome="pass",
    )
    tracking.add_experiment_run(
        experiment_key=EXPERIMENT, run_no=2, params={"lr": 0.01, "größe": 32}, metrics=None, outcome="fail"
    )
    tracking.link_experiment_artifact(experiment_key=EXPERIMENT, type_="plot", path="results/lr_comparison.png")

    runs = tracking.get_experiment_runs_export()
    assert ["experiment_key", "run_no", "params_json", "metrics_json", "outcome", "created_at"] == list(runs[0])
    assert [(EXPERIMENT, 1, "pass"), (EXPERIMENT, 2, "fail")] == [
        (run["experiment_key"], run["run_no"], run["outcome"]) for run in runs
    ]
    assert {"lr": 0.001, "batch_size": 32} == json.loads(runs[0]["params_json"])
    assert ('{"lr": 0.01, "größe": 32}', None) == (runs[1]["params_json"], runs[1]["metrics_json"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", runs[0]["created_at"])


def test_what_is_raised(db: Path) -> None:
    """Every "Raises" of the seed: ValueError for values, KeyError with the key for what is not there."""
    tracking.upsert_feature_plan(PLAN, "P")
    tracking.upsert_refactor("r", "R", "notes")
    tracking.create_debug_session(DEBUG, "D")
    tracking.upsert_experiment(EXPERIMENT, "E")
    wrong: list[tuple[Any, ...]] = [
        (tracking.set_plan_status, PLAN, "done"),
        (tracking.set_refactor_status, "r", "Completed"),
        (tracking.set_debug_status, DEBUG, "solved"),
        (tracking.add_experiment_run, EXPERIMENT, 1, {}, None, "passed"),
        (tracking.save_summary, "plan", 1, "short", "x" * 281),
    ]
    absent: list[tuple[Any, Any]] = [
        ("nope", (tracking.set_plan_status, "nope", "paused")),
        ("nope", (tracking.add_plan_task, "nope", "t")),
        ("nope", (tracking.set_refactor_status, "nope", "paused")),
        ("nope", (tracking.add_debug_note, "nope", "n")),
        ("nope", (tracking.set_debug_status, "nope", "paused")),
        ("nope", (tracking.add_experiment_run, "nope", 1, {}, None, "pass")),
        ("nope", (tracking.link_experiment_artifact, "nope", "plot", "p")),
        (f"{EXPERIMENT}#9", (tracking.link_experiment_artifact, EXPERIMENT, "plot", "p", 9)),
        (99, (tracking.set_task_done, 99)),
    ]
    for function, *arguments in wrong:
        with pytest.raises(ValueError, match=r"is not one of|limit 280"):
            function(*arguments)
    for key, (function, *arguments) in absent:
        with pytest.raises(KeyError) as raised:
            function(*arguments)
        assert (key,) == raised.value.args


def test_errors_are_the_programs_own(db: Path) -> None:
    """What is raised comes of the program's own error, whose message says more."""
    with pytest.raises(KeyError) as absent:
        tracking.set_plan_status("nope", "paused")
    with pytest.raises(ValueError, match="title is empty") as wrong:
        tracking.upsert_feature_plan("k", "")

    assert isinstance(absent.value.__cause__, Missing)
    assert "there is no plan 'nope'" == str(absent.value.__cause__)
    assert isinstance(wrong.value.__cause__, Invalid)


def test_none_empties(lone_db: Path) -> None:
    """An owner and notes that are not given again are emptied, as the seed's functions do."""
    tracking.upsert_feature_plan(PLAN, "P", "alice")
    tracking.upsert_feature_plan(PLAN, "P")
    tracking.upsert_refactor("r", "R", "notes")
    tracking.upsert_refactor("r", "R")

    with closing(tracking.get_connection()) as connection:
        assert [None] == [row["owner"] for row in connection.execute("select owner from feature_plans")]
        assert [None] == [row["notes"] for row in connection.execute("select notes from refactors")]


def test_connection(lone_db: Path) -> None:
    """A connection gives rows by name, makes the database unless it is only to read, and never writes."""
    with pytest.raises(FileNotFoundError, match="init_db"):
        tracking.get_connection(readonly=True)
    assert not lone_db.exists()
    tracking.get_connection().close()
    tracking.upsert_feature_plan(PLAN, "P")

    for readonly in (False, True):
        with closing(tracking.get_connection(readonly)) as connection:
            (row,) = connection.execute("select key, title from feature_plans")
            assert isinstance(row, sqlite3.Row)
            assert (PLAN, "P") == (row["key"], row["title"])
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute("update feature_plans set title = 'x'")


def test_an_open_connection_sees_what_is_written(lone_db: Path) -> None:
    """A connection that is open sees what functions write after it, and errors are the same meanwhile."""
    tracking.init_db()
    with closing(tracking.get_connection()) as connection:
        for number in range(2):
            tracking.upsert_feature_plan(f"p{number}", "P")
            assert [(number + 1,)] == [tuple(row) for row in connection.execute("select count(*) from feature_plans")]
            assert number + 1 == len(tracking.get_plan_status())
        with pytest.raises(KeyError, match="nope"):
            tracking.set_plan_status("nope", "paused")
    assert not connections.are_open()
    tracking.upsert_feature_plan("p2", "P")

    assert 3 == len(tracking.get_plan_status())


def test_an_open_connection_beside_a_daemon(lone_db: Path) -> None:
    """Beside a collector an open connection sees what functions have that write."""
    with ready_process(lone_db), closing(tracking.get_connection()) as connection:
        for number in range(3):
            tracking.upsert_feature_plan(f"p{number}", "P")
            assert [(number + 1,)] == [tuple(row) for row in connection.execute("select count(*) from feature_plans")]
            assert number + 1 == len(tracking.get_plan_status())


def test_path(lone_db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is that of the configured database, in a folder that is made when needed; a program may name another."""
    monkeypatch.setenv("SPANLEDGER_DB", str(tmp_path / "deep" / "er" / "x.db"))
    assert tmp_path / "deep" / "er" / "x.db" == tracking.DB_PATH
    assert [] == tracking.get_plan_status()
    assert tracking.DB_PATH.exists()
    other = tmp_path / "other.db"
    monkeypatch.setitem(vars(tracking), "DB_PATH", other)
    tracking.upsert_feature_plan(PLAN, "P")

    assert other.exists()
    assert [PLAN] == [one["key"] for one in tracking.get_plan_status()]
    monkeypatch.delitem(vars(tracking), "DB_PATH")
    assert [] == tracking.get_plan_status()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(tracking, "nothing")  # noqa: B009  the type checker knows that it is not there


def test_exports_before_there_is_a_database(lone_db: Path) -> None:
    """The questions make the database when there is none, and find nothing."""
    assert [] == tracking.get_experiment_runs_export()
    assert lone_db.exists()
    tracking.init_db()
    tracking.init_db()


def test_values_that_json_has_no_form_for(db: Path) -> None:
    """Parameters of other types are written as text, whole numbers of any size stay, what is no number is null."""
    tracking.upsert_experiment(EXPERIMENT, "E")
    params = {"path": Path("a/b"), "big": 1 << 70, "loss": float("nan"), "nested": {"deep": (1, 2)}}
    tracking.add_experiment_run(EXPERIMENT, 1, params, {}, "inconclusive")

    (run,) = tracking.get_experiment_runs_export()
    assert {"path": "a/b", "big": 1 << 70, "loss": None, "nested": {"deep": [1, 2]}} == json.loads(run["params_json"])
    assert "{}" == run["metrics_json"]


def test_status(db: Path) -> None:
    """A few lines say how the work stands."""
    tracking.upsert_feature_plan(PLAN, "P")
    tracking.set_plan_status(PLAN, "in_progress")
    tracking.add_plan_task(PLAN, "t")
    for number in range(4):
        tracking.upsert_experiment(f"e{number}", "E")
    tracking.create_debug_session(DEBUG, "D")

    status = tracking.get_status()
    assert f"{PLAN} (in_progress, 1 to do)" in status
    assert "experiments: 4 open:" in status
    assert len(status.splitlines()) < 15


def test_sessions_work_and_skills(db: Path) -> None:
    """Seed 003's functions in Python's spelling: a session works on an issue with a skill, and is counted."""
    session = tracking.start_session("beads-workflow-orchestrator", "/myStuff/project", "sonnet")
    work = tracking.record_work(session, "agents-42", "beads-workflow-orchestrator", "Highest priority P1 task")
    tracking.record_skill_usage(session, "dependency-thinking", "agents-42", 500)
    tracking.add_issue_status(work, "review", "in_progress")
    assert not tracking.get_work(work).completed
    tracking.complete_work(work, "Implemented user model with validation")
    tracking.end_session(session, "completed")

    found = tracking.get_work(work)
    assert (True, "Implemented user model with validation", "Highest priority P1 task") == (
        found.completed,
        found.work_notes,
        found.decision_rationale,
    )
    assert ["review"] == [change["to"] for change in found.status_changes]
    assert [found] == tracking.list_work_by_issue("agents-42") == tracking.list_work_by_session(session)
    kept = tracking.get_session(session)
    assert (["agents-42"], ["dependency-thinking"]) == (kept.issues_claimed, kept.skills_used)
    issue = tracking.get_issue_stats("agents-42")
    assert (1, 1) == (issue.total_work_sessions, issue.total_agents)
    assert issue.total_time is not None
    assert timedelta() <= issue.total_time < timedelta(minutes=1)
    skill = tracking.get_skill_stats("dependency-thinking")
    assert (1, 500.0) == (skill.total_uses, skill.avg_context)
    assert (0, 0) == (tracking.get_issue_stats("none").total_agents, tracking.get_skill_stats("none").total_uses)
    for absent in (lambda: tracking.complete_work("nope"), lambda: tracking.get_work("nope")):
        with pytest.raises(KeyError, match="nope"):
            absent()
    with pytest.raises(KeyError, match="nobody"):
        tracking.record_work("nobody", "agents-42")


def test_many_at_once(db: Path) -> None:
    """Threads that write at once lose nothing, whoever holds the database."""
    tracking.create_debug_session(DEBUG, "D")
    threads = [
        threading.Thread(target=lambda: [tracking.add_debug_note(DEBUG, "n") for _ in range(3)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    connection = apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)
    assert [(12,)] == list(connection.execute("select count(*) from debug_notes"))
    connection.close()


def test_the_page_is_right(lone_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What docs/tracking.md shows runs, and its commands answer as it says."""
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program = next(text for text in programs if "from spanledger.tracking import" in text)
    exec(compile(program, "tracking.md", "exec"), {})
    assert '"lr": 0.001' in capsys.readouterr().out
    session = next(iter(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)))
    lone_db.unlink()
    for part in session.split("$ spanledger ")[1:]:
        line, *answer = part.strip().splitlines()
        assert 0 == cli.run(shlex.split(line)), line
        printed = capsys.readouterr().out.strip()
        assert not answer or answer == [printed]


def test_the_pages_commands_exist() -> None:
    """Each command of the page's table is one of the program's."""
    (table,) = re.findall(r"\| to do this .*?\n\n", PAGE, re.DOTALL)
    for group, verb in re.findall(r"`(\w+) ([a-z]+) ", table):
        command = cli.commands.commands[group]
        assert isinstance(command, click.Group)
        assert verb in command.commands, (group, verb)


def test_programs_can_import_it(lone_db: Path) -> None:
    """A program of its own, with its own module called `tracking`, gets ours by its full name."""
    program = (
        "from spanledger import tracking; tracking.upsert_feature_plan('k', 'T'); print(tracking.get_plan_status())"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )

    assert "'key': 'k'" in found.stdout


def test_a_daemon_without_http(lone_db: Path) -> None:
    """A collector that takes no requests over HTTP is named at once: it will not go away like a call that writes."""
    with ready_process(lone_db, http="off"):
        began = time.monotonic()
        with pytest.raises(AlreadyRunning, match="is in use by process"):
            tracking.upsert_feature_plan(PLAN, "P")

    assert time.monotonic() - began < 15
