"""Mirror `store.tracking`, `store.entities` and `store.issue_work`: what their way into SQLite adds to the contract."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schema.derived import AGENT_SESSIONS, Changes, row
from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tracking.commands import APPLIED, DUPLICATE, Command, Done, Origin
from tracking.faults import Code, Fault

NOON = 1_769_860_800_000_000_000
DERIVED = {
    "session_id": "s",
    "agent_name": "coder",
    "workspace_path": "",
    "started_at": "2026-01-31T12:00:00.000000Z",
    "synthetic": 0,
    "emitter": "otel",
    "source": "otlp",
}


@pytest.fixture
def side(tmp_path: Path) -> Iterator[SqliteWriteSide]:
    """Open an empty database."""
    made = SqliteWriteSide(Store(path=tmp_path / "some.db", reserve=0, min_free_disk=0, min_free_percent=0))
    yield made
    made.close()


def rows(side: SqliteWriteSide, sql: str) -> list[tuple[Any, ...]]:
    """Ask the database."""
    assert side._config.path is not None
    reader = SqliteReadSide(side._config.path)
    try:
        return list(reader.query(sql))[1:]
    finally:
        reader.close()


def track(side: SqliteWriteSide, event: str, values: dict[str, Any], **more: Any) -> Done | Fault:
    """Carry out a command that nobody has checked."""
    told = {"at": NOON, "event_id": "1", "origin": Origin(session_id="s"), **more}
    return side.track([Command(event, values, **told)])[0]


@pytest.mark.parametrize(
    ("event", "values", "code"),
    [
        ("plan.upsert", {"plan.key": "k"}, Code.MISSING_FIELD),
        (
            "experiment.run",
            {"experiment.key": "k", "experiment.title": "t", "experiment.run.no": 1},
            Code.MISSING_FIELD,
        ),
        (
            "summary.save",
            {"summary.entity_type": "x", "summary.entity_id": 1, "summary.style": "short", "summary.text": "x" * 281},
            Code.BAD_TYPE,
        ),
        ("plan.upsert", {"plan.key": "k", "plan.title": "t", "plan.status": "done"}, Code.BAD_TYPE),
    ],
)
def test_constraints(side: SqliteWriteSide, event: str, values: dict[str, Any], code: Code) -> None:
    """What only SQLite finds is told in the same words as everything else, and leaves nothing."""
    refused = track(side, event, values)

    assert isinstance(refused, Fault)
    assert (code, event) == (refused.code, refused.event)
    assert "does not take it: " in refused.text
    for table in ("feature_plans", "experiments", "summaries", "events", "tracking_receipts"):
        assert [] == rows(side, f"select 1 from {table}")


def test_a_row_that_outlives_its_receipt(side: SqliteWriteSide) -> None:
    """When the receipt is forgotten, the row itself says that the command was done."""
    track(side, "plan.upsert", {"plan.key": "k", "plan.title": "t"})
    task = {"plan.key": "k", "task.title": "t", "task.notes": None, "task.key": None}
    track(side, "plan.task.add", task)
    side.transaction(lambda cursor: cursor.execute("delete from tracking_receipts"))

    assert Done(DUPLICATE, None) == track(side, "plan.task.add", task)
    assert [(1,)] == rows(side, "select count(*) from plan_tasks")


def test_old_receipts_are_forgotten(side: SqliteWriteSide) -> None:
    """Each command takes two receipts of more than thirty days away; newer ones stay."""
    old = "insert into tracking_receipts values (?, 'plan.upsert', 1, ?)"
    times = ["2020-01-01T00:00:00Z"] * 3 + ["2999-01-01T00:00:00Z"]
    side.transaction(lambda cursor: cursor.executemany(old, [(str(at), time) for at, time in enumerate(times)]))
    for number, left in enumerate((3, 3, 4)):  # what is left of the old ones, the one of the far future, the new ones
        track(side, "plan.upsert", {"plan.key": "k", "plan.title": "t"}, event_id=f"new-{number}")
        assert [(left,)] == rows(side, "select count(*) from tracking_receipts")


def test_what_a_record_told(side: SqliteWriteSide) -> None:
    """The event of a record's command has the record's key, and its session is left for deriving to fill."""
    track(side, "skill.load", {"skill.name": "sql"}, record="log/1/2")
    assert [("log/1/2", "session:s", "tracking")] == rows(side, "select key, job_id, emitter from events")
    assert [("unknown", "tracking")] == rows(side, "select agent_name, emitter from agent_sessions")

    side.apply(Changes(put={"agent_sessions": [row(AGENT_SESSIONS, DERIVED)]}))
    assert [("coder", '["sql"]')] == rows(side, "select agent_name, skills_used from agent_sessions")


def test_a_session_with_work_is_not_taken_away(side: SqliteWriteSide) -> None:
    """Deriving takes no session away that work was recorded in; one that only has records, it does."""
    side.apply(
        Changes(
            put={"agent_sessions": [row(AGENT_SESSIONS, DERIVED), row(AGENT_SESSIONS, {**DERIVED, "session_id": "t"})]}
        )
    )
    assert isinstance(track(side, "issue.work.start", {"issue.id": "i"}), Done)
    side.apply(Changes(gone={"agent_sessions": [("s",), ("t",)]}))

    assert [("s",)] == rows(side, "select session_id from agent_sessions")
    assert [("i", "coder")] == rows(side, "select issue_id, agent_name from agent_issue_work")


def test_a_derived_event_is_only_kept(side: SqliteWriteSide) -> None:
    """What deriving makes rows of is kept as an event and writes no table by itself."""
    done = track(side, "file.modified", {"file.path": ["a.py"]}, origin=Origin(job_id="j"))

    assert Done(APPLIED, None) == done
    assert [("j", "file.modified")] == rows(side, "select job_id, event_type from events")


def test_long_values_are_cut_in_events(side: SqliteWriteSide) -> None:
    """An event shows the beginning of a long value; the row has all of it."""
    track(side, "plan.upsert", {"plan.key": "k", "plan.title": "日" * 600})

    assert [(501,)] == rows(side, "select length(data_json ->> '$.\"plan.title\"') from events")
    assert [(600,)] == rows(side, "select length(title) from feature_plans")


def test_what_something_belongs_to(side: SqliteWriteSide) -> None:
    """A row says which session, job and project it came from; the project is made with it."""
    origin = Origin(session_id="s", job_id="j", trace_id="t", span_id="p", project_key="org/app/")
    track(side, "plan.upsert", {"plan.key": "k", "plan.title": "t"}, origin=origin)
    track(side, "plan.task.add", {"plan.key": "k", "task.title": "t"}, origin=origin)

    assert [("org/app/", "s", "j")] == rows(side, "select project_key, agent_session_id, job_id from feature_plans")
    assert [("s", "j", "t", "p")] == rows(side, "select agent_session_id, job_id, trace_id, span_id from plan_tasks")
    assert [("org/app/", "app")] == rows(side, "select key, name from projects")
