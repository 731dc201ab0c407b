"""Ids that are none, and the same item again or changed: rows 55, 56, 59, 60 and 94."""

import base64
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import orjson
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar

from schema.rows import Batch
from schema.signals import WIRE, Signal
from store.protocol import Outcome
from store.sqlite import SqliteWriteSide
from tests.support import build, build_json
from tests.support.build_json import log, metric, point, span
from tests.support.clients import channel
from tests.support.neighbours import (
    ITEMS,
    PROTOBUF_WAYS,
    Way,
    among,
    among_json,
    deliver,
    exported,
    kept,
    mixed,
    refused,
    repairs,
    send,
)
from tests.support.otlp import twin
from tests.support.pause import paused
from tests.support.service import Running
from tests.support.wait import until

TRACE = bytes(range(16))
SPAN = bytes(range(8))
BAD_TRACE_IDS = [b"", bytes(16), TRACE[:1], TRACE[:8], TRACE[:15], TRACE + b"x", TRACE + TRACE, b"x" * 1000]
BAD_SPAN_IDS = [b"", bytes(8), SPAN[:1], SPAN[:7], SPAN + b"x", SPAN + SPAN, b"x" * 1000]
BAD_HEX = {
    "base64": base64.b64encode(TRACE).decode(),
    "odd": TRACE.hex()[:-1],
    "short": TRACE.hex()[:-2],
    "spaces": TRACE.hex(" "),
    "prefix": "0x" + TRACE.hex()[2:],
    "dashes": "00010203-0405-0607-0809-0a0b0c0d0e0f",
    "letters": "z" * 32,
    "wide": "\uff10" * 32,
    "number": 12345678901234567890,
    "list": [TRACE.hex()],
}


@pytest.mark.parametrize("number", range(len(BAD_TRACE_IDS)))
@pytest.mark.parametrize("way", Way)
def test_row_55_a_span_without_a_trace_id_is_refused(shared_service: Running, way: Way, number: int) -> None:
    """A trace id that is missing, all zero or of another length costs its span and no other."""
    bad = BAD_TRACE_IDS[number]
    item = build.span(trace_id=bad)
    body = mixed(Signal.TRACES, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())
    found = refused(send(shared_service, way, Signal.TRACES, body), "invalid_trace_id")

    assert ("all zero" if bad == bytes(16) else f"has {len(bad)} bytes, need 16") in found["message"]


@pytest.mark.parametrize("number", range(len(BAD_SPAN_IDS)))
@pytest.mark.parametrize("way", Way)
def test_row_55_a_span_without_a_span_id_is_refused(shared_service: Running, way: Way, number: int) -> None:
    """The same holds for its span id."""
    item = build.span(span_id=BAD_SPAN_IDS[number])
    body = mixed(Signal.TRACES, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())

    refused(send(shared_service, way, Signal.TRACES, body), "invalid_span_id")


@pytest.mark.parametrize("number", range(len(BAD_TRACE_IDS)))
@pytest.mark.parametrize("way", Way)
def test_row_55_a_log_record_is_kept_without_its_bad_ids(shared_service: Running, way: Way, number: int) -> None:
    """A log record needs no ids: bad ones are left out, and noted unless they are empty."""
    bad = BAD_TRACE_IDS[number]
    item = build.log(trace_id=bad, span_id=BAD_SPAN_IDS[number % len(BAD_SPAN_IDS)])
    body = mixed(Signal.LOGS, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())
    row = kept(send(shared_service, way, Signal.LOGS, body))

    assert (row["trace_id"], row["span_id"]) == (None, None)
    assert ("trace_id" in repairs(row)) is any(bad)


@pytest.mark.parametrize("number", range(len(BAD_TRACE_IDS)))
@pytest.mark.parametrize("way", Way)
def test_row_55_a_point_keeps_its_exemplars(shared_service: Running, way: Way, number: int) -> None:
    """An exemplar's bad ids never cost the point, and are kept as they came."""
    exemplar = Exemplar(time_unix_nano=1, as_int=1, trace_id=BAD_TRACE_IDS[number], span_id=BAD_SPAN_IDS[number - 1])
    item = build.gauge(build.point(exemplars=[exemplar]))
    body = mixed(Signal.METRICS, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())
    row = kept(send(shared_service, way, Signal.METRICS, body))

    assert exported(shared_service, Signal.METRICS, row["id"])["exemplars"] == [twin(exemplar)]


