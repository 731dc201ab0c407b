"""Guessing what a sender meant."""

import pytest

from schema.hints import other_signal, wrong_format, wrong_json
from schema.signals import Signal
from tests.support import build

CROSSED = [(sent, to) for sent in Signal for to in Signal if sent is not to]


@pytest.mark.parametrize(("sent", "to"), CROSSED)
def test_another_signals_request_is_recognised(sent: Signal, to: Signal) -> None:
    """A request of one signal is named for what it is when it arrives as another's."""
    assert sent is other_signal(to, build.body(sent))


@pytest.mark.parametrize("signal", Signal)
def test_the_signals_own_request_is_no_other(signal: Signal) -> None:
    """A request is never taken for another signal's when it is its own, nor is garbage."""
    assert other_signal(signal, build.body(signal)) is None
    assert other_signal(signal, b"hello") is None
    assert other_signal(signal, b"") is None


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b' {"a":1}', "; it looks like JSON: send it with Content-Type: application/json"),
        (b"[1]", "; it looks like JSON: send it with Content-Type: application/json"),
        (b"<html>", "; it looks like HTML or XML"),
        (b"\x1f\x8b\x08", "; it looks like gzip: send it with Content-Encoding: gzip"),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_protobuf_is_described(body: bytes, hint: str) -> None:
    """JSON, HTML and gzip are known by how they begin."""
    assert hint == wrong_format(body)


@pytest.mark.parametrize("signal", Signal)
def test_row_4_protobuf_sent_as_json_is_recognised(signal: Signal) -> None:
    """A protobuf request of any signal is known when JSON was announced."""
    expected = "; it looks like protobuf: send it with Content-Type: application/x-protobuf"

    assert expected == wrong_json(build.body(signal))


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ('{"a":1}'.encode("utf-16"), "; it looks like UTF-16: send UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "; it looks like UTF-16: send UTF-8"),
        ('{"a":1}'.encode("utf-16-be"), "; it looks like UTF-16: send UTF-8"),
        (b"<html>", "; it looks like HTML or XML"),
        (b"\x1f\x8b\x08", "; it looks like gzip: send it with Content-Encoding: gzip"),
        (b"a=1&b=2", ""),
    ],
)
def test_a_body_that_is_no_json_is_described(body: bytes, hint: str) -> None:
    """Other charsets, HTML and gzip are known by how they begin."""
    assert hint == wrong_json(body)


def test_a_flood_is_not_parsed_to_guess_what_it_is() -> None:
    """Guessing costs no more than parsing would be allowed to."""
    assert other_signal(Signal.TRACES, b"\x0a\x00" * 1_000_000) is None
