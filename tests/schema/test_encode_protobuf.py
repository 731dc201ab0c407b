"""Rows in protobuf: the same as in JSON."""

import orjson
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1 import trace_pb2 as t

from schema.encode import requests as encoded
from schema.encode_protobuf import body
from schema.signals import WIRE, Signal
from tests.support.corpus import ALL, source
from tests.support.derived import batches
from tests.support.otlp import items, read, read_json, read_twin
from tests.support.strategies import requests


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_both_encodings_say_the_same(signal: Signal, data: st.DataObject) -> None:
    """What is read from one is what is read from the other."""
    for request in encoded(signal, items(read_twin(signal, data.draw(requests[signal])))):
        binary = WIRE[signal].request.FromString(body(signal, request))

        assert read_json(signal, request).rows == read(signal, binary).rows


@pytest.mark.parametrize("name", ALL[::6])
def test_what_agents_sent_keeps_every_field(name: str) -> None:
    """Reading what was written in protobuf and writing it again gives the same text."""
    for batch in batches(source(name).requests):
        for request in encoded(batch.signal, items(batch)):
            binary = WIRE[batch.signal].request.FromString(body(batch.signal, request))
            (told,) = encoded(batch.signal, items(read(batch.signal, binary)))

            assert orjson.dumps(request) == orjson.dumps(told)


def test_ids_and_bytes_are_bytes() -> None:
    """Ids are written in hexadecimal in JSON, other bytes in base64."""
    span = {
        "traceId": "01" * 16,
        "spanId": "02" * 8,
        "name": "n",
        "attributes": [{"key": "b", "value": {"bytesValue": "AAE="}}],
    }
    request = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    (written,) = (
        WIRE[Signal.TRACES].request.FromString(body(Signal.TRACES, request)).resource_spans[0].scope_spans[0].spans
    )

    assert t.Span(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="n").trace_id == written.trace_id
    assert b"\2" * 8 == written.span_id
    assert b"\0\1" == written.attributes[0].value.bytes_value
    assert "n" == json_format.MessageToDict(written)["name"]
