"""Prove that programs can save what agents do and look at it, with a daemon and without (seed 002)."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw
import pytest

from core.errors import Invalid, Missing
from spanledger import jobs
from spanledger.traces import AgentEvent, TraceEntry, TraceStore, TraceViewer
from tests.support.told import job

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
DEEP = 32_843


def entry(number: int = 0, **values: Any) -> TraceEntry:
    """Make an entry, a second after the one before."""
    told = {"type": "tool_called", "session_id": "abc-123", "trace_id": f"t{number}"}
    return TraceEntry(**{**told, "timestamp": NOON + timedelta(seconds=number), **values})


def sums(db: Path) -> tuple[Any, ...]:
    """Add up model calls, and the sessions of seed 002."""
    connection = apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        (calls,) = connection.execute(
            "select sum(ifnull(input_tokens, 0) + ifnull(output_tokens, 0)), sum(cost_nanos) / 1e9 "
            "from model_calls where counted = 1"
        )
        (sessions,) = connection.execute("select sum(total_tokens), sum(total_cost_usd) from agent_trace_sessions")
        return calls, sessions
    finally:
        connection.close()


def test_event_to_trace() -> None:
    """The seed's first pattern: an event becomes an entry."""
    event = AgentEvent(type="tool_called", data={"tool": "search"}, session_id="sess-1")
    trace = TraceEntry.from_agent_event(event)

    assert ("tool_called", {"tool": "search"}, "sess-1") == (trace.type, trace.data, trace.session_id)
    assert event.timestamp == trace.timestamp


def test_trace_querying(db: Path) -> None:
    """The seed's second pattern: recent sessions, a timeline, a search."""
    store = TraceStore()
    store.start_session("abc-123", agent_name="coder")
    store.save_trace(entry(1, type="error", data={"message": "an error of the disk"}))
    store.save_trace(entry(0))
    store.save_trace(entry(2, session_id="other", type="error"))
    viewer = TraceViewer(store)

    # List recent sessions
    sessions = viewer.list_sessions(limit=20)

    # Get timeline for specific session
    timeline = viewer.get_session_timeline(session_id="abc-123")

    # Search across traces
    results = viewer.search_traces("error", session_id="abc-123")

    assert {"abc-123", "other"} == {session.session_id for session in sessions}
    assert ["t0", "t1"] == [found.trace_id for found in timeline]
    assert ["t1"] == [found.trace_id for found in results]


class Kind(Enum):
    """Name types the way many programs do."""

    CALLED = "model_called"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "model_called", "data": {"a": 1}, "session_id": "s", "input_tokens": 3, "more": "x"},
        SimpleNamespace(type=Kind.CALLED, data={"a": 1}, session_id="s", input_tokens=3, more=object()),
    ],
)
def test_any_event(event: object) -> None:
    """An event may be a mapping or any object, with whatever else."""
    trace = TraceEntry.from_agent_event(event)

    assert ("model_called", {"a": 1}, "s", 3) == (trace.type, trace.data, trace.session_id, trace.input_tokens)


def test_model_events(lone_db: Path) -> None:
    """Choosing and changing a model are events with their models."""
    store = TraceStore()
    store.save_trace(AgentEvent.model_selected("gpt-5.2", "openai", "cheap enough", "s"))
    store.save_trace(AgentEvent.model_switched("gpt-5.2", "opus", "too hard", "s", provider="anthropic"))

    first, second = store.get_traces("s")
    assert ("model_selected", "gpt-5.2", "openai") == (first.type, first.model_used, first.provider_used)
    assert {"from_model": "gpt-5.2", "to_model": "opus", "reason": "too hard"} == second.data
    assert (False, 0) == (first.counted, store.get_sessions()[0].total_tokens)


def test_everything_of_an_entry_comes_back(db: Path) -> None:
    """An entry is read as it was saved."""
    saved = entry(
        type="model_called",
        parent_trace_id="t9",
        duration_ms=12.5,
        data={"list": [1, {"a": None}]},
        input_tokens=10,
        output_tokens=2,
        cache_read_tokens=4,
        model_used="m",
        provider_used="p",
        estimated_cost_usd=0.0015,
        raw_input="in",
        raw_output="out",
        name="n",
        kind="llm",
        status="ok",
        job_id="j",
        agent_id="a",
    )
    store = TraceStore()
    assert "t0" == store.save_trace(saved)

    assert saved == store.get_trace("t0")
    assert store.get_trace("nothing") is None