@pytest.mark.parametrize("way", PROTOBUF_WAYS)
def test_row_55_ids_sent_as_their_hexadecimal_text_are_understood(service: Running, way: Way) -> None:
    """Exporters that put 32 letters where 16 bytes belong are understood, and their spans marked (otlp.md D02)."""
    bad = build.span(trace_id=TRACE.hex().encode(), span_id=(way.encode() * 4)[:8].hex().encode())
    row = kept(send(service, way, Signal.TRACES, among(Signal.TRACES, bad.SerializeToString())))

    assert row["trace_id"] == TRACE.hex()
    assert set(repairs(row)) == {"trace_id", "span_id"}


@pytest.mark.parametrize("kind", BAD_HEX)
@pytest.mark.parametrize("field", ["traceId", "spanId"])
def test_row_56_json_ids_are_hexadecimal_and_nothing_else(shared_service: Running, kind: str, field: str) -> None:
    """Base64, which the standard mapping has, is no id in OTLP/JSON, and neither is anything else but digits."""
    reason = "invalid_trace_id" if field == "traceId" else "invalid_span_id"
    bad = span(**{field: BAD_HEX[kind]})

    refused(send(shared_service, Way.JSON, Signal.TRACES, among_json(Signal.TRACES, bad)), reason)


@pytest.mark.parametrize("kind", BAD_HEX)
def test_row_56_a_log_record_is_kept_without_them(shared_service: Running, kind: str) -> None:
    """In a log record the same ids are left out and noted."""
    bad = log(traceId=BAD_HEX[kind])
    row = kept(send(shared_service, Way.JSON, Signal.LOGS, among_json(Signal.LOGS, bad)))

    assert row["trace_id"] is None
    assert "trace_id" in repairs(row)


@pytest.mark.parametrize("write", [str.upper, str.title, str.lower])
def test_row_56_either_case_is_the_same_id(service: Running, write: Any) -> None:
    """Hexadecimal digits of either case are stored in lower case."""
    row = kept(
        send(
            service,
            Way.JSON,
            Signal.TRACES,
            among_json(Signal.TRACES, span(traceId=write("ab" * 16), spanId=write("cd" * 8))),
        )
    )

    assert (row["trace_id"], row["span_id"], row["repaired"]) == ("ab" * 16, "cd" * 8, None)


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("way", Way)
def test_row_59_the_same_batch_five_times_is_stored_once(service: Running, way: Way, signal: Signal) -> None:
    """Each time the answer is success, and the books say which were duplicates."""
    items = [build_json.ONE[signal]() for _ in range(ITEMS)]
    body = build_json.request(signal, *items) if way is Way.JSON else build.body(signal, ITEMS)
    answers = [deliver(service, way, signal, body) for _ in range(5)]
    (line,) = service.ledger()

    assert {answer.code for answer in answers} == {grpc.StatusCode.OK}
    assert {(answer.rejected, answer.message) for answer in answers} == {(0, "")}
    assert service.count(signal) == ITEMS
    assert (line.received, line.stored, line.duplicate, line.conflicts) == (5 * ITEMS, ITEMS, 4 * ITEMS, 0)


def test_row_59_a_batch_with_refused_items_says_so_each_time(service: Running) -> None:
    """The repeat of a partial success is the same partial success, and the refused item is listed once."""
    body = among(Signal.TRACES, build.span(trace_id=b"").SerializeToString())
    answers = [deliver(service, Way.HTTP, Signal.TRACES, body) for _ in range(3)]

    assert [answer.rejected for answer in answers] == [1, 1, 1]
    assert len(service.rows("select id from ingest_rejections")) == 1


@pytest.mark.parametrize("way", Way)
def test_row_60_of_two_versions_the_first_is_kept_and_the_other_listed(service: Running, way: Way) -> None:
    """A finished span that comes again with other content is never a second row; the variant can be looked up."""
    first, second = (build.span(trace_id=TRACE, span_id=SPAN, name=name) for name in ("first", "second"))
    for item in (first, second):
        body = mixed(Signal.TRACES, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())

        assert deliver(service, way, Signal.TRACES, body).code is grpc.StatusCode.OK
    found = service.rows("select name from spans where trace_id = ?", TRACE.hex())
    (variant,) = service.rows("select * from ingest_rejections")

    assert found == [{"name": "first"}]
    assert (variant["reason"], variant["items"], service.ledger()[0].conflicts) == ("conflict", 0, 1)
    assert b"second" in variant["payload"]


