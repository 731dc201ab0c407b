"""Prove what the commands that ask print, on a terminal of 80 columns, and which exit status they give."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from spanledger import agents, jobs
from spanledger.cli import run
from spanledger.layout import width
from spanledger.traces import TraceEntry, TraceStore
from store.config import Store
from store.sqlite import SqliteWriteSide
from tests.support.corpus import send, source
from tests.support.service import running
from tests.support.told import job
from tests.support.wait import until

COMMANDS = (["sessions"], ["session", "x"], ["trace", "x"], ["jobs"], ["job", "x"], ["tools"])
LISTS = (["sessions"], ["jobs"], ["tools"])
WIDE = "日本語のエージェント名前が長い場合はどうなるのか"


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a database that holds what programs told and what an agent sent."""
    path = tmp_path_factory.mktemp("cli") / "spanledger.db"
    with running(path) as service:
        for recorded in source("openai-agents-openinference").requests:
            send(service, recorded)
        until(lambda: len(service.rows("select 1 from agent_traces where kind = 'llm'")) > 3)
    agents.start_session(WIDE, "/home/dev/" + "deep/" * 30, "sonnet", session_id="wide-session", db=path)
    store = TraceStore(path)
    for number in range(3):
        store.save_trace(
            TraceEntry(
                "model_called",
                "wide-session",
                f"call-{number}",
                f"call-{number - 1}",
                input_tokens=12_345,
                output_tokens=67,
                estimated_cost_usd=0.0123,
                model_used="a-model-with-a-very-long-name-indeed-2026-02-10",
                duration_ms=1234,
                error_message="connection reset by 10.0.0.1 while reading " * 5 if number == 2 else None,
            )
        )
    for number in range(3):
        told = job(id=f"job-000{number}", session_id="wide-session", summary=f"{WIDE}。" * 9, error_message="x" * 200)
        jobs.record_job_completion({**told, "status": "failed" if number else "completed"}, db=path)
    return path


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command: exit status, output, errors."""
    status = run(arguments)
    told = capsys.readouterr()
    return status, told.out, told.err


def answer(capsys: pytest.CaptureFixture[str], db: Path, *arguments: str) -> Any:
    """Run a command that answers in JSON."""
    status, output, errors = outcome(capsys, *arguments, "--json", "--db", str(db))
    assert status == 0, errors
    return json.loads(output)


@pytest.mark.parametrize(
    "arguments",
    [
        *LISTS,
        ["session", "wide"],
        ["trace", "wide"],
        ["trace", "wide", "--timeline"],
        ["job", "job-0001"],
        ["jobs", "--status", "failed"],
    ],
)
@pytest.mark.parametrize("room", [80, 120])
def test_everything_fits(
    full: Path, arguments: Sequence[str], room: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line is longer than the terminal, wide characters counted twice."""
    monkeypatch.setenv("COLUMNS", str(room))
    status, output, errors = outcome(capsys, *arguments, "--db", str(full))

    assert (0, "") == (status, errors)
    assert max(map(width, output.splitlines())) <= room
    assert len(output.splitlines()) > 1