@pytest.mark.parametrize(
    ("text", "kept"), [("a" * 4096, 4096), ("a" * 5000, 4096), ("é" * 3000, 4096), ("€" * 3000, 4095)]
)
def test_raw_texts_are_cut(lone_db: Path, text: str, kept: int) -> None:
    """Of an input or output 4,096 bytes are kept, and no character is cut in two."""
    store = TraceStore()
    store.save_trace(entry(raw_input=text, raw_output=text))
    (found,) = store.get_traces()

    assert found.raw_input is not None
    assert kept == len(found.raw_input.encode())
    assert text.startswith(found.raw_input)
    assert found.raw_input == found.raw_output


def test_tokens_count_once(db: Path) -> None:
    """Saved tokens and costs are in the session's sums and among the model calls, once each, also when saved again."""
    store = TraceStore()
    for _ in range(2):
        store.save_trace(entry(0, type="model_called", input_tokens=10, output_tokens=5, estimated_cost_usd=0.25))
        store.save_trace(entry(1, type="step", input_tokens=1))
        store.save_trace(entry(2, type="trace_ended", input_tokens=11, output_tokens=5, estimated_cost_usd=0.25))
    jobs.record_job_completion(job(session_id="sess-9", tokens={"input": 100, "output": 1}, estimated_cost=0.5))

    assert ((117, 0.75), (117, 0.75)) == sums(db)
    session = store.get_session("abc-123")
    assert session is not None
    assert (3, 16, 0.25) == (session.total_events, session.total_tokens, session.total_cost_usd)


def test_calls_of_a_job_take_the_place_of_its_sum(lone_db: Path) -> None:
    """Once calls of a job are told one by one, the one that stood for all of them is gone."""
    store = TraceStore()
    jobs.record_job_completion(job(session_id="s", tokens={"input": 100, "output": 1}, estimated_cost=0.5))
    store.save_trace(
        entry(
            type="model_called",
            session_id="s",
            job_id="job-1",
            input_tokens=100,
            output_tokens=1,
            estimated_cost_usd=0.5,
        )
    )

    assert ((101, 0.5), (101, 0.5)) == sums(lone_db)
    jobs.record_job_completion(job(session_id="s", tokens={"input": 100, "output": 1}, estimated_cost=0.5))
    assert ((101, 0.5), (101, 0.5)) == sums(lone_db)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"session_id": "abc-123"}, "0123"),
        ({"session_id": "none"}, ""),
        ({"type": "error"}, "2"),
        ({"start": NOON + timedelta(seconds=2)}, "234"),
        ({"since": "2026-02-10T12:00:03Z"}, "34"),
        ({"until": NOON + timedelta(seconds=2)}, "01"),
        ({"search": "50%"}, "1"),
        ({"search": "a_b"}, "3"),
        ({"search": "a%b"}, ""),
        ({"search": "EDIT"}, "0"),
        ({"status": "error"}, "2"),
        ({"min_ms": 5, "max_ms": 50}, "1"),
        ({"limit": 2}, "01"),
        ({"limit": 2, "offset": 3}, "34"),
    ],
)
def test_filters(lone_db: Path, where: dict[str, Any], expected: str) -> None:
    """Each filter keeps the entries that it is about, in order of time."""
    store = TraceStore()
    store.save_trace(entry(0, name="edit file", duration_ms=100))
    store.save_trace(entry(1, raw_output="50% done", duration_ms=20))
    store.save_trace(entry(2, type="error"))
    store.save_trace(entry(3, data={"a_b": 1}))
    store.save_trace(entry(4, session_id="other"))

    assert [f"t{number}" for number in expected] == [found.trace_id for found in store.get_traces(**where)]


def test_sessions_end(db: Path) -> None:
    """A session ends for one of the five reasons, also under the names that other programs have for them."""
    store = TraceStore()
    session = store.start_session(agent_name="coder")
    started = store.get_session(session)
    assert started is not None
    assert ("active", None) == (started.status, started.duration_ms)
    store.end_session(session, status="failed")

    ended = store.get_session(session)
    assert ended is not None
    assert ("ended", "error") == (ended.status, ended.exit_reason)
    with pytest.raises(Invalid):
        store.end_session(session, "bored")
    with pytest.raises(Missing):
        store.end_session("nowhere")
    assert store.get_session("nowhere") is None


