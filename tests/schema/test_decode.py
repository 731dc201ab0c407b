"""Decoding as a whole: two encodings, one result; nothing escapes but what was agreed."""

from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TooLarge, Undecodable
from schema.decode import MAX_MESSAGE_CHARS, decode, fingerprint, message
from schema.rows import Batch, Rejection
from schema.signals import Signal
from tests.support.otlp import RECEIVED_AT, read, read_json, requests, twin, twin_bytes

ENCODINGS = ("protobuf", "json")


def _body(encoding: str, request: Message) -> bytes:
    return request.SerializeToString() if encoding == "protobuf" else twin_bytes(request)


def _told(batch: Batch) -> list[tuple[str, str, str]]:
    return [(rejection.position, rejection.reason, rejection.message) for rejection in batch.rejections]


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
def test_C01_the_same_data_in_both_encodings_gives_identical_rows(signal: Signal, data: st.DataObject) -> None:
    """A request and its JSON twin decode into the same rows, resources, scopes and rejections."""
    request = data.draw(requests[signal])
    expected, found = _outcome(signal, request), _json_outcome(signal, request)

    assert expected == found


def _outcome(signal: Signal, request: Message) -> Any:
    try:
        batch = read(signal, request)
    except Undecodable:
        return "undecodable"
    return batch.rows, batch.resources, batch.scopes, _told(batch)


def _json_outcome(signal: Signal, request: Message) -> Any:
    batch = read_json(signal, twin(request))
    return batch.rows, batch.resources, batch.scopes, _told(batch)