@pytest.mark.parametrize("way", Way)
def test_row_60_the_end_takes_the_place_of_the_beginning(service: Running, way: Way) -> None:
    """A span first sent in progress and then finished is one row, the finished one, and no conflict."""
    times = {"start_time_unix_nano": build.NOW}
    begun = build.span(trace_id=TRACE, span_id=SPAN, name="run", end_time_unix_nano=0, **times)
    ended = build.span(trace_id=TRACE, span_id=SPAN, name="run", end_time_unix_nano=build.NOW + 5, **times)
    for item in (begun, ended, begun):
        body = mixed(Signal.TRACES, way, item.SerializeToString(), orjson.dumps(twin(item)).decode())
        deliver(service, way, Signal.TRACES, body)

    assert service.rows("select duration_nano from spans where trace_id = ?", TRACE.hex()) == [{"duration_nano": 5}]
    assert service.count("traces") == 3 * (ITEMS - 1) + 1


def test_row_60_two_versions_in_one_batch_are_one_span(service: Running) -> None:
    """The same holds inside one request, whose other items do not notice."""
    first, second = (build.span(trace_id=TRACE, span_id=SPAN, name=name) for name in ("first", "second"))
    body = build.traces(first, *(build.span() for _ in range(510)), second).SerializeToString()

    assert deliver(service, Way.GRPC, Signal.TRACES, body).code is grpc.StatusCode.OK
    assert service.count("traces") == 511
    assert service.rows("select name from spans where trace_id = ?", TRACE.hex()) == [{"name": "first"}]
    assert service.ledger()[0].conflicts == 1


def test_row_60_points_and_records_conflict_too(service: Running) -> None:
    """A point measured twice at one time is one row; a log record has no identity but its content."""
    for value in ("1", "2"):
        one = metric("gauge", point(timeUnixNano="5", asInt=value))
        deliver(service, Way.JSON, Signal.METRICS, build_json.request(Signal.METRICS, one))
        deliver(service, Way.JSON, Signal.LOGS, build_json.request(Signal.LOGS, log(timeUnixNano="5")))

    assert (service.count("metrics"), service.count("logs")) == (1, 2)
    assert {line.signal: line.conflicts for line in service.ledger()} == {Signal.METRICS: 1, Signal.LOGS: 0}


@pytest.mark.parametrize("signal", Signal)
def test_row_94_what_has_begun_is_kept_though_the_caller_hangs_up(
    service: Running, signal: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch whose commit had begun when its sender gave up is kept, and the retry is a duplicate."""
    body = build.body(signal, ITEMS)
    commit, begun, go_on = SqliteWriteSide.commit, threading.Event(), threading.Event()

    def slowly(side: SqliteWriteSide, batches: Sequence[Batch]) -> list[Outcome | Exception]:
        begun.set()
        assert go_on.wait(10)
        return commit(side, batches)

    monkeypatch.setattr(SqliteWriteSide, "commit", slowly)
    with channel(service) as opened:
        method: Any = opened.unary_unary(f"/{WIRE[signal].service}/Export")
        call = method.future(body, timeout=10)
        assert begun.wait(10)
        call.cancel()
        retry = method.future(body, timeout=10)
        go_on.set()

        assert retry.result() == b""
    assert [(line.stored, line.duplicate) for line in service.ledger()] == [(ITEMS, ITEMS)]


@pytest.mark.parametrize("signal", Signal)
def test_row_94_what_had_not_begun_is_left_to_the_retry(service: Running, signal: Signal) -> None:
    """A batch that nobody waits for any more, and that no commit had begun with, is not written for nothing."""
    body = build.body(signal, ITEMS)
    with channel(service) as opened, paused(service):
        method: Any = opened.unary_unary(f"/{WIRE[signal].service}/Export")
        call = method.future(body, timeout=10)
        until(lambda: service.service.writer.queued_batches == 1)
        call.cancel()
        until(lambda: service.service.writer.queued_batches == 0)
    assert deliver(service, Way.GRPC, signal, body).code is grpc.StatusCode.OK

    assert [(line.stored, line.duplicate) for line in service.ledger()] == [(ITEMS, 0)]


def test_row_94_a_deadline_of_a_millisecond_does_no_harm(service: Running) -> None:
    """Calls that are over before they begin leave whole batches or nothing behind."""
    with channel(service) as opened, ThreadPoolExecutor(4) as pool:
        method: Any = opened.unary_unary(f"/{WIRE[Signal.TRACES].service}/Export")
        bodies = [build.body(Signal.TRACES, ITEMS) for _ in range(20)]
        list(pool.map(lambda body: method.future(body, timeout=0.001).exception(timeout=10), bodies))

        assert service.count("traces") % ITEMS == 0
        for body in bodies:
            method(body, timeout=20)
    assert service.count("traces") == 20 * ITEMS
