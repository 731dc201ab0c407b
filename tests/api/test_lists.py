"""Mirror `api.lists`, `api.traces`, `api.series` and `api.stored`: every list over HTTP, with the real service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api import JSON, ask, raw
from tests.support.clients import post
from tests.support.corpus import send, source
from tests.support.service import Running, running
from tests.support.told import job
from tests.support.wait import until

TRACED = ("openai-agents-openinference", "gemini-cli-http")
LISTS = {
    "/traces": "trace_id",
    "/spans": "span_id",
    "/logs": "id",
    "/points": "id",
    "/model-calls": "call_id",
    "/tool-calls": "id",
    "/jobs": "id",
    "/sessions": "session_id",
    "/subagents": "id",
    "/events": "id",
    "/runs": "agent_id",
    "/entries": "trace_id",
    "/days": "date",
}
TABLES = {
    "/spans": "raw_spans",
    "/logs": "raw_logs",
    "/points": "raw_points",
    "/model-calls": "model_calls",
    "/tool-calls": "tool_calls",
    "/subagents": "job_subagents",
    "/events": "events",
    "/runs": "agents",
    "/sessions": "agent_sessions",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that has heard real agents, was told a job, and refused something."""
    with running(tmp_path_factory.mktemp("lists") / "spanledger.db") as service:
        for name in TRACED:
            for recorded in source(name).requests:
                send(service, recorded)
        ask(service, "/jobs", method="POST", body=job(), status=201)
        post(service, "/v1/logs", b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xx"},7]}]}]}', JSON)
        until(lambda: settled(service))
        yield service


def settled(service: Running) -> bool:
    """Say whether all records are derived from."""
    behind = service.service.following.backlog.rows
    derived = {row["signal"]: row["after_id"] for row in service.rows("select * from derived_positions")}
    return not behind and all(derived.get(signal, 0) >= service.count(signal) for signal in ("traces", "logs"))


def every(service: Running, path: str, size: int = 7) -> list[dict[str, Any]]:
    """Read a list page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(service, f"{path}{'&' if '?' in path else '?'}limit={size}&cursor={cursor}")
        assert len(page["items"]) <= size
        found += page["items"]
        cursor = page["next"]
    return found


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_everything_once(full: Running, path: str) -> None:
    """Following the cursors gives every row once, in the order of one large page."""
    names = [row[LISTS[path]] for row in every(full, path, 40)]

    assert names == [row[LISTS[path]] for row in ask(full, f"{path}?limit=1000")["items"]][: len(names)]
    assert len(names) == len(set(names)) > 0
    if path in TABLES:
        assert full.rows(f"select count(*) as n from {TABLES[path]}")[0]["n"] == len(names)


def test_a_page_stays_while_rows_come(full: Running) -> None:
    """A cursor goes on where the page ended, whatever came before it in the meantime."""
    first = ask(full, "/jobs?limit=1")
    rest = ask(full, f"/jobs?cursor={first['next']}")
    ask(full, "/jobs", method="POST", body=job(id="newest", started_at="2030-01-01T00:00:00Z"), status=201)

    assert rest == ask(full, f"/jobs?cursor={first['next']}")
    assert "newest" == ask(full, "/jobs?limit=1")["items"][0]["id"]


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("/model-calls?{}={}", "session_id session"),
        ("/model-calls?{}={}", "model model"),
        ("/model-calls?{}={}", "job_id job"),
        ("/model-calls?{}={}", "trace_id trace"),
        ("/tool-calls?{}={}", "name tool"),
        ("/tool-calls?{}={}", "session_id session"),
        ("/events?{}={}", "event_type type"),
        ("/runs?{}={}", "session_id session"),
        ("/spans?{}={}", "service_name service"),
        ("/spans?{}={}", "name name"),
        ("/spans?{}={}", "trace_id trace"),
        ("/traces?{}={}", "service_name service"),
        ("/logs?{}={}", "event_name event"),
        ("/points?{}={}", "name name"),
        ("/points?{}={}", "type type"),
        ("/subagents?{}={}", "job_id job"),
        ("/sessions?{}={}", "agent_name agent"),
        ("/jobs?{}={}", "session_id session"),
    ],
)
def test_filters(full: Running, path: str, column: str) -> None:
    """A filter gives those rows that have its value, and no others; a value that nothing has gives none."""
    name, filtered = column.split()
    rows = every(full, path.partition("?")[0], 1_000)
    value = next(row[name] for row in rows if row[name])
    wanted = [row for row in rows if row[name] == value]

    assert wanted == every(full, path.format(filtered, quote(str(value), safe="")), 1_000)
    value_of_none = "gauge" if filtered == "type" and "points" in path else "nobody"
    assert [] == [row for row in every(full, path.format(filtered, value_of_none)) if row[name] != value_of_none]


def test_filters_by_outcome_time_and_cost(full: Running) -> None:
    """Failures, times, costs and durations part lists in two."""
    for path in ("/tool-calls", "/model-calls", "/spans"):
        rows = every(full, path, 1_000)
        failed = every(full, f"{path}?status=error", 1_000)
        assert [row for row in rows if row["status"] == "error"] == failed
    spans = every(full, "/spans", 1_000)
    middle = spans[len(spans) // 2]["timestamp"]
    later, earlier = every(full, f"/spans?since={middle}", 1_000), every(full, f"/spans?until={middle}", 1_000)
    assert spans == later + earlier
    assert all(row["duration_ms"] >= 5 for row in every(full, "/spans?min_ms=5", 1_000))
    calls = every(full, "/model-calls", 1_000)
    dear = every(full, "/model-calls?min_cost=0.001", 1_000)
    assert [row for row in calls if (row["cost_usd"] or 0) >= 0.001] == dear
    assert [row for row in calls if row["counted"]] == every(full, "/model-calls?counted=true", 1_000)
    (wrong,) = {row["error_type"] for row in every(full, "/tool-calls?status=error", 1_000) if row["error_type"]} or {
        ""
    }
    assert not wrong or every(full, f"/tool-calls?error={quote(wrong)}", 1_000)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/spans", ("trace_id", "span_id")),
        ("/logs", ("id",)),
        ("/points", ("id",)),
        ("/model-calls", ("call_id",)),
        ("/tool-calls", ("id",)),
        ("/runs", ("agent_id",)),
        ("/rejections", ("id",)),
    ],
)
def test_one_row(full: Running, path: str, names: tuple[str, ...]) -> None:
    """What a list names can be read by that name, with everything that is kept of it."""
    row = ask(full, f"{path}?limit=1")["items"][0]
    told = ask(full, "/".join([path, *(quote(str(row[name]), safe="") for name in names)]))

    assert [] == [name for name in row.keys() & told.keys() if row[name] != told[name]]
    assert len(row) <= len(told) + 1
    assert 404 == raw(full, "/".join([path, *("987654321" for _ in names)])).status


def test_usage(full: Running) -> None:
    """Sums by day, hour and group are those of the calls that count, cost told apart by who says so."""
    (whole,) = full.rows(
        "select count(*) as calls, sum(cost_nanos) as nanos, sum(input_tokens) as tokens"
        " from model_calls where counted = 1"
    )
    for query in ("", "&group=model", "&group=provider", "&group=agent", "&group=project", "&by=day&group=model"):
        rows = every(full, f"/usage?since=2020-01-01&until=2100-01-01{query}", 3)
        assert whole["calls"] == sum(row["calls"] for row in rows), query
        assert whole["nanos"] == sum(row["cost_nanos"] or 0 for row in rows)
        assert whole["tokens"] == sum(row["input_tokens"] or 0 for row in rows)
        assert all(
            (row["cost_nanos"] or 0) == (row["computed_nanos"] or 0) + (row["emitted_nanos"] or 0) for row in rows
        )
    tools = every(full, "/usage?group=tool&since=2020-01-01&until=2100-01-01", 3)
    assert full.rows("select count(*) as n from tool_calls where timestamp > ''")[0]["n"] == sum(
        row["calls"] for row in tools
    )
    hours = every(full, "/usage?by=hour")
    assert hours
    assert all(len(row["time"]) == len("2026-01-01T00") for row in hours)
    assert 400 == raw(full, "/usage?by=hour&since=2020-01-01&until=2026-01-01").status
    assert 400 == raw(full, "/usage?group=tool&model=x").status


def test_statistics(full: Running) -> None:
    """What all of it comes to agrees with the tables."""
    told = ask(full, "/statistics")

    for name, sql in {
        "sessions": "select count(*) from agent_sessions",
        "jobs": "select count(*) from job_history",
        "tool_calls": "select count(*) from tool_calls",
        "model_calls": "select count(*) from model_calls where counted = 1",
        "cost_nanos": "select sum(cost_nanos) from model_calls where counted = 1",
    }.items():
        assert next(iter(full.rows(sql)[0].values())) == told[name], name
    assert 0 == ask(full, "/statistics?since=2090-01-01")["jobs"]


def test_storage(full: Running) -> None:
    """Rows, books and bytes are those of the database."""
    told = ask(full, "/storage")

    assert full.count("traces") == told["rows"]["spans"]
    assert sum(line["stored"] for line in told["ledger"] if line["signal"] == "traces") == told["rows"]["spans"]
    assert 0 < told["bytes"]["database"]
    assert told["oldest"]["oldest_span_at"].startswith("20")


def test_rejections(full: Running) -> None:
    """What was refused is listed, counted by its reason, and can be had whole."""
    (reason, *_) = ask(full, "/rejections/reasons")["items"]
    rows = every(full, f"/rejections?reason={reason['reason']}&signal={reason['signal']}")

    assert reason["rejections"] == len(rows) > 0
    assert [] == ask(full, "/rejections?service=nobody")["items"]
    assert ask(full, f"/rejections/{rows[0]['id']}")["payload"]


def test_sessions_by_model_project_and_cost(full: Running) -> None:
    """Sessions are found by what they called and what that cost."""
    call = next(row for row in every(full, "/model-calls?counted=true", 1_000) if row["cost_nanos"])

    assert call["session_id"] in {
        row["session_id"] for row in every(full, f"/sessions?model={quote(call['model'])}&min_cost=0", 1_000)
    }
    assert [] == ask(full, "/sessions?min_cost=100000")["items"]
    assert [] == ask(full, "/sessions?project=none&user=none")["items"]


def test_a_large_trace(tmp_path: Path) -> None:
    """A trace of thousands of spans is read from the top down, each level in pages; one in a circle has no root."""
    from benchmarks import million

    db = tmp_path / "large.db"
    million.make(db, spans=6_000, sessions=4, until=1_790_000_000_000_000_000)
    with running(db) as service:
        (found,) = service.rows(
            "select trace_id, count(*) as n from raw_spans group by trace_id order by n desc limit 1"
        )
        path = f"/traces/{found['trace_id']}/spans"
        waiting, seen = ["root"], 0
        while waiting:
            rows = every(service, f"{path}?parent={waiting.pop()}", 500)
            seen += len(rows)
            waiting += [row["span_id"] for row in rows if row["children"]]
        failed = every(service, f"{path}?status=error", 500)

        assert found["n"] == seen == len(every(service, path, 1_000)) == ask(service, path[:-6])["spans"]
        assert ask(service, path[:-6])["errors"] == len(failed) > 0
