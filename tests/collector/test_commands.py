"""Prove that what is wrong with commands is found while a request is decoded."""

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.commands import MAX_MESSAGE, check, message
from schema.signals import Signal
from tests.support.build import attributes, log, logs, span, traces
from tests.support.commands import evented, spanned, told
from tests.support.otlp import Read, in_both, read

BAD = {"plan.key": "p", "plan.status": "done"}


@in_both
def test_every_shape_is_looked_at(decoded: Read) -> None:
    """Log records, spans and span events alike, in both encodings; good ones and other records are passed over."""
    records = [
        told("plan.status", BAD),
        log(attributes=attributes({**BAD, "event.name": "tracking.plan.status"})),
        log(event_name="event src/main.rs:7", attributes=attributes({**BAD, "event.name": "plan.status"})),
        told("plan.upsert", {"plan.key": "p", "plan.title": "t"}),
        log(attributes=attributes(BAD)),
    ]
    spans = [spanned("plan.status", BAD), evented("plan.status", BAD), evented("plan.started", BAD), span()]
    told_of: list[tuple[Signal, Message, int]] = [
        (Signal.LOGS, logs(*records), 3),
        (Signal.TRACES, traces(*spans), 2),
    ]
    for signal, request, wrong in told_of:
        batch = decoded(signal, request)
        check(batch)

        assert wrong == len(batch.violations)
        assert {"UNKNOWN_STATUS"} == {one.code for one in batch.violations}
        assert (0, wrong if signal is Signal.LOGS else 0) == (batch.rejected, batch.told_rejected)


@in_both
def test_text_that_looks_like_an_event_is_none(decoded: Read) -> None:
    """Only an event's own name counts, not what its attributes hold."""
    made = Span.Event(name="message", attributes=attributes({"text": '{"name":"plan.status"}'}))
    batch = decoded(Signal.TRACES, traces(span(events=[made])))
    check(batch)

    assert not batch.violations


@pytest.mark.parametrize("key", ["p", "p" * 900])
def test_the_message_is_bounded(key: str) -> None:
    """The first five are named, the rest counted, in a thousand characters."""
    wrong = [told("plan.status", {"plan.key": key, "plan.status": "done"}, at=number) for number in range(7)]
    batch = read(Signal.LOGS, logs(*wrong))
    check(batch)

    assert len(message(batch)) <= MAX_MESSAGE
    assert message(batch).endswith(" (+2 more)")
    assert message(batch) == batch.message
