"""Mirror `mirror.mirroring`: in the real service every change of the files becomes rows, and nothing else happens."""

import shutil
import threading
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support import by_hand, sessions
from tests.support.api import JSON, ask
from tests.support.clients import request
from tests.support.service import Running, running
from tests.support.wait import until

WITHIN_S = 30
COSTS = """
select count(*) as n
from session_links as l
join model_calls as m on m.session_id = l.agent_session_id
where l.session_id = ? and m.counted = 1
"""
REASON = "select substr(max(reason), 1, 11) as n from mirror_troubles where path = ?"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project with 30 sessions."""
    sessions.project(tmp_path / "shop", 30)
    return tmp_path / "shop"


@pytest.fixture
def mirrored(root: Path, tmp_path: Path) -> Iterator[Running]:
    """Run a service that mirrors the project."""
    yield from _mirroring(root, tmp_path)


@pytest.fixture(scope="module")
def common_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project whose sessions are there for one test each."""
    root = tmp_path_factory.mktemp("common") / "shop"
    sessions.project(root, 30)
    return root


@pytest.fixture(scope="module")
def common(common_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one service that mirrors it."""
    yield from _mirroring(common_root, tmp_path_factory.mktemp("db"))


def _mirroring(root: Path, folder: Path) -> Iterator[Running]:
    with running(folder / "spanledger.db", sync__paths=str(root)) as found:
        wait_for(found, "select count(*) as n from sessions", 30)
        yield found


def wait_for(service: Running, sql: str, wanted: Any, *values: Any) -> None:
    """Wait until a question has an answer."""
    until(lambda: service.rows(sql, *values)[0]["n"] == wanted, within_s=WITHIN_S)


def one(service: Running, session_id: str) -> dict[str, Any]:
    """Read a session."""
    return service.rows("select * from sessions where session_id = ?", session_id)[0]


def test_everything_at_the_start(tmp_path: Path) -> None:
    """Three hundred sessions are there soon after the start, under their project, and no file was touched."""
    root = tmp_path / "shop"
    sessions.project(root, 300)
    before = sessions.snapshot(root)
    with running(tmp_path / "spanledger.db", sync__paths=str(root)) as service:
        wait_for(service, "select count(*) as n from sessions", 300)
        state = ask(service, "/sync")
        project = service.rows("select key, name, path from projects")
        failed = service.rows("select count(*) as n from agents where status = 'failed'")[0]["n"]

    assert (300, [], [str(root)]) == (state["sessions"], state["broken"], state["paths"])
    assert [{"key": str(root), "name": "shop", "path": str(root)}] == project
    assert 300 == failed
    assert before == sessions.snapshot(root)


def test_a_change_becomes_rows(common: Running, common_root: Path) -> None:
    """What is saved is there soon, with checkpoints, phases, agents and links; what is gone from it is gone."""
    directory = common_root / "agents/sessions/2026-02-16_work_0003"
    sessions.save(directory, current_phase="build", agents=[], checkpoints=["one", "two"], build_progress={})
    wait_for(common, "select agent_count as n from sessions where session_id = ?", 0, directory.name)

    assert "build" == one(common, directory.name)["phase"]
    told = common.rows("select title from session_checkpoints where session_id = ?", directory.name)
    assert [{"title": "one"}, {"title": "two"}] == told
    for table in ("session_agents", "agents"):
        assert [] == common.rows(f"select * from {table} where session_id = ?", directory.name)


def test_a_new_session_and_one_that_fills_later(mirrored: Running, root: Path) -> None:
    """A new directory is found, also when its state comes long after it."""
    later = root / "agents/sessions/2026-02-17_later"
    later.mkdir()
    sessions.save(root / "agents/sessions/2026-02-17_new")
    wait_for(mirrored, "select count(*) as n from sessions where session_id = '2026-02-17_new'", 1)
    until(lambda: ask(mirrored, "/sync")["waiting"] == 0)
    sessions.save(later)

    wait_for(mirrored, "select count(*) as n from sessions where session_id = '2026-02-17_later'", 1)


def test_a_burst_is_read_a_few_times(common: Running, common_root: Path) -> None:
    """A thousand saves of one session are far fewer syncs, and the last one counts."""
    directory = common_root / "agents/sessions/2026-02-16_work_0007"
    before = ask(common, "/sync")["syncs"]
    for number in range(1_000):
        sessions.save(directory, topic=f"number {number}")
    wait_for(common, "select title = 'number 999' as n from sessions where session_id = ?", 1, directory.name)

    assert ask(common, "/sync")["syncs"] - before < 100


def test_a_broken_state_keeps_the_last_rows(
    common: Running, common_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A state that is half written is told of once, keeps its rows, and is caught up with when it is whole."""
    directory = common_root / "agents/sessions/2026-02-16_work_0001"
    before = one(common, directory.name)
    for text in ('{"current_phase": "pl', '{"current_phase": "plan", "st', ""):
        (directory / "state.json").write_text(text)
        wait_for(common, REASON, "is not JSON" if text else "is empty", str(directory))
    assert before == one(common, directory.name)
    told = [record for record in caplog.records if getattr(record, "path", "") == str(directory)]
    assert 1 == len(told)

    sessions.save(directory, current_phase="plan")
    wait_for(common, "select phase = 'plan' as n from sessions where session_id = ?", 1, directory.name)
    wait_for(common, "select count(*) as n from mirror_troubles", 0)


def test_a_vanished_directory_and_its_return(common: Running, common_root: Path, tmp_path: Path) -> None:
    """A directory that is gone keeps its rows and is marked; when it is back, the mark is gone."""
    directory = common_root / "agents/sessions/2026-02-16_work_0002"
    aside = tmp_path / "aside"
    directory.rename(aside)
    wait_for(common, "select missing_since is not null as n from sessions where session_id = ?", 1, directory.name)
    assert 30 == common.rows("select count(*) as n from sessions")[0]["n"]
    aside.rename(directory)

    wait_for(common, "select missing_since is null as n from sessions where session_id = ?", 1, directory.name)


def test_a_renamed_directory_is_the_same_session(common: Running, common_root: Path) -> None:
    """A session that tells its own id stays the same row when its directory moves."""
    directory = common_root / "agents/sessions/2026-02-16_work_0004"
    moved = directory.rename(directory.with_name("done_0004"))
    wait_for(common, "select path = ?2 as n from sessions where session_id = ?1", 1, directory.name, str(moved))

    assert one(common, directory.name)["missing_since"] is None
    assert 30 == common.rows("select count(*) as n from sessions")[0]["n"]


def test_a_whole_project_vanishes(mirrored: Running, root: Path) -> None:
    """When all of a project is gone, all of its sessions are marked and none is lost."""
    shutil.rmtree(root / "agents")

    wait_for(mirrored, "select count(*) as n from sessions where missing_since is not null", 30)


def test_a_path_that_is_told(mirrored: Running, root: Path, tmp_path: Path) -> None:
    """Word of a path is taken at once, a project's opening syncs all of it, and any other path is refused."""
    directory = root / "agents/sessions/2026-02-16_work_0005"
    told = ask(mirrored, "/sync", method="POST", body={"path": str(directory)}, status=202)
    assert {"path": str(directory), "state": "queued"} == told
    told = ask(mirrored, "/sync", method="POST", body={"path": str(root), "wait": 30})
    assert [{"project": str(root), "read": 30, "changed": 0, "unchanged": 30, "doubled": 0, "missing": 0}] == told[
        "projects"
    ]

    (root / "out").symlink_to(tmp_path)
    for path, status in (
        (tmp_path, 403),
        ("/", 403),
        (f"{root}/../..", 403),
        ("relative", 403),
        (root / "out", 403),
        ("", 400),
        (7, 400),
        ("a\0b", 400),
    ):
        shown = path if isinstance(path, int) else str(path)
        ask(mirrored, "/sync", method="POST", body={"path": shown, "wait": 30}, status=status)
    ask(mirrored, "/sync", method="POST", body={"path": str(root), "wait": -1}, status=400)


def test_without_paths(service: Running, tmp_path: Path) -> None:
    """A service without paths mirrors nothing, refuses every path and says what to set."""
    told = ask(service, "/sync", method="POST", body={"path": str(tmp_path)}, status=403)

    assert "[sync] paths: none is set" in told["detail"]
    assert 0 == ask(service, "/sync")["sessions"]


def test_a_restart_catches_up(root: Path, tmp_path: Path) -> None:
    """What changed, broke and vanished while no daemon ran is found by the next; what did not is not written."""
    db = tmp_path / "spanledger.db"
    with running(db, sync__paths=str(root)) as first:
        wait_for(first, "select count(*) as n from sessions", 30)
        before = {row["session_id"]: row["read_at"] for row in first.rows("select session_id, read_at from sessions")}
    places = sorted((root / "agents/sessions").iterdir())
    sessions.save(places[0], current_phase="docs")
    (places[1] / "state.json").write_text("{")
    shutil.rmtree(places[2])
    with running(db, sync__paths=str(root)) as second:
        wait_for(second, "select count(*) as n from sessions where missing_since is not null", 1)
        wait_for(second, "select count(*) as n from mirror_troubles", 1)
        wait_for(second, "select phase = 'docs' as n from sessions where session_id = ?", 1, places[0].name)
        after = {row["session_id"]: row["read_at"] for row in second.rows("select session_id, read_at from sessions")}

    assert {places[0].name} == {name for name, read_at in after.items() if read_at != before[name]}


def test_at_rest_nothing_happens(common: Running, common_root: Path) -> None:
    """Reading the files is no reason to read them again."""
    sessions.save(common_root / "agents/sessions/2026-02-16_work_0009", status="done")
    wait_for(common, "select status = 'done' as n from sessions where session_id = '2026-02-16_work_0009'", 1)
    threading.Event().wait(2)
    before = ask(common, "/sync")
    threading.Event().wait(2)

    assert before == ask(common, "/sync")


def test_rebuilding_leaves_the_mirror_alone(common: Running) -> None:
    """Mirrored agents stay when everything is derived anew."""
    before = common.rows("select * from agents order by agent_id")
    number = ask(common, "/rebuild", method="POST", status=202)["order"]
    until(lambda: ask(common, "/derived")["done"] >= number, within_s=WITHIN_S)

    assert {"mirror"} == {row["emitter"] for row in before if "/a-" in row["agent_id"]}
    assert before == common.rows("select * from agents order by agent_id")


def test_telemetry_of_a_work_session(common: Running, common_root: Path) -> None:
    """What agents did for a work session is linked by its id, by the id that its state names, and by the attribute."""
    directory = common_root / "agents/sessions/2026-02-16_work_0006"
    sessions.save(directory, current_phase="review", sdk_session_id="named", agents=[])
    resource = {"service.name": "agent"}
    for session, more in ((directory.name, {}), ("named", {}), ("naming", {"work.session.id": directory.name})):
        body = _call(session, {**resource, **more})
        assert 200 == request(common, "POST", "/v1/traces", orjson.dumps(body), JSON).status
    wait_for(common, COSTS, 3, directory.name)
    failed = ask(common, "/reports/failed-agents-in-phase/review")["items"]
    costs = ask(common, "/reports/project-costs")["items"]

    assert [] == failed
    assert [(str(common_root), 3)] == [(row["project_key"], row["model_calls"]) for row in costs]


def _call(session: str, resource: dict[str, str]) -> dict[str, Any]:
    """Write a request of one model call in a session."""
    own = {"session.id": session, "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    trace = blake2b(session.encode(), digest_size=16).hexdigest()
    span = by_hand.span(
        traceId=trace, name="chat gpt-4o", startTimeUnixNano=str(time.time_ns()), attributes=_pairs(own)
    )
    span["endTimeUnixNano"] = str(time.time_ns())
    scopes = [{"spans": [span]}]
    return {"resourceSpans": [{"resource": {"attributes": _pairs(resource)}, "scopeSpans": scopes}]}


def _pairs(attributes: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def test_metrics(common: Running) -> None:
    """How many directories are mirrored, and cannot be, is counted."""
    until(lambda: b"spanledger_mirror_sessions 30.0" in common.service.counters.text(), within_s=WITHIN_S)

    assert b"spanledger_mirror_broken 0.0" in common.service.counters.text()
