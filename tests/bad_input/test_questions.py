"""Ask the API what nobody should: rows 61, 78 and 80 of the table of bad inputs."""

import struct
import time
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from api.questions import QUESTIONS
from schema.described import described
from store.console_apart import ConsoleApart
from tests.bad_input.test_shapes import LONG, TRACE, trace
from tests.support.api import ask, raw
from tests.support.clients import post
from tests.support.service import Running
from tests.support.told import job

HOSTILE = (
    *("' OR 1=1--", '" or ""="', "\u2018 or 1=1", "\x00", "%_\\"),
    *("x' union select hash from access_tokens --", "é" * 900),
)
PLAIN = [question for question in QUESTIONS if "{" not in question.path]
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


@pytest.mark.parametrize("question", PLAIN, ids=lambda question: question.path)
def test_row_78_filters_are_bound_and_checked(shared_service: Running, question: Any) -> None:
    """A filter never becomes SQL: its text is looked for or refused, and a filter that there is not is refused."""
    for text in HOSTILE:
        for name in question.takes:
            reply = raw(shared_service, f"{question.path}?{name}={quote(text, safe='')}")
            assert reply.status in {200, 400}, (name, text, reply.body)
            if reply.status == 200 and name not in {"since", "until", "limit", "cursor", "q"} and question.is_list:
                assert [] == orjson.loads(reply.body)["items"], (name, text)
        reply = raw(shared_service, f"{question.path}?where={quote(text, safe='')}")
        assert (400, True) == (reply.status, b"the parameter 'where' is not known here" in reply.body)
        assert 400 == raw(shared_service, f"{question.path}?{quote(text, safe='')}=1").status


def test_row_80_no_question_takes_for_ever(shared_service: Running) -> None:
    """A limit is at most 1,000 whatever is asked for, and what takes too long is ended and said so."""
    for number in range(3):
        ask(shared_service, "/jobs", method="POST", body=job(id=f"job-{number}", prompt="ab" * 100_000), status=201)

    for limit in ("1000000000", "9" * 400):
        assert 3 <= len(ask(shared_service, f"/jobs?limit={limit}")["items"]) <= 1_000
    assert 400 == raw(shared_service, "/jobs?limit=0").status
    assert 400 == raw(shared_service, "/jobs?offset=1000000000").status
    assert 200 == raw(shared_service, "/usage?since=2016-01-01&until=2026-12-31").status
    assert 400 == raw(shared_service, "/usage?by=hour&since=2016-01-01&until=2026-12-31").status
    shared_service.service.front.api._statements._open = lambda: ConsoleApart(
        shared_service.db, described(), deadline_s=0.2
    )
    reply = raw(shared_service, "/sql", method="POST", body={"query": ENDLESS})
    assert (504, "too_long") == (reply.status, orjson.loads(reply.body)["code"])


@pytest.mark.parametrize("parents", [[0], [1, 2, 0], [None, None], [77], [None, *range(200)]], ids=str)
def test_row_61_a_trace_of_any_shape_is_answered(shared_service: Running, parents: list[int | None]) -> None:
    """A parent that never comes, and one that is the span's own child, leave a place to begin with."""
    trace_id = struct.pack(">qq", 7, len(parents) * 100 + (parents[0] or 0))
    assert 200 == post(shared_service, "/v1/traces", trace(parents, trace_id)).status
    told = ask(shared_service, f"/traces/{trace_id.hex()}")

    spans = ask(shared_service, f"/traces/{trace_id.hex()}/spans?limit=999")["items"]
    assert len(parents) == told["spans"] == len(spans)
    assert told["roots"]


def test_row_61_a_huge_deep_or_endless_trace_is_answered_within_two_seconds(service: Running) -> None:
    """The API gives a trace of 100,000 spans in pages, each quickly once it was looked at, and without recursion."""
    chain = [None, *range(9_999), *[0] * (LONG - 10_000)]
    assert 200 == post(service, "/v1/traces", trace(chain)).status
    path = f"/traces/{TRACE.hex()}"
    told = ask(service, path)
    first = ask(service, f"{path}/spans?parent={told['roots'][0]['span_id']}&limit=1000")
    began = time.thread_time()
    rest = ask(service, f"{path}/spans?limit=1000&cursor={first['next']}")

    assert time.thread_time() - began < 2
    assert (LONG, 1, LONG - 10_000 + 1) == (told["spans"], len(told["roots"]), told["roots"][0]["children"])
    assert (1_000, 1_000) == (len(first["items"]), len(rest["items"]))