def test_a_late_start_names_the_session(lone_db: Path) -> None:
    """A session that was known by its entries alone gets its name when it is started."""
    store = TraceStore()
    store.save_trace(entry())
    store.start_session("abc-123", "coder")

    (found,) = store.get_sessions()
    assert ("coder", NOON) == (found.agent_name, found.started_at)


def test_old_traces_are_forgotten(db: Path) -> None:
    """Entries older than the days that are set are forgotten and counted, with their calls; 30 days by default."""
    store = TraceStore()
    now = datetime.now(UTC)
    for days in (1, 29, 31, 400):
        store.save_trace(entry(days, type="model_called", input_tokens=days, timestamp=now - timedelta(days=days)))

    assert 2 == store.cleanup_old_traces()
    assert ["t29", "t1"] == [found.trace_id for found in store.get_traces()]
    assert ((30, None), (30, None)) == sums(db)
    assert 1 == store.cleanup_old_traces(retention_days=2)
    assert 0 == store.cleanup_old_traces(2)


def test_summary(lone_db: Path) -> None:
    """A session's summary says how long it took, what it cost, and what failed."""
    store = TraceStore()
    store.save_trace(
        entry(0, type="model_called", input_tokens=10, output_tokens=5, estimated_cost_usd=0.25, model_used="m")
    )
    store.save_trace(entry(3, data={"tool": "search", "error": "no net"}, duration_ms=7))
    summary = TraceViewer(store).get_session_summary("abc-123")

    told = ("duration_ms", "total_events", "total_tokens", "total_cost_usd", "error_count", "tool_calls")
    assert (3000, 2, 15, 0.25, 1, 1) == tuple(summary[name] for name in told)
    assert [("m", 1)] == [(model["model"], model["calls"]) for model in summary["models"]]
    assert [("search", 1, 7.0)] == [(tool["name"], tool["failures"], tool["p95_ms"]) for tool in summary["tools"]]
    with pytest.raises(Missing):
        TraceViewer(store).get_session_summary("nowhere")


def test_viewer_writes(lone_db: Path) -> None:
    """A timeline has a line for each entry in order; a tree indents what is part of another."""
    store = TraceStore()
    for made in (
        entry(0, type="trace_started", name="run"),
        entry(1, parent_trace_id="t0", name="call", type="model_called", model_used="m", duration_ms=1500),
        entry(2, parent_trace_id="t1", data={"tool": "search"}, error_type="Timeout", error_message="too slow"),
        entry(3, parent_trace_id="gone", name="stray"),
    ):
        store.save_trace(made)
    viewer = TraceViewer(store)

    assert [
        "trace_started  run",
        "  model_called  call  m  1500 ms",
        "    tool_called  search  ERROR Timeout too slow",
        "tool_called  stray",
    ] == viewer.format_tree("abc-123").splitlines()
    assert "12:00:01.000  model_called  call  m  1500 ms" == viewer.format_timeline("abc-123").splitlines()[1]
    assert ["t2"] == [found.trace_id for found in viewer.filter_errors("abc-123")]
    assert ["t1"] == [found.trace_id for found in viewer.filter_by_type("abc-123", "model_called")]
    assert ["t1"] == [found.trace_id for found in viewer.filter_by_duration("abc-123", min_ms=1000)]
    detail = viewer.get_trace_detail("t2")
    assert detail is not None
    assert "too slow" == detail.error_message


def test_trees_of_any_shape() -> None:
    """A tree survives circles, entries that are their own parents, and any depth."""
    viewer = TraceViewer(TraceStore())
    circle = [entry(0, parent_trace_id="t1"), entry(1, parent_trace_id="t0"), entry(2, parent_trace_id="t2")]
    deep = [entry(number, parent_trace_id=f"t{number - 1}") for number in range(DEEP)]

    assert 3 == len(viewer.format_tree(circle).splitlines())
    lines = viewer.format_tree(deep).splitlines()
    assert (DEEP, True) == (len(lines), f"({DEEP - 1})" in lines[-1])
    assert max(map(len, lines)) < 200


def test_wrong_entries(db: Path) -> None:
    """An entry with a wrong value is refused by its field, and one that is no JSON is not saved half."""
    store = TraceStore()
    with pytest.raises(Invalid, match="input_tokens is -1"):
        store.save_trace(entry(input_tokens=-1))
    with pytest.raises(Invalid, match="status is 'great'; one of ok, error is wanted"):
        store.save_trace(entry(status="great"))
    with pytest.raises(Invalid, match="cannot be written as JSON"):
        store.save_trace(entry(data={"x": "\ud800"}))

    assert [] == store.get_traces()
