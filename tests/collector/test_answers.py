"""Mirror of collector/answers.py: the bytes on the wire, as other implementations read them."""

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from collector.answers import answer, retry_after, status, success, trailers
from core.errors import Overloaded, TooLarge, Undecodable
from schema.signals import Signal


def test_partial_success_on_the_wire() -> None:
    """The bytes are those that the specification's messages have."""
    assert success(Signal.TRACES, "protobuf", rejected=3, message="m").hex() == "0a05080312016d"
    assert success(Signal.TRACES, "protobuf", rejected=0, message="m").hex() == "0a0312016d"
    assert success(Signal.TRACES, "json", rejected=3, message="m") == (
        b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"m"}}'
    )


@pytest.mark.parametrize("signal", Signal)
def test_full_success_is_empty(signal: Signal) -> None:
    """Nothing is said when there is nothing to say."""
    assert success(signal, "protobuf", rejected=0, message="") == b""
    assert success(signal, "json", rejected=0, message="") == b"{}"


def test_status_on_the_wire() -> None:
    """An error is a Status in either encoding."""
    told = answer(TooLarge("bad"))

    assert status(told, "protobuf").hex() == "08081203626164"
    assert status(told, "json") == b'{"code":8,"message":"bad"}'


def test_an_unknown_error_says_nothing_of_itself() -> None:
    """The text of an error that is not ours stays here."""
    told = answer(ValueError("secret"))

    assert (told.http, told.grpc.name) == (500, "INTERNAL")
    assert "secret" not in told.message


@pytest.mark.parametrize(("seconds", "header"), [(0.25, "1"), (1.0, "1"), (1.2, "2"), (60.0, "5")])
def test_the_delay_is_whole_seconds_from_one_to_five(seconds: float, header: str) -> None:
    """Zero makes clients hammer, more than five makes them give up."""
    assert retry_after(answer(Overloaded("x", retry_after_s=seconds))) == header


def test_the_delay_stands_where_each_client_looks() -> None:
    """Python reads one trailer, Go the other."""
    found = dict(trailers(answer(Overloaded("x", retry_after_s=0.25))))
    packed = RetryInfo()

    assert Status.FromString(found["grpc-status-details-bin"]).details[0].Unpack(packed)
    assert packed == RetryInfo.FromString(found["google.rpc.retryinfo-bin"])
    assert packed.retry_delay.nanos == 250_000_000


def test_a_permanent_error_has_no_delay() -> None:
    """Only what may be sent again says when."""
    assert [key for key, _ in trailers(answer(Undecodable("x")))] == ["grpc-status-details-bin"]
