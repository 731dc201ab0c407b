"""Mirror of schema/protobuf_write.py: the same messages as by way of OTLP/JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.encode import requests as encoded
from schema.encode_protobuf import body
from schema.protobuf_write import request
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.corpus import ALL, source
from tests.support.derived import batches
from tests.support.otlp import items, read, read_twin
from tests.support.strategies import requests


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_it_says_the_same(signal: Signal, data: st.DataObject) -> None:
    """Whatever was kept, both ways give the same message."""
    held = items(read_twin(signal, data.draw(requests[signal])))
    if not held:
        return
    (told,) = encoded(signal, held, max_items=len(held))
    parse = WIRE[signal].request.FromString

    assert parse(body(signal, told)) == parse(request(signal, held))


@pytest.mark.parametrize("name", ALL[::4])
def test_what_agents_sent_is_said_the_same(name: str) -> None:
    """Over requests of several resources and scopes."""
    for batch in batches(source(name).requests):
        if held := items(batch):
            (told,) = encoded(batch.signal, held, max_items=len(held))
            parse = WIRE[batch.signal].request.FromString
            assert parse(body(batch.signal, told)) == parse(request(batch.signal, held))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_097_152])
def test_any_length_is_written(size: int) -> None:
    """Lengths of one byte to four."""
    sent = build.traces(build.span(name="n", attributes=build.attributes({"k": "x" * size, "é" * 70: size})))
    held = items(read(Signal.TRACES, sent))
    written = WIRE[Signal.TRACES].request.FromString(request(Signal.TRACES, held))
    (span,) = written.resource_spans[0].scope_spans[0].spans

    assert {"k": "x" * size} == {one.key: one.value.string_value for one in span.attributes if one.key == "k"}
    assert {size} == {one.value.int_value for one in span.attributes if one.key != "k"}


@pytest.mark.parametrize("kind", [-1, 7, 128, 300])
def test_kinds_that_otlp_does_not_know_are_written(kind: int) -> None:
    """As numbers of any length."""
    held = items(read(Signal.TRACES, build.traces(build.span(name="n", kind=kind))))
    written = WIRE[Signal.TRACES].request.FromString(request(Signal.TRACES, held))

    assert kind == written.resource_spans[0].scope_spans[0].spans[0].kind


def test_what_is_no_number_of_64_bits_is_not_written() -> None:
    """As the other way, which raises ValueError too."""
    (item,) = items(read(Signal.TRACES, build.traces(build.span(name="n"))))
    with pytest.raises(ValueError, match="64 bits"):
        request(Signal.TRACES, [item | {"attributes": f'{{"k": {1 << 63}}}'}])
