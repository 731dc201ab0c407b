"""Idempotency: rows I01 to I05 of the conformance table."""

import random
from contextlib import closing
from typing import Any

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import Signal
from store.reading import SqliteReadSide
from tests.support import build
from tests.support.clients import JSON, Reply, post
from tests.support.load import GoneError, Load, Sent, look, sender
from tests.support.otlp import twin_bytes
from tests.support.proxy import cutting
from tests.support.service import Running

LOST_ANSWERS = 3
IDS = {"trace_id": bytes([7] * 16), "span_id": bytes([7] * 8)}


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_I01_I04_I05_what_is_sent_again_after_a_lost_answer_is_kept_once(
    service: Running, transport: str, signal: Signal
) -> None:
    """Three answers get lost after the commit; the fourth try is a full success, and each item is there once."""
    load = Load()
    sent = load.add(Sent(signal, transport, first=1, items=5))
    with cutting(getattr(service, transport), cuts=LOST_ANSWERS) as proxy:
        for _ in range(LOST_ANSWERS):
            with pytest.raises(GoneError), sender(transport, proxy.port) as send:
                send(sent)
        load.send_again([sent], service)

    assert proxy.cut == LOST_ANSWERS
    look(service.db).check([sent], load)
    assert _books(service, signal) == (20, 5, 15, 0)


def test_I01_requests_repeated_in_any_order_are_kept_once(service: Running) -> None:
    """Requests that come up to five times each, mixed up, are stored as if each had come once."""
    chance = random.Random(1)
    load = Load(seed=1)
    requests = [load.take(chance.choice(["grpc", "http"])) for _ in range(30)]
    repeated = [sent for sent in requests for _ in range(chance.randint(1, 5))]
    chance.shuffle(repeated)
    load.send_again(repeated, service)

    look(service.db).check(requests, load)
    lines = service.ledger()
    assert sum(line.stored for line in lines) == sum(sent.items for sent in requests)
    assert sum(line.received for line in lines) == sum(sent.items for sent in repeated)


def test_I01_spans_in_other_company_and_encoding_are_kept_once(service: Running) -> None:
    """Spans that come again beside others, or as JSON, are a full success and add nothing."""
    spans = [build.span() for _ in range(3)]
    for request in (build.traces(*spans[:2]), build.traces(*spans[1:])):
        assert post(service, "/v1/traces", request.SerializeToString()).body == b""
        assert post(service, "/v1/traces", twin_bytes(request), JSON).body == b"{}"

    assert service.count("traces") == 3
    assert _books(service, Signal.TRACES) == (8, 3, 5, 0)


def test_I02_the_same_content_again_is_no_conflict(service: Running) -> None:
    """A span sent twice with the same content is a duplicate and nothing else."""
    span = build.span()
    _send(service, span)
    _send(service, span, build.span())

    assert _books(service, Signal.TRACES) == (3, 2, 1, 0)
    assert _variants(service) == []


def test_I02_a_finished_span_takes_the_place_of_the_unfinished_one(service: Running) -> None:
    """A span that had not ended is replaced by its final version, attributes and all."""
    _send(service, build.span(**IDS, name="running", end_time_unix_nano=0))
    _send(service, build.span(**IDS, name="done", attributes=build.attributes({"answer": 42})))

    assert _kept(service) == [("done", '{"answer":42}')]
    assert _books(service, Signal.TRACES) == (2, 1, 1, 0)
    assert _variants(service) == []


def test_I02_otherwise_the_first_is_kept_and_the_variant_is_listed(service: Running) -> None:
    """A different version of a finished span changes nothing, is counted, and can be looked at."""
    _send(service, build.span(**IDS, name="first"))
    for name, end in (("second", build.NOW), ("unfinished", 0)):
        reply = _send(service, build.span(**IDS, name=name, end_time_unix_nano=end))
        assert reply.body == b""

    assert _kept(service) == [("first", "{}")]
    assert _books(service, Signal.TRACES) == (3, 1, 2, 0)
    assert [line.conflicts for line in service.ledger()] == [2]
    assert [orjson.loads(payload)["name"] for payload in _variants(service)] == ["second", "unfinished"]


