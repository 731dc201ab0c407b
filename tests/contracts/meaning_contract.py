"""Hold a storage backend to what it promises of derived rows: changing them, and answering questions."""

from typing import Any

import pytest

from core.errors import Missing, TryAgain
from schema.derived import (
    AGENT_SESSIONS,
    AGENT_TRACES,
    BY_HAND,
    JOB_HISTORY,
    MODEL_CALLS,
    OPEN_JOBS,
    TABLES,
    TOOL_CALLS,
    Changes,
    Step,
    Table,
    row,
)
from tests.contracts.store_contract import Backend

SUMS = (
    "jobs_started",
    "jobs_completed",
    "jobs_failed",
    "total_input_tokens",
    "total_output_tokens",
    "total_elapsed_ms",
    "files_modified_count",
)
DAY = "2026-02-10"
NEXT_DAY = "2026-02-11"

_DEFAULTS: dict[str, dict[str, Any]] = {
    "agent_traces": {"type": "model_called", "timestamp": f"{DAY}T10:00:00.000000Z", "counted": 0}
    | dict.fromkeys(("truncated_in", "truncated_out"), 0),
    "model_calls": {"started_at": f"{DAY}T10:00:00.000000Z", "status": "ok", "usage_role": "leaf", "counted": 1}
    | {"emitter": "otel", "sources": "[]"},
    "tool_calls": {"name": "bash", "is_error": 0},
    "job_history": {"status": "completed", "model": "m", "reasoning_effort": "", "usage_incomplete": 0}
    | {"started_at": f"{DAY}T23:59:00.000000Z", "completed_at": f"{NEXT_DAY}T00:01:00.000000Z"},
    "agent_sessions": {"agent_name": "coder", "workspace_path": "", "started_at": f"{DAY}T10:00:00.000000Z"}
    | {"synthetic": 0, "source": "otlp"},
    "agent_log_entries": {"level": "INFO"},
    "agent_skill_usage": {"skill_name": "git", "loaded_at": f"{DAY}T10:00:00.000000Z"},
}


def made(table: Table, **values: Any) -> tuple[Any, ...]:
    """Build a row with only what a test cares about."""
    return row(table, _DEFAULTS.get(table.name, {}) | {"emitter": "otel"} | values)


def put(*rows: tuple[Table, dict[str, Any]]) -> Changes:
    """Build changes that put rows."""
    changes = Changes()
    for table, values in rows:
        changes.put.setdefault(table.name, []).append(made(table, **values))
    return changes


def job(number: int = 1, **values: Any) -> Changes:
    """Build changes that put a job."""
    return put((JOB_HISTORY, {"id": f"job-{number}", **values}))


