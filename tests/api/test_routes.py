"""Prove what /api/v1 answers over HTTP, with the real service."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest

from api.operations import OPERATIONS, PREFIX
from api.questions import QUESTIONS
from core.errors import Refused
from tests.support.api import ask, raw
from tests.support.clients import Reply, request
from tests.support.corpus import send, source
from tests.support.service import Running, running
from tests.support.told import job, tool_call
from tests.support.wait import until

TRACED = "openai-agents-openinference"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that was told jobs, sessions and entries, and has heard a real agent."""
    with running(tmp_path_factory.mktemp("api") / "spanledger.db") as service:
        for recorded in source(TRACED).requests:
            send(service, recorded)
        for number in range(5):
            told = job(id=f"job/{number}", session_id=f"sess {number % 2}", started_at=f"2026-02-1{number}T10:00:00Z")
            ask(service, "/jobs", method="POST", body=told, status=201)
        ask(service, "/sessions", method="POST", body={"session_id": "mine", "agent_name": "coder"}, status=201)
        for number in range(7):
            entry = {"type": "step", "session_id": "mine", "trace_id": f"e{number}", "duration_ms": number}
            ask(service, "/entries", method="POST", body=entry, status=201)
        until(lambda: bool(service.rows("select 1 from agent_traces where emitter <> 'api' limit 1")))
        yield service


def test_sessions(full: Running) -> None:
    """Sessions are listed and read, with their sums."""
    found = ask(full, "/sessions")["items"]
    one = ask(full, "/sessions/sess%200")

    assert {"mine", "sess 0", "sess 1"} <= {session["session_id"] for session in found}
    assert [("coder", "active", 7)] == [
        (session["agent_name"], session["status"], session["total_events"])
        for session in ask(full, "/sessions?agent=coder&status=active")["items"]
    ]
    assert ("sess 0", 3) == (one["session_id"], one["jobs"])
    assert (3 * 12_800, 0.9) == tuple(
        ask(full, "/sessions/sess%200/summary")[name] for name in ("total_tokens", "cost_usd")
    )


def test_timeline_in_pages(full: Running) -> None:
    """Following the cursors gives every entry once, in order; the last page has no cursor."""
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = ask(full, f"/sessions/mine/timeline?limit=3&cursor={cursor}")
        found += [entry["trace_id"] for entry in page["items"]]
        cursor, pages = page["next"], pages + 1

    assert ([f"e{number}" for number in range(7)], 3) == (found, pages)


def test_entries(full: Running) -> None:
    """Entries are listed newest first, filtered, and read by their ids."""
    assert ["e6", "e5"] == [one["trace_id"] for one in ask(full, "/entries?session=mine&limit=2")["items"]]
    assert ["e4", "e3"] == [one["trace_id"] for one in ask(full, "/entries?session=mine&min_ms=3&max_ms=4.5")["items"]]
    assert "step" == ask(full, "/entries/e3")["type"]
    assert "job_completed" == ask(full, f"/entries/{quote('job/job/1', safe='')}")["type"]


def test_trace(full: Running) -> None:
    """A trace is summed up, and its spans are read from the roots down, each with what it means."""
    (found,) = full.rows("select trace_id, count(*) as n from raw_spans group by trace_id order by n desc limit 1")
    path = f"/traces/{found['trace_id']}"
    told = ask(full, path)
    roots = ask(full, f"{path}/spans?parent=root")["items"]
    below = ask(full, f"{path}/spans?parent={roots[0]['span_id']}")["items"]

    assert (found["n"], "ok") == (told["spans"], told["status"])
    assert roots == told["roots"]
    assert roots[0]["children"] == len(below) > 0
    assert {roots[0]["span_id"]} == {span["parent_span_id"] for span in below}
    until(lambda: "llm" in {span["kind"] for span in ask(full, f"{path}/spans")["items"]})
    assert 404 == raw(full, "/traces/none/spans").status


