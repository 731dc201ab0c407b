"""What a far side answers over HTTP, and what that means."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from core.errors import Refused, TooLarge, TryAgain
from exporters.exporter import Taken
from exporters.otlp_http import HttpExporter
from schema.signals import Signal
from tests.exporters.far import Act, endless, far, partial, reset, status, taken
from tests.support import build

REQUEST = build.traces(build.span(name="a"), build.span(name="b")).SerializeToString()


def exporter(url: str, *, compress: bool = True, timeout_s: float = 5.0) -> HttpExporter:
    """Send to a URL."""
    headers = {"Authorization": "Bearer t"}
    return HttpExporter(url, headers=headers, compress=compress, verify=True, timeout_s=timeout_s)


@pytest.fixture
def hung() -> Iterator[Act]:
    """Answer nothing until the test is over."""
    over = threading.Event()

    def act(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        over.wait(30)
        handler.close_connection = True

    yield act
    over.set()


@pytest.mark.parametrize("compress", [True, False])
def test_a_request_arrives_with_its_headers(*, compress: bool) -> None:
    """In protobuf, compressed or not, under the path of its signal below the endpoint's own."""
    with far() as side:
        sender = exporter(side.url, compress=compress)
        assert Taken() == sender.send(Signal.TRACES, REQUEST)
        sender.close()

    assert ["a", "b"] == side.names()
    (headers,) = side.headers
    assert ("Bearer t", "application/x-protobuf") == (headers["authorization"], headers["content-type"])
    assert compress == ("content-encoding" in headers)


def test_what_the_far_side_refuses_of_a_request_is_counted() -> None:
    """Its words go along."""
    with far(partial(1)) as side:
        assert Taken(1, "too old") == exporter(side.url).send(Signal.TRACES, REQUEST)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_trouble_that_passes_is_tried_again(code: int) -> None:
    """After the time that is asked for."""
    with far(status(code, Retry_After="7")) as side, pytest.raises(TryAgain, match=f"HTTP {code}") as caught:
        exporter(side.url).send(Signal.TRACES, REQUEST)

    assert caught.value.retry_after_s == (7 if code != 500 else 1)


@pytest.mark.parametrize("code", [301, 302, 307, 308, 401, 403, 404])
def test_what_somebody_must_mend_loses_nothing(code: int) -> None:
    """It is tried again much later; no redirect is followed, wherever it leads."""
    with far(status(code, Location="http://169.254.169.254/latest"), taken) as side:
        with pytest.raises(TryAgain, match="look at its endpoint and headers") as caught:
            exporter(side.url).send(Signal.TRACES, REQUEST)

        assert [] == side.requests
    assert 30 == caught.value.retry_after_s


def test_a_request_too_large_and_a_wrong_one_are_told_apart() -> None:
    """A smaller one may be taken; a wrong one never will."""
    with far(status(413)) as side, pytest.raises(TooLarge):
        exporter(side.url).send(Signal.TRACES, REQUEST)
    with far(status(400)) as side, pytest.raises(Refused) as caught:
        exporter(side.url).send(Signal.TRACES, REQUEST)

    assert Refused is caught.type


def test_a_connection_that_is_cut_or_silent_is_tried_again(hung: Act) -> None:
    """Nobody knows what became of it, so it is sent once more."""
    with far(reset) as side, pytest.raises(TryAgain, match="does not answer"):
        exporter(side.url).send(Signal.TRACES, REQUEST)
    with far(hung) as side, pytest.raises(TryAgain, match="does not answer: ReadTimeout"):
        exporter(side.url, timeout_s=0.3).send(Signal.TRACES, REQUEST)


def test_nobody_there_is_tried_again() -> None:
    """A port on which nobody listens."""
    with far() as side:
        url = side.url
    with pytest.raises(TryAgain, match="does not answer: ConnectionError"):
        exporter(url).send(Signal.TRACES, REQUEST)


def test_no_more_than_a_little_of_an_answer_is_read() -> None:
    """A gigabyte takes neither time nor memory."""
    with far(endless) as side:
        began = time.monotonic()

        assert 0 == exporter(side.url).send(Signal.TRACES, REQUEST).refused
        assert time.monotonic() - began < 5


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxies nor the credentials of a .netrc are used."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with far() as side:
        exporter(side.url).send(Signal.TRACES, REQUEST)

    assert ["a", "b"] == side.names()
