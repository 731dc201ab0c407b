"""Prove that what was said, done and noted is found by its words, over HTTP, with the real service."""

import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.search_index import index_path
from tests.support.api import ask, raw
from tests.support.build import attributes, span, traces
from tests.support.clients import post
from tests.support.corpus import send, source
from tests.support.service import Running, running
from tests.support.told import job
from tests.support.wait import until

TRACED = "openai-agents-openinference"
WITHIN_S = 30.0
MOST_BYTES = 200_000


def found(service: Running, q: str = "", **where: Any) -> dict[str, Any]:
    """Search."""
    told: dict[str, Any] = ask(service, f"/search?{urlencode({'q': q, **where})}")
    return told


def ids(service: Running, q: str = "", **where: Any) -> list[str]:
    """Name what is found."""
    return [item["id"] for item in found(service, q, **where)["items"]]


def awaited(service: Running, q: str, **where: Any) -> list[dict[str, Any]]:
    """Wait until something is found, and give it."""
    until(lambda: bool(ids(service, q, **where)), within_s=WITHIN_S)
    items: list[dict[str, Any]] = found(service, q, **where)["items"]
    return items


def settled(service: Running) -> None:
    """Wait until the index knows all."""

    def done() -> bool:
        told = ask(service, "/derived")
        return not (
            told["rows"] or told["groups"] or found(service)["index"] != {"exists": True, "behind": 0, "unread": 0}
        )

    until(done, within_s=WITHIN_S)


def entry(service: Running, name: str, **values: Any) -> None:
    """Save an entry as a program."""
    ask(service, "/entries", method="POST", body={"trace_id": name, "type": "tool_called", **values}, status=201)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that has heard a real agent, and was told entries, a job and work."""
    with running(tmp_path_factory.mktemp("search") / "spanledger.db") as service:
        for recorded in source(TRACED).requests:
            send(service, recorded)
        until(lambda: bool(service.rows("select 1 from agent_traces where kind = 'tool'")), within_s=WITHIN_S)
        session = {"session_id": "mine", "agent_name": "coder", "project_key": "shop"}
        ask(service, "/sessions", method="POST", body=session, status=201)
        common = {"session_id": "mine", "data": {"tool": "bash"}}
        entry(service, "e1", raw_input="open store/sqlite.py", raw_output="parseHttpRequest failed", **common)
        entry(service, "e2", raw_input='{"text":"数据库查询 naïve"}', timestamp="2026-02-01T10:00:00Z", **common)
        entry(service, "e3", raw_input="the first words", error_message="KeyError: 'cart'", status="error", **common)
        entry(service, "e4", raw_input="words the first", session_id="other", data={"tool": "edit"})
        ask(service, "/jobs", method="POST", body=job(), status=201)
        plan = {"key": "cart", "title": "Mend the shopping cart"}
        ask(service, "/plans", method="POST", body=plan)
        ask(service, "/plans/cart/tasks", method="POST", body={"title": "Look at quaternions"}, status=201)
        debug = {"key": "flaky", "title": "Why it is flaky", "hypothesis": "a race"}
        ask(service, "/debug-sessions", method="POST", body=debug, status=201)
        ask(service, "/debug-sessions/flaky/notes", method="POST", body={"note": "seen at midnight"}, status=201)
        settled(service)
        yield service


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sqlite", ["e1"]),
        ("store/sqlite.py", ["e1"]),
        ("httprequest", []),
        ("HttpRequest", ["e1"]),
        ("http request", ["e1"]),
        ("parsehttprequest", ["e1"]),
        ("PARSE", ["e1"]),
        ("sqli*", ["e1"]),
        ("keyerror", ["e3"]),
        ("KeyError", ["e3"]),
        ("数据库", ["e2"]),
        ("库查", ["e2"]),
        ("询", ["e2"]),
        ("naive", ["e2"]),
        ("NAÏVE", ["e2"]),
        ("words first", ["e4", "e3"]),
        ('"the first words"', ["e3"]),
        ("words -keyerror", ["e4"]),
        ("sqlite OR keyerror", ["e3", "e1"]),
        ("role", []),
    ],
)
def test_words(full: Running, text: str, wanted: list[str]) -> None:
    """Words, phrases, beginnings, parts of names, paths, accents and dense writing are found, newest first."""
    assert wanted == ids(full, text, kind="tool")


def test_filters(full: Running) -> None:
    """Filters are of what a document belongs to, and can stand alone."""
    assert ["e3", "e2", "e1"] == sorted(ids(full, session="mine"), reverse=True)
    assert {"e1", "e2", "e3"} == set(ids(full, agent="coder"))
    assert {"e1", "e2", "e3"} == set(ids(full, project="shop"))
    assert ["e4"] == ids(full, tool="edit")
    assert ["e3"] == ids(full, errors="true", session="mine")
    assert ["e2"] == ids(full, session="mine", until="2026-02-02")
    assert ["e2"] == ids(full, session="mine", since="2026-02-01", until="2026-02-01T10:00:01Z")
    assert [] == ids(full, session="mine", tool="edit")


def test_jobs_calls_and_work(full: Running) -> None:
    """A job's prompt and its calls, plans, tasks, and notes are found."""
    told = {text: [(item["kind"], item["title"]) for item in found(full, text)["items"]] for text in NOTED}

    assert NOTED == told
    assert [("job", "job-1")] == [(item["kind"], item["id"]) for item in found(full, '"it loses items"')["items"]]
    assert ["edit_file"] == [item["tool_name"] for item in found(full, '"no such file"')["items"]]


