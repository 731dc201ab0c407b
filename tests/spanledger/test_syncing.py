"""Mirror `spanledger.syncing`: the command works with a daemon and without, and says what it came to."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from spanledger.cli import run
from tests.support import sessions
from tests.support.service import running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project with six sessions, of which one is broken, and a file that is about something else."""
    made = sessions.project(tmp_path / "shop", 6)
    (made[0] / "state.json").write_text("{")
    (tmp_path / "shop" / "state.json").write_text('{"theme": "dark"}')
    return tmp_path / "shop"


def told(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> Any:
    """Run the command and read its answer."""
    assert status == run(["sync", "--json", *arguments])
    shown = capsys.readouterr().out
    return json.loads(shown[shown.index("{") :])


def counts(project: Path, read: int, changed: int, **more: int) -> list[dict[str, Any]]:
    """Write what a sync of one project should come to."""
    rest = {"doubled": 0, "missing": 0, **more}
    return [{"project": str(project), "read": read, "changed": changed, "unchanged": read - changed, **rest}]


def test_everywhere_the_same(db: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a daemon that may not read there and without one: read, then unchanged, then changed and missing."""
    before = sessions.snapshot(root)
    first = told(capsys, 1, str(root))
    again = told(capsys, 1, str(root))
    assert before == sessions.snapshot(root)
    assert (counts(root, 5, 5), counts(root, 5, 0)) == (first["projects"], again["projects"])
    assert 1 == first["ignored"] == again["ignored"]
    broken = root / "agents/sessions/2026-02-16_work_0000"
    assert [str(broken)] == [one["path"] for one in first["broken"]]
    assert first["broken"] == again["broken"]

    sessions.save(broken)
    sessions.save(broken.with_name("2026-02-16_work_0001"), status="done")
    shutil.rmtree(broken.with_name("2026-02-16_work_0002"))
    last = told(capsys, 0, str(root))
    assert (counts(root, 5, 2, missing=1), []) == (last["projects"], last["broken"])
    run(["sql", "select session_id, status, missing_since is null as there from sessions order by 1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [("active", 1), ("done", 1), ("active", 0)] == [(row["status"], row["there"]) for row in found[:3]]
    run(["sql", "select count(*) as n from mirror_troubles", "--json"])
    assert [{"n": 0}] == json.loads(capsys.readouterr().out)


def test_by_the_daemon(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon that mirrors the path is asked, and one directory may be named alone."""
    db = tmp_path / "spanledger.db"
    with running(db, sync__paths=str(root)):
        first = told(capsys, 1, str(root), "--db", str(db))
        single = told(capsys, 0, str(root / "agents/sessions/2026-02-16_work_0003"), "--db", str(db))

    assert (5, 1) == (first["projects"][0]["read"], len(first["broken"]))
    assert counts(root, 1, 0) == single["projects"]


def test_what_is_told(lone_db: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people: a line for each project and each broken directory, and what to look for when there is nothing."""
    (tmp_path / "empty").mkdir()
    assert 1 == run(["sync", str(root), str(tmp_path / "empty")])
    shown = capsys.readouterr().out
    assert f"{root}: 5 sessions read, 5 changed, 0 unchanged\n" in shown
    assert "2026-02-16_work_0000: is not JSON: " in shown
    assert "1 files state.json are about something else" in shown
    assert 0 == run(["sync", str(tmp_path / "empty")])
    assert "no session directories are there" in capsys.readouterr().out

    assert 4 == run(["sync", str(tmp_path / "nowhere")])
    assert f"there is nothing at {tmp_path / 'nowhere'}" in capsys.readouterr().err


def test_the_doctor_names_what_is_broken(lone_db: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctor names paths that are not there, and directories that cannot be read."""
    run(["sync", str(root)])
    capsys.readouterr()
    run(["doctor", "--json", "--set", f"sync.paths={root},{root}/gone"])
    found = {one["text"]: one["level"] for one in json.loads(capsys.readouterr().out) if one["check"] == "sync"}

    broken = root / "agents/sessions/2026-02-16_work_0000"
    assert {
        f"{root}/gone is not there": "warn",
        f"{broken}: is not JSON: unexpected end of data: line 1 column 2 (char 1)": "warn",
    } == found