def test_I03_one_span_id_under_two_traces_is_two_spans(service: Running) -> None:
    """Spans are known by trace id and span id together."""
    _send(service, *(build.span(trace_id=bytes([number] * 16), span_id=IDS["span_id"]) for number in (1, 2)))

    assert service.count("traces") == 2
    assert _books(service, Signal.TRACES) == (2, 2, 0, 0)


def test_I04_other_log_batches_are_kept_beside_the_first(service: Running) -> None:
    """Batches that differ in a time, a body or an attribute alone are all kept; the replay of one is not."""
    batches = [
        build.logs(build.log(time_unix_nano=time, attributes=build.attributes(attributes)))
        for time, attributes in ((build.NOW, {}), (build.NOW + 1, {}), (build.NOW, {"try": 1}), (build.NOW, {"try": 2}))
    ]
    for batch in [*batches, batches[0]]:
        assert post(service, "/v1/logs", batch.SerializeToString()).status == 200

    assert service.count("logs") == 4
    assert _books(service, Signal.LOGS) == (5, 4, 1, 0)


def test_I05_a_point_is_known_by_all_that_identifies_it(service: Running) -> None:
    """Points that differ in metric, attributes, start, time or resource are kept; the same one again is not."""
    same = {"time_unix_nano": build.NOW, "start_time_unix_nano": build.NOW - 10}
    others: list[dict[str, Any]] = [{"time_unix_nano": build.NOW + 1}, {"start_time_unix_nano": build.NOW - 9}]
    others.append({"attributes": build.attributes({"queue": "a"})})
    points = [build.point(**{**same, **other}) for other in [{}, *others]]
    requests = [build.metrics(build.gauge(point)) for point in points]
    requests.append(build.metrics(build.gauge(points[0], name="queue.age")))
    requests.append(build.metrics(build.gauge(points[0]), service="other"))
    requests.append(build.metrics(build.gauge(points[0], build.point())))
    for request in requests:
        assert post(service, "/v1/metrics", request.SerializeToString()).body == b""

    assert service.count("metrics") == 7
    assert _books(service, Signal.METRICS) == (8, 7, 1, 0)


def test_I05_a_second_value_for_a_point_is_a_conflict(service: Running) -> None:
    """Of two values for one point the first is kept, and the other is counted and listed."""
    for value in (1, 2):
        point = build.point(time_unix_nano=build.NOW, as_int=value)
        assert post(service, "/v1/metrics", build.metrics(build.gauge(point)).SerializeToString()).body == b""

    assert service.rows("select value from raw_points") == [{"value": 1}]
    assert [line.conflicts for line in service.ledger()] == [1]
    assert [orjson.loads(payload)["value"] for payload in _variants(service)] == [2]


def _send(service: Running, *spans: Span) -> Reply:
    reply = post(service, "/v1/traces", build.traces(*spans).SerializeToString())
    assert reply.status == 200
    return reply


def _kept(service: Running) -> list[tuple[str, str]]:
    return [(row["name"], row["attributes"]) for row in service.rows("select name, attributes from raw_spans")]


def _variants(service: Running) -> list[bytes]:
    """List the versions that were not kept; they are duplicates in the books, so they count for nothing here."""
    with closing(SqliteReadSide(service.db)) as side:
        found = side.rejections()
    assert {(row["reason"], row["items"]) for row in found} <= {("conflict", 0)}
    return [row["payload"] for row in found]


def _books(service: Running, signal: Signal) -> tuple[int, int, int, int]:
    """Add up the ledger's lines of a signal: received, stored, duplicate, rejected."""
    lines = [line for line in service.ledger() if line.signal == signal]
    received, stored = sum(line.received for line in lines), sum(line.stored for line in lines)
    return received, stored, sum(line.duplicate for line in lines), sum(line.rejected for line in lines)