NOTED = {
    "shopping": [("plan", "Mend the shopping cart")],
    "quaternions": [("task", "Look at quaternions")],
    "race": [("debug", "Why it is flaky")],
    "midnight": [("note", "Why it is flaky")],
}


def test_a_real_agent_is_found(full: Running) -> None:
    """What a recorded agent was asked and what its tools gave is there, with links and marks."""
    told_by = "select trace_id, raw_output as text from agent_traces where kind = 'tool' and emitter <> 'api' limit 1"
    (row,) = full.rows(told_by)
    told = found(full, " ".join(re.findall(r"\w+", row["text"])[:3]), kind="tool")
    item = told["items"][0]

    assert row["trace_id"] in {one["id"] for one in told["items"]}
    assert item["links"]["session"] == f"/sessions/{quote(item['session_id'], safe='')}"
    assert item["links"]["trace"] == f"/traces/{item['trace_id']}"
    assert any(piece["marks"] for piece in item["snippets"])


def test_pages_have_no_holes(full: Running) -> None:
    """Following the cursors gives everything once, in either order."""
    for order in ("newest", "best"):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = found(full, "", order=order, limit=3, **cursor)
            seen += [f"{item['source']}/{item['id']}" for item in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len(seen) == len(set(seen)) > 20


def test_best_first(full: Running) -> None:
    """The document that says it most shortly comes first."""
    entry(full, "b1", type="step", session_id="best", raw_input="zebra " + "filler " * 300)
    entry(full, "b2", type="step", session_id="best", raw_input="zebra zebra")
    entry(full, "b3", type="step", session_id="best", raw_input="zebra " + "padding " * 300)
    settled(full)

    assert ["b3", "b2", "b1"] == ids(full, "zebra", session="best")
    assert "b2" == ids(full, "zebra", session="best", order="best")[0]


def test_answers_are_bounded(full: Running) -> None:
    """However long the texts and however many are wanted, an answer stays small."""
    for at in range(30):
        entry(full, f"long{at}", session_id="long", raw_input=f"giant {'x' * 4_000}", raw_output="giant " * 600)
    settled(full)
    reply = raw(full, "/search?q=giant&limit=1000000")

    assert 200 == reply.status
    assert 30 <= len(orjson.loads(reply.body)["items"]) <= 100
    assert len(reply.body) < MOST_BYTES


def test_text_beyond_what_an_entry_keeps_is_found(full: Running) -> None:
    """The end of a long result, and of a long conversation, is found, with a piece of it."""
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "cat", "gen_ai.tool.call.id": "c1"}
    long = "padding words " * 2_000
    messages = [{"role": "user", "parts": [{"type": "text", "content": f"{long} zanzibar"}]}]
    chat = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": orjson.dumps(messages).decode()}
    spans = [
        span(
            name="execute_tool cat",
            attributes=attributes({**tool, "gen_ai.tool.call.result": f"{long} timbuktu {long}"}),
        ),
        span(name="chat", attributes=attributes({**chat, "gen_ai.request.model": "m", "gen_ai.provider.name": "p"})),
    ]
    assert 200 == post(full, "/v1/traces", traces(*spans).SerializeToString()).status
    for kind, word in (("tool", "timbuktu"), ("llm", "zanzibar")):
        (item,) = awaited(full, word, kind=kind)
        (piece,) = item["snippets"]
        assert ("record", [word]) == (piece["field"], [piece["text"][at:to] for at, to in piece["marks"]])