def test_jobs(full: Running) -> None:
    """Jobs are listed in pages, filtered and read, with their calls and subagents."""
    first = ask(full, "/jobs?limit=3&until=2026-03-01")
    second = ask(full, f"/jobs?limit=3&until=2026-03-01&cursor={first['next']}")

    assert [f"job/{number}" for number in (4, 3, 2, 1, 0)] == [one["id"] for one in first["items"] + second["items"]]
    assert second["next"] is None
    assert 2 == len(ask(full, "/jobs?session=sess%201&tool=bash&file=cart.ts&min_cost=0.3&status=completed")["items"])
    assert [] == ask(full, "/jobs?max_cost=0.29&until=2026-03-01")["items"]
    path = f"/jobs/{quote('job/1', safe='')}"
    assert (0.3, ["src/cart.ts", "src/dashboard/db.ts"]) == tuple(
        ask(full, path)[name] for name in ("cost_usd", "files_modified")
    )
    calls = ask(full, f"{path}/tool-calls?limit=2")
    rest = ask(full, f"{path}/tool-calls?limit=2&cursor={calls['next']}")
    assert ["bash", "edit_file", "bash"] == [call["name"] for call in calls["items"] + rest["items"]]
    assert ["sub-1", "sub-2"] == [one["subagent_id"] for one in ask(full, f"{path}/subagents")["items"]]


def test_running_jobs_are_listed(tmp_path: Path) -> None:
    """A job that goes on stands among those that are over, and can be asked for."""
    from schema.derived import OPEN_JOBS, Changes, row

    with running(tmp_path / "x.db") as service:
        ask(service, "/jobs", method="POST", body=job(), status=201)
        going = {"id": "going", "started_at": "2026-02-12T10:00:00.000000Z", "model": "m"}
        service.service.writer.run(
            lambda side: side.apply(Changes(put={"open_jobs": [row(OPEN_JOBS, going)]}))
        ).result()

        found = [(one["id"], one["status"]) for one in ask(service, "/jobs")["items"]]
        assert [("going", "running"), ("job-1", "completed")] == found
        assert ["going"] == [one["id"] for one in ask(service, "/jobs?status=running")["items"]]
        assert "running" == ask(service, "/jobs/going")["status"]
        ask(service, "/jobs", method="POST", body=job(id="going"), status=201)
        assert [("completed", 2)] == [(one["status"], one["reuse_count"] + 1) for one in [ask(service, "/jobs/going")]]
        assert [] == service.rows("select id from open_jobs")


def test_tools_and_agents(full: Running) -> None:
    """Tools are counted with failures and durations, agents with their sessions and tokens."""
    tools = {tool["name"]: tool for tool in ask(full, "/tools?session=sess%200")["items"]}
    (agent,) = ask(full, "/agents?agent=unknown")["items"]

    assert {"bash": (6, 0), "edit_file": (3, 3)} == {
        name: (tool["calls"], tool["failures"]) for name, tool in tools.items()
    }
    assert (2, 5 * 12_000, 1.5) == (agent["total_sessions"], agent["input_tokens"], agent["cost_usd"])


def test_names(full: Running) -> None:
    """Names of spans and services are counted, the most frequent first."""
    until(lambda: bool(ask(full, "/names")["items"]))
    found = ask(full, "/names")["items"]

    assert found == sorted(found, key=lambda one: (-one["records"], one["name"]))
    assert {row["name"] for row in full.rows("select name from raw_spans")} == {one["name"] for one in found}
    assert len(ask(full, "/names?kind=service")["items"]) == 1
    assert raw(full, "/names?kind=colour").status == 400


def test_empty_parameters(full: Running) -> None:
    """An empty text filters nothing; an empty number or word is not what is wanted, and is refused by its name."""
    assert ask(full, "/jobs?agent=&cursor=&since=") == ask(full, "/jobs")
    for path in ("/jobs?limit=", "/jobs?min_cost=", "/spans?status=", "/names?kind=", "/search?errors="):
        assert "wanted" in ask(full, path, status=400)["detail"]


def test_percentiles(tmp_path: Path) -> None:
    """Half of the calls, and 95 of a hundred, took about what is told at most, and exactly that in a session."""
    with running(tmp_path / "x.db") as service:
        for number in range(1, 101):
            entry = {"type": "tool_called", "session_id": "s", "data": {"tool": "t"}, "duration_ms": number}
            ask(service, "/entries", method="POST", body=entry, status=201)
        ask(service, "/entries", method="POST", body={"type": "tool_called", "data": {"tool": "t"}}, status=201)
        filters = ("", "tool=t", "since=2020-01-01", "session=s")
        found = [ask(service, f"/tools?{where}")["items"][0] for where in filters]

    told = [(tool["calls"], *(tool[name] for name in ("p50_ms", "p95_ms", "max_ms"))) for tool in found]
    assert [pytest.approx((101, 50.0, 95.0, 100.0), rel=0.01)] * 3 == told[:3]
    assert (100, 50.0, 95.0, 100.0) == told[3]


