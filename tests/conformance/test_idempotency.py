"""Idempotency: rows I01 to I05 of the conformance table."""

import random

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import JSON, post
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


def test_I01_I05_the_same_items_in_another_request_are_kept_once(service: Running) -> None:
    """Items sent again in other company, or in the other encoding, are full successes and add nothing."""
    spans = [build.span() for _ in range(3)]
    points = [build.point() for _ in range(3)]
    for first, second in (
        (build.traces(*spans[:2]), build.traces(*spans[1:])),
        (build.metrics(build.gauge(*points[:2])), build.metrics(build.gauge(*points[1:]))),
    ):
        path = WIRE[Signal.TRACES if len(first.DESCRIPTOR.name) == len("ExportTraceServiceRequest") else Signal.METRICS].path
        for request in (first, second):
            assert post(service, path, request.SerializeToString()).body == b""
            assert post(service, path, twin_bytes(request), JSON).body == b"{}"

    assert service.count("traces") == 3
    assert service.count("metrics") == 3
