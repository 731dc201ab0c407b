"""Mirror `api.console`: statements of users over HTTP, with the real service."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from api.operations import PREFIX
from tests.support.api import ask, raw
from tests.support.service import Running, running
from tests.support.told import job
from tests.support.wait import until

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
NUMBERS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select i from n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a service that was told a job."""
    with running(tmp_path_factory.mktemp("console") / "spanledger.db") as found:
        ask(found, "/jobs", method="POST", body=job(prompt="=cmd|' /C calc'!A1"), status=201)
        yield found


def sql(service: Running, query: str, **more: Any) -> Any:
    """Run a statement."""
    return ask(service, "/sql", method="POST", body={"query": query, **more})


def test_rows(service: Running) -> None:
    """A statement gives columns and rows, whether it stands in the body or in the address."""
    query = "select id, prompt, null as empty, x'00ff' as bytes, 1e999 as endless from job_history"
    told = sql(service, query)

    assert ["id", "prompt", "empty", "bytes", "endless"] == told["columns"]
    assert [["job-1", "=cmd|' /C calc'!A1", None, "AP8=", None]] == told["rows"]
    assert told == ask(service, f"/sql?query={quote(query)}")


def test_forms(service: Running) -> None:
    """The same is given as CSV, in which nothing is a formula, and as JSON lines."""
    query = {"query": "select id, prompt from job_history"}
    table = raw(service, "/sql", method="POST", body=query, headers={"Accept": "text/csv"})
    lines = raw(service, "/sql", method="POST", body=query, headers={"Accept": "application/x-ndjson"})

    assert b"id,prompt\r\njob-1,\"'=cmd|' /C calc'!A1\"\r\n" == table.body
    assert {"id": "job-1", "prompt": "=cmd|' /C calc'!A1"} == orjson.loads(lines.body)
    assert ("text/csv; charset=utf-8", "application/jsonl") == (
        table.headers["content-type"],
        lines.headers["content-type"],
    )


def test_answers_are_bounded(service: Running) -> None:
    """Rows and bytes have a bound, and the answer says that there is more."""
    assert (1_000, True) == (len(sql(service, NUMBERS)["rows"]), sql(service, NUMBERS)["truncated"])
    assert (10_000, True) == (len(sql(service, NUMBERS, limit=10**9)["rows"]), sql(service, NUMBERS)["truncated"])
    assert (3, True) == (len(sql(service, NUMBERS, limit=3)["rows"]), sql(service, NUMBERS, limit=3)["truncated"])
    large = sql(service, f"select printf('%.*c', 1000000, 'x') as x from ({NUMBERS})", limit=10_000)
    assert large["truncated"]
    assert len(large["rows"]) < 12


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("select * from access_tokens", 403, "there is no table 'access_tokens'"),
        ("vacuum into 'stolen.db'", 403, "only reading is allowed"),
        ("delete from job_history", 403, "only reading is allowed"),
        ("select colour from spans", 400, "no such column: colour (line 1, column 8)"),
        ("selec", 400, "syntax error"),
        ("select 1; select 2", 400, "several statements"),
    ],
)
def test_mistakes(service: Running, query: str, status: int, detail: str) -> None:
    """A mistake is a problem document that says what, and where."""
    reply = raw(service, "/sql", method="POST", body={"query": query})
    told = orjson.loads(reply.body)

    assert (status, "application/problem+json") == (reply.status, reply.headers["content-type"])
    assert detail in told["detail"]
    assert status == 403 or "position" in told or "several" in detail


def test_bodies(service: Running) -> None:
    """A body without a statement, or with something else, is refused."""
    for body in ({}, {"query": ""}, {"query": "select 1", "limit": 0}, {"query": "select 1", "colour": "red"}):
        assert 400 == raw(service, "/sql", method="POST", body=body).status, body
    assert 400 == raw(service, "/sql?query=select%201&limit=x").status
    assert 400 == raw(service, "/sql").status
    assert 405 == raw(service, "/sql", method="DELETE").status


def test_a_statement_ends_when_nobody_waits(service: Running) -> None:
    """Whoever goes away takes the statement along: the next one does not wait for its deadline."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.http, timeout=30)) as connection:
        connection.request(
            "POST", f"{PREFIX}/sql", orjson.dumps({"query": ENDLESS}), {"Content-Type": "application/json"}
        )
        until(lambda: bool(service.service.front.api._statements.waiting))
    until(lambda: not service.service.front.api._statements.waiting)

    assert [[1]] == sql(service, "select 1")["rows"]


def test_too_many_statements_are_turned_away(service: Running) -> None:
    """One statement runs at a time, a few wait, others are told to come again; the rest of the API goes on."""
    waiting = [
        threading.Thread(target=raw, args=(service, "/sql"), kwargs={"method": "POST", "body": {"query": ENDLESS}})
        for _ in range(5)
    ]
    for thread in waiting:
        thread.start()
    until(lambda: len(service.service.front.api._statements.waiting) == 5)

    assert 503 == raw(service, "/sql", method="POST", body={"query": "select 1"}).status
    assert ask(service, "/jobs")["items"]
    for statement in service.service.front.api._statements.waiting:
        statement.stop()
    for thread in waiting:
        thread.join(30)


def test_the_schema(service: Running) -> None:
    """What may be read is listed with a sentence on each column, and the statements to begin with work."""
    told = ask(service, "/schema")
    names = {table["name"] for table in told["tables"]}

    assert {"spans", "model_calls", "job_history", "agent_sessions"} <= names
    assert not names & {"access_tokens", "audit_log"}
    assert all(column["about"] for table in told["tables"] for column in table["columns"])
    for example in told["examples"]:
        assert sql(service, example["query"])["columns"], example