def test_writes(tmp_path: Path) -> None:
    """A session is started, changed and ended; entries are saved and forgotten; each answer says what was done."""
    with running(tmp_path / "x.db") as service:
        started = ask(service, "/sessions", method="POST", body={"agent_name": "coder"}, status=201)
        path = f"/sessions/{started['session_id']}"
        ask(service, path, method="PATCH", body={"issues_claimed": ["a"], "context_tokens": 5})
        ended = ask(service, f"{path}/end", method="POST", body={"exit_reason": "timeout"})
        again = ask(service, "/sessions", method="POST", body={"session_id": started["session_id"]}, status=201)
        found = ask(service, path)
        old = {"type": "step", "timestamp": "2020-01-01T00:00:00Z"}
        ask(service, "/entries", method="POST", body=old, status=201)

        assert (True, False) == (started["created"], again["created"])
        assert ("timeout", ended["ended_at"]) == (found["exit_reason"], found["ended_at"])
        assert (["a"], 5, "coder") == (found["issues_claimed"], found["context_tokens"], found["agent_name"])
        assert {"removed": 1, "more": False} == ask(service, "/entries?older_than_days=30", method="DELETE")


WRONG: list[tuple[str, str, object, tuple[int, str, str]]] = [
    ("GET", "/nowhere", None, (404, "unknown_path", "no such path; /api/v1/openapi.json")),
    ("GET", "/jobs/none", None, (404, "missing", "there is no job 'none'")),
    ("GET", "/jobs/none/tool-calls", None, (404, "missing", "there is no job 'none'")),
    ("GET", "/sessions/none", None, (404, "missing", "there is no session 'none'")),
    ("GET", "/sessions/none/timeline", None, (404, "missing", "there is no session 'none'")),
    ("GET", "/traces/none", None, (404, "missing", "there is no trace 'none'")),
    ("GET", "/jobs?limit=x", None, (400, "invalid", "limit is 'x'; a whole number from 1 to 1000")),
    ("GET", "/jobs?limit=0", None, (400, "invalid", "limit is '0'; a whole number from 1 to 1000 is wanted")),
    ("GET", "/jobs?cursor=x", None, (400, "invalid", "the cursor is not one that was given out")),
    ("GET", "/jobs?since=soon", None, (400, "invalid", "since is 'soon'; a time in ISO 8601 is wanted")),
    ("GET", "/jobs?min_cost=-1", None, (400, "invalid", "min_cost is '-1'; a number of zero or more is wanted")),
    ("GET", "/jobs?colour=red", None, (400, "invalid", "the parameter 'colour' is not known here; the parameters are")),
    ("GET", "/sessions?status=odd", None, (400, "invalid", "status is 'odd'; one of active, ended is wanted")),
    ("GET", "/jobs?limit=1&limit=2", None, (400, "invalid", "the parameter 'limit' is given twice")),
    ("POST", "/jobs", {"id": "x"}, (400, "invalid", "status is missing")),
    ("POST", "/jobs", [1], (400, "invalid", "the body is a JSON list; an object is wanted")),
    ("POST", "/sessions/none/end", {}, (404, "missing", "there is no session 'none'")),
    ("POST", "/sessions/none/end", {"exit_reason": "x"}, (400, "invalid", "exit_reason is 'x'; one of completed,")),
    ("PATCH", "/sessions/none", {}, (400, "invalid", "nothing to change is given")),
    ("DELETE", "/entries", None, (400, "invalid", "older_than_days is None; a number of days")),
    ("DELETE", "/entries?older_than_days=x", None, (400, "invalid", "the parameter 'older_than_days' is 'x'")),
    ("DELETE", "/entries?older_than_days=nan", None, (400, "invalid", "older_than_days is nan; a number")),
    ("PUT", "/jobs", {}, (405, "wrong_method", "method not allowed; use GET, HEAD, OPTIONS, POST")),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), WRONG)
def test_errors_are_problem_documents(
    full: Running, method: str, path: str, body: object, expected: tuple[int, str, str]
) -> None:
    """What cannot be answered is told as RFC 9457 says, with a sentence on what is wrong."""
    status, code, detail = expected
    reply = raw(full, path, method=method, body=body)
    told = orjson.loads(reply.body)

    assert (status, "application/problem+json") == (reply.status, reply.headers["content-type"])
    assert (status, code) == (told["status"], told["code"])
    assert detail in told["detail"]


def test_bodies_that_are_no_json(full: Running) -> None:
    """A body of another kind, or broken, is refused."""
    other = request(full, "POST", f"{PREFIX}/jobs", b"id=1", {"Content-Type": "application/x-www-form-urlencoded"})
    broken = request(full, "POST", f"{PREFIX}/jobs", b"{", {"Content-Type": "application/json"})

    assert (415, 400) == (other.status, broken.status)
    assert "the body is not JSON" in orjson.loads(broken.body)["detail"]