def test_sessions(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sessions are listed with what can be typed to see one of them."""
    _, output, _ = outcome(capsys, "sessions", "--db", str(full))
    found = answer(capsys, full, "sessions", "--agent", WIDE)

    (line,) = [line for line in output.splitlines() if "日本" in line]
    assert "active" in line
    typed = line.split()[2]
    assert "wide-session".startswith(typed)
    assert [("wide-session", 3)] == [(one["session_id"], one["jobs"]) for one in found]
    assert "wide-session" == answer(capsys, full, "session", typed)["session_id"]
    assert [] == answer(capsys, full, "sessions", "--status", "ended", "--agent", WIDE)


def test_session(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A session is summed up: tokens, cost, models, jobs, errors, and where to look next."""
    _, output, _ = outcome(capsys, "session", "wide-s", "--db", str(full))

    for text in (
        "$0.94",
        "Models",
        "Jobs",
        "Errors, newest first",
        "connection reset",
        "spanledger trace wide-session",
    ):
        assert text in output


def test_trace(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A trace is drawn as a tree, a session too; a timeline is in order of time."""
    _, tree, _ = outcome(capsys, "trace", "wide-session", "--db", str(full))
    _, timeline, _ = outcome(capsys, "trace", "wide-session", "--timeline", "--db", str(full))
    spans = answer(capsys, full, "sql", "select trace_id, count(*) as n from spans group by 1 order by n desc limit 1")
    told = answer(capsys, full, "trace", spans[0]["trace_id"][:12])

    calls = [line for line in tree.splitlines() if "model_called" in line]
    assert [0, 2, 4] == [len(line) - len(line.lstrip()) for line in calls]
    assert "! model_called  connection reset by" in calls[2]
    assert calls[0].endswith("12.3k>67  $0.01    1.2s")
    assert "+0.000s" in timeline.splitlines()[1]
    assert spans[0]["n"] == len([step for step in told["steps"] if step.get("span_id")])
    assert "llm" in {step["kind"] for step in told["steps"]}


def test_job(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job is told from prompt to summary, with cost and its source, calls, subagents and errors."""
    _, output, _ = outcome(capsys, "job", "job-0002", "--db", str(full))

    for text in ("Prompt", "Mend the cart.", "Summary", "日本語", "$0.30  (from: emitted)", "Tool calls", "FAILED"):
        assert text in output
    for text in ("12.0k read, 800 written", "6 % used of 200.0k tokens", "Subagents", "sub-2", "Errors", "edit_file"):
        assert text in output
    told = answer(capsys, full, "job", "job-0002")
    assert (3, 2, job()["prompt"]) == (len(told["tool_calls"]), len(told["subagents"]), told["prompt"])


def test_jobs(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Jobs are filtered by every option."""
    same = ["--status=failed", "--session=wide", "--model=gpt-5.2-codex", "--tool=bash", "--file=cart.ts"]
    more = ["--error=xx", "--min-cost=0.2", "--max-cost=0.4", "--since=2026-01-01"]
    found = answer(capsys, full, "jobs", *same, *more)

    assert ["job-0002", "job-0001"] == [one["id"] for one in found]
    assert [] == answer(capsys, full, "jobs", "--since", "1h")
    assert 1 == len(answer(capsys, full, "jobs", "--limit", "1"))
    _, output, _ = outcome(capsys, "jobs", "--limit", "1", "--db", str(full))
    assert "the newest 1; --limit shows more" in output


def test_tools(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tools are counted, all of them or those of a session or a job."""
    found = {one["name"]: (one["calls"], one["failures"]) for one in answer(capsys, full, "tools", "--job", "job-0001")}

    assert {"bash": (2, 0), "edit_file": (1, 1)} == found
    assert {"bash", "edit_file"} == {one["name"] for one in answer(capsys, full, "tools", "--session", "wide")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["session", "nope"], "there is no session 'nope'; `spanledger sessions` lists them"),
        (["job", "nope"], "there is no job 'nope'; `spanledger jobs` lists them"),
        (["trace", "nope"], "there is no session 'nope'; give the id of a trace or of a session"),
        (["tools", "--job", "nope"], "there is no job 'nope'"),
        (["jobs", "--session", "nope"], "there is no session 'nope'"),
    ],
)
def test_not_found(full: Path, arguments: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not there is exit status 4, with where to look."""
    status, output, errors = outcome(capsys, *arguments, "--db", str(full))

    assert (4, "") == (status, output)
    assert message in errors


def test_ambiguous(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A beginning that several ids have is refused with these."""
    status, _, errors = outcome(capsys, "job", "job-", "--db", str(full))

    assert status == 1
    assert "several ids begin with 'job-': job-0000, job-0001, job-0002; write more" in errors


@pytest.mark.parametrize("arguments", [["jobs", "--since", "soon"], ["jobs", "--limit", "0"], ["session"]])
def test_wrong_usage(full: Path, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is exit status 2."""
    assert 2 == outcome(capsys, *arguments, "--db", str(full))[0]


@pytest.mark.parametrize("arguments", LISTS)
def test_empty_database(arguments: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When nothing is recorded yet, a list says what to do; when a filter hides all, which way to go."""
    path = tmp_path / "empty.db"
    SqliteWriteSide(Store(path=path, reserve=0)).close()
    _, output, _ = outcome(capsys, *arguments, "--db", str(path))
    _, filtered, _ = outcome(capsys, *arguments, "--since", "1h", "--db", str(path))

    assert "nothing is recorded yet; point an agent's OTLP exporter here, or try `spanledger demo`" in output
    assert "leave a filter out" in filtered
    assert [] == answer(capsys, path, *arguments)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_database(arguments: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database every one of these commands says so with exit status 4."""
    status, output, errors = outcome(capsys, *arguments, "--db", str(tmp_path / "none.db"))

    assert (4, "") == (status, output)
    assert "there is no database at" in errors