class MeaningContract:
    """Test everything that a backend promises of derived rows."""

    def days(self, store: Backend) -> dict[str, tuple[Any, ...]]:
        """Read daily_metrics: started, completed, failed, read, written, elapsed, files."""
        found = {day["date"]: tuple(day[name] for name in SUMS) for day in store.reader().report("daily", limit=10)}
        return {date: sums for date, sums in found.items() if any(sums)}

    def test_the_same_again_changes_nothing(self, store: Backend) -> None:
        """Rows put twice are there once, and their day counts them once."""
        changes = put(
            (JOB_HISTORY, {"id": "job-1", "input_tokens": 7, "elapsed_ms": 5}),
            (TOOL_CALLS, {"key": "k", "job_id": "job-1"}),
            (AGENT_TRACES, {"trace_id": "t", "session_id": "s"}),
        )
        for _ in range(2):
            assert [] == store.write.apply(changes)

        assert 1 == len(store.reader().report("job_tool_calls", id="job-1", limit=9))
        assert {DAY: (1, 0, 0, 0, 0, 0, 0), NEXT_DAY: (0, 1, 0, 7, 0, 5, 0)} == self.days(store)

    def test_the_days_follow_a_job(self, store: Backend) -> None:
        """A job that changes its outcome and its day, and then goes, is counted as it is each time."""
        store.write.apply(job(input_tokens=7, output_tokens=3, files_modified_count=2))
        store.write.apply(job(status="failed", input_tokens=9, completed_at=f"{DAY}T23:59:30.000000Z"))
        assert {DAY: (1, 0, 1, 9, 0, 0, 0)} == self.days(store)
        store.write.apply(Changes(gone={"job_history": [("job-1",)]}))

        assert {} == self.days(store)

    def test_a_job_without_times_counts_in_no_day(self, store: Backend) -> None:
        """A job of which nobody says when it was is kept, and found."""
        store.write.apply(job(started_at=None, completed_at=None))

        assert {} == self.days(store)
        assert ["job-1"] == [found["id"] for found in store.reader().report("jobs", limit=5)]

    def test_cancelled_counts_in_neither(self, store: Backend) -> None:
        """A cancelled job was started, and neither completed nor failed."""
        store.write.apply(job(status="cancelled"))

        assert {DAY: (1, 0, 0, 0, 0, 0, 0)} == self.days(store)

    def test_all_or_nothing(self, store: Backend) -> None:
        """When one row cannot be put, or a step finds nothing, nothing is changed."""
        wrong = put((JOB_HISTORY, {"id": "job-1"}), (TOOL_CALLS, {"key": "k", "job_id": None}))
        with pytest.raises(Exception, match="NOT NULL"):
            store.write.apply(wrong)
        late = job()
        late.steps.append(Step("end_session", _ending("nowhere"), missing="no session nowhere"))
        with pytest.raises(Missing, match="no session nowhere"):
            store.write.apply(late)

        assert not store.reader().report("jobs", limit=5)
        assert {} == self.days(store)

    def test_trouble_leaves_nothing_behind(self, store: Backend) -> None:
        """Changes that fail for a reason that passes can be applied later, once."""
        with store.trouble(), pytest.raises(TryAgain):
            store.write.apply(job())
        store.write.apply(job())

        assert {DAY: (1, 0, 0, 0, 0, 0, 0), NEXT_DAY: (0, 1, 0, 0, 0, 0, 0)} == self.days(store)

    def test_values_that_are_kept(self, store: Backend) -> None:
        """A text that is not read again stays when the row is put anew without it."""
        store.write.apply(put((AGENT_TRACES, {"trace_id": "t", "raw_input": "hello"})))
        store.write.apply(put((AGENT_TRACES, {"trace_id": "t", "name": "chat"})))

        (found,) = store.reader().report("entry", id="t")
        assert ("chat", "hello") == (found["name"], found["raw_input"])

    @pytest.mark.parametrize("name", [name for name, table in TABLES.items() if "emitter" in table.columns])
    def test_deriving_leaves_rows_by_hand_alone(self, store: Backend, name: str) -> None:
        """A row that a program wrote is neither put over nor removed by what is derived."""
        table = TABLES[name]
        key = dict.fromkeys(table.key, "mine")
        needed = {"job_id": "j", "session_id": "s", "event_type": "e", "timestamp": "t"}
        values = {column: value for column, value in needed.items() if column in table.columns} | key
        if table is not AGENT_SESSIONS:
            store.write.apply(put((AGENT_SESSIONS, {"session_id": "s"})))
        store.write.apply(put((table, {**values, "emitter": BY_HAND})))
        store.write.apply(put((table, values)))
        store.write.apply(Changes(gone={name: [tuple(key.values())]}))

        (found,) = _rows(store, name)
        assert (BY_HAND,) == found

    def test_a_row_by_hand_takes_the_place_of_a_derived_one(self, store: Backend) -> None:
        """What a program says itself wins, whichever was first."""
        store.write.apply(job(status="failed"))
        store.write.apply(job(status="completed", emitter=BY_HAND))

        assert ["completed"] == [found["status"] for found in store.reader().report("job", id="job-1")]

    def test_a_job_is_read_by_its_id(self, store: Backend) -> None:
        """A job is found by its id, a running one as running."""
        store.write.apply(put((JOB_HISTORY, {"id": "a"}), (OPEN_JOBS, {"id": "b"})))
        reader = store.reader()

        assert "completed" == reader.report("job", id="a")[0]["status"]
        assert "running" == reader.report("running_job", id="b")[0]["status"]
        assert [] == reader.report("job", id="b")
        assert ["a", "b"] == [found["id"] for found in reader.report("job_ids", prefix="", limit=5)]

    def test_conditions_that_are_not_given_are_left_out(self, store: Backend) -> None:
        """Only the filters that are given narrow a list; a name that no filter has is a mistake."""
        store.write.apply(job(1, session_id="s", cost_nanos=5))
        store.write.apply(job(2, session_id="t", status="failed"))
        reader = store.reader()

        assert ["job-2", "job-1"] == _ids(reader.report("jobs", limit=5))
        assert ["job-1"] == _ids(reader.report("jobs", limit=5, session="s", status=None))
        assert ["job-1"] == _ids(reader.report("jobs", limit=5, min_nanos=1))
        with pytest.raises(KeyError):
            reader.report("jobs", limit=5, colour="red")

    def test_lists_go_on_after_a_place(self, store: Backend) -> None:
        """Reading on from the last item gives each once, in order, also where times are equal."""
        for number in range(25):
            store.write.apply(job(number, started_at=f"{DAY}T10:00:0{number % 3}.000000Z"))
        reader = store.reader()
        found: list[dict[str, Any]] = []
        place: dict[str, Any] = {}
        while page := reader.report("jobs", limit=4, **place):
            found += page
            place = {"after_time": page[-1]["time"], "after_id": page[-1]["id"]}

        assert 25 == len(set(_ids(found)))
        assert sorted(((one["time"], one["id"]) for one in found), reverse=True) == [
            (one["time"], one["id"]) for one in found
        ]

    def test_sums_of_a_session_are_those_of_its_model_calls(self, store: Backend) -> None:
        """The view of seed 002 counts what the model calls count."""
        store.write.apply(
            put(
                (AGENT_SESSIONS, {"session_id": "s"}),
                *((MODEL_CALLS, call | {"call_id": call["trace_id"]}) for call in CALLS),
                *((AGENT_TRACES, call) for call in CALLS),
            )
        )
        (listed,) = store.reader().report("sessions", limit=5)
        (view,) = list(
            store.reader().query("select total_events, total_tokens, total_cost_usd from agent_trace_sessions")
        )[1:]

        assert (3, 33, 5e-9) == view
        assert (3, 2, 33, 5) == tuple(
            listed[name] for name in ("total_events", "model_calls", "total_tokens", "cost_nanos")
        )


_CALL = {"session_id": "s", "input_tokens": 10, "output_tokens": 1, "counted": 1}
CALLS: tuple[dict[str, Any], ...] = (
    {**_CALL, "trace_id": "1", "cost_nanos": 5},
    {**_CALL, "trace_id": "2", "input_tokens": 22, "output_tokens": None},
    {**_CALL, "trace_id": "3", "counted": 0},
)


def _ending(session: str) -> dict[str, Any]:
    return {"session_id": session, "ended_at": f"{DAY}T10:00:00.000000Z", "exit_reason": "completed"}


def _ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


def _rows(store: Backend, table: str) -> list[tuple[Any, ...]]:
    return list(store.reader().query(f"select emitter from {table}"))[1:]