def answered(ask: Callable[[], Reply]) -> Reply:
    """Ask again when the connection was closed before the answer was read: nobody need take a body that is refused."""
    for _ in range(20):
        try:
            return ask()
        except ConnectionError:
            continue
    raise AssertionError("never answered")


def test_large_bodies(tmp_path: Path) -> None:
    """A job of several megabytes is taken whole, one over the limit is not, and the room of both is given back."""
    with running(tmp_path / "x.db", collector__limits__request_bytes="8MiB") as service:
        ask(service, "/jobs", method="POST", body=job(prompt="é" * 3_000_000), status=201)
        refused = answered(lambda: raw(service, "/jobs", method="POST", body=job(prompt="x" * 9_000_000)))

        assert 3_000_000 == len(ask(service, "/jobs/job-1")["prompt"])
        assert (413, "too_large") == (refused.status, orjson.loads(refused.body)["code"])
        assert 0 == service.service.intake.admission.in_flight_bytes


def test_tokens_are_asked_for(tmp_path: Path) -> None:
    """Where a token is set, every path of the API asks for it, also those that there are not."""
    with running(tmp_path / "x.db", collector__tokens="hush") as service:
        shown = {"Authorization": "Bearer hush"}
        for path in ("/sessions", "/nowhere", "/jobs"):
            reply = raw(service, path)
            assert (401, "unauthenticated") == (reply.status, orjson.loads(reply.body)["code"])
            assert "Bearer" == reply.headers["www-authenticate"]
        assert 401 == raw(service, "/jobs", method="POST", body=job(), headers={"Authorization": "Bearer no"}).status
        assert 200 == raw(service, "/jobs", headers=shown).status
        assert 201 == raw(service, "/jobs", method="POST", body=job(), headers=shown).status
        assert 1 == service.rows("select count(*) as n from job_history")[0]["n"]


def test_foreign_pages_are_refused(full: Running) -> None:
    """A web page of another origin, or another name for this machine, gets nothing and changes nothing."""
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for method, path in (("GET", "/sessions"), ("POST", "/jobs"), ("DELETE", "/entries?older_than_days=0")):
            reply = raw(full, path, method=method, body=job(id="evil"), headers=headers)
            assert (403, "forbidden") == (reply.status, orjson.loads(reply.body)["code"])
    assert 404 == raw(full, "/jobs/evil").status


def test_an_allowed_page_may_ask(tmp_path: Path) -> None:
    """A page of an allowed origin is told which methods it may use."""
    with running(tmp_path / "x.db", collector__http__allowed_origins="https://dash.example") as service:
        origin = {"Origin": "https://dash.example"}
        asked = raw(service, "/jobs", method="OPTIONS", headers=origin)
        answer = raw(service, "/jobs", headers=origin)

    assert (204, "GET,POST,PATCH,DELETE") == (asked.status, asked.headers["access-control-allow-methods"])
    assert (200, "https://dash.example") == (answer.status, answer.headers["access-control-allow-origin"])


def test_a_long_query_does_not_hold_up_stopping(tmp_path: Path) -> None:
    """A query that would run for seconds is stopped with the daemon."""
    with running(tmp_path / "x.db") as service:
        endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
        side = service.service.front.api._readers
        asked = service.service.front.api._threads.submit(lambda: list(side.mine().query(endless)))
        until(asked.running)
        began = time.monotonic()

    assert time.monotonic() - began < 5
    assert isinstance(asked.exception(0), Refused)


def test_every_path_is_asked_here() -> None:
    """No path of the API is without a test."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for one in (*(question.path for question in QUESTIONS), *(operation.path for operation in OPERATIONS.values())):
        assert f"/{one.split('/')[1]}" in text
        assert one.rpartition("/")[2].startswith("{") or one.rpartition("/")[2] in text


def test_calls_without_times(full: Running) -> None:
    """Tool calls without a time are listed in pages too, each once."""
    calls = [tool_call(f"tool-{number}", timestamp=None) for number in range(5)]
    ask(
        full,
        "/jobs",
        method="POST",
        body=job(id="timeless", tool_calls=calls, started_at="2020-01-01T00:00:00Z"),
        status=201,
    )
    first = ask(full, "/jobs/timeless/tool-calls?limit=3")
    rest = ask(full, f"/jobs/timeless/tool-calls?limit=3&cursor={first['next']}")

    assert [call["name"] for call in calls] == [call["name"] for call in first["items"] + rest["items"]]