def test_wrong_parameters_are_told(full: Running) -> None:
    """An order that there is not, a cursor of another list and an unknown filter are 400."""
    for wrong in ("order=oldest", "cursor=xyz", "errors=maybe", "since=when", "where=1", "limit=-1"):
        assert 400 == raw(full, f"/search?q=a&{wrong}").status, wrong


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300) | st.text(alphabet="\"*-()[]{}:^+,AND ORNEAR\\'%_a", max_size=60))
def test_any_text_is_answered(full: Running, text: str) -> None:
    """Whatever is looked for, there is an answer and no error."""
    reply = raw(full, f"/search?q={quote(text.encode('utf-8', 'replace'), safe='')}")

    assert 200 == reply.status, reply.body


def test_a_changed_session_changes_what_belongs_to_it(tmp_path: Path) -> None:
    """When an agent's name becomes known, its entries are found by it; when entries are deleted, they are not found."""
    with running(tmp_path / "spanledger.db") as service:
        entry(service, "e1", session_id="s1", raw_input="unforgettable", timestamp="2020-01-01T00:00:00Z")
        entry(service, "e2", session_id="s1", raw_input="unforgettable")
        settled(service)
        assert [] == ids(service, agent="late")
        ask(service, "/sessions", method="POST", body={"session_id": "s1", "agent_name": "late"}, status=201)
        settled(service)
        assert ["e2", "e1"] == ids(service, "unforgettable", agent="late")
        ask(service, "/entries?older_than_days=30", method="DELETE")

        assert ["e2"] == ids(service, "unforgettable")
        settled(service)
        assert ["e2"] == ids(service, "unforgettable")
        until(lambda: not service.rows("select 1 from search_feed"), within_s=WITHIN_S)


def test_a_killed_process_goes_on_and_a_lost_file_is_made_anew(tmp_path: Path) -> None:
    """What came while there was no index process is indexed by the next; without a file all is read again."""
    path = tmp_path / "spanledger.db"
    with running(path) as service:
        entry(service, "e1", raw_input="before")
        settled(service)
        pid = service.service.keeping.indexing.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        entry(service, "e2", raw_input="after")
        until(lambda: ["e2"] == ids(service, "after"), within_s=WITHIN_S)
        assert 1 == ask(service, "/derived")["search"]["restarts"]
    for ending in ("", "-wal", "-shm"):
        index_path(path).with_name(index_path(path).name + ending).unlink(missing_ok=True)
    with running(path) as service:
        until(lambda: {"e1", "e2"} == set(ids(service, "before OR after")), within_s=WITHIN_S)


@pytest.mark.parametrize("harm", ["garbage", "another shape", "another database"])
def test_an_index_that_cannot_be_used_is_made_anew(tmp_path: Path, harm: str) -> None:
    """A file that is no index, an index of another version or of another database is replaced."""
    path = tmp_path / "spanledger.db"
    with running(path) as service:
        entry(service, "e1", raw_input="kept")
        settled(service)
    index = index_path(path)
    if harm == "garbage":
        index.write_bytes(b"no database at all" * 1_000)
    else:
        with sqlite3.connect(index) as connection:
            wrong = {
                "another shape": "pragma user_version = 99",
                "another database": "update about set value = value + 7",
            }
            connection.execute(wrong[harm])
        connection.close()
    with running(path) as service:
        until(lambda: ["e1"] == ids(service, "kept"), within_s=WITHIN_S)


def test_the_index_is_made_anew_on_demand(full: Running) -> None:
    """An order is carried out beside the work, and what is there is found afterwards."""
    number = ask(full, "/search/rebuild", method="POST", body={}, status=202)["order"]
    until(lambda: ask(full, "/derived")["search"]["done"] >= number, within_s=WITHIN_S)
    settled(full)

    assert ["e1"] == ids(full, "sqlite", kind="tool")
