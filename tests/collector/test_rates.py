"""A sender has its share of requests, and hears when to come again; nobody else notices."""

from pathlib import Path

import grpc
from google.rpc.error_details_pb2 import RetryInfo

from access.tokens import ANYBODY, LOCAL, By
from collector.rates import SENDERS, Rates
from core.errors import RateLimited
from schema.signals import WIRE, Signal
from tests.support import build
from tests.support.clients import PROTOBUF, export, post
from tests.support.service import running


class Clock:
    """Be turned by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Give seconds."""
        return self.now


def refused(rates: Rates, by: By, times: int) -> int:
    """Count how many of some requests are refused."""
    found = []
    for _ in range(times):
        try:
            rates.check(by)
        except RateLimited as error:
            found.append(error.retry_after_s)
    assert all(0 < delay <= 1 for delay in found)
    return len(found)


def test_a_sender_has_its_share_and_a_burst() -> None:
    """Two seconds' worth at once, then as time goes on; a token is one sender wherever it comes from."""
    clock = Clock()
    rates = Rates(10, clock=clock)
    assert 5 == refused(rates, By("t-1", "10.0.0.1"), 25)
    assert 5 == refused(rates, By("t-1", "10.0.0.2"), 5)
    assert 0 == refused(rates, By("t-2", "10.0.0.1"), 20)
    clock.now += 0.5
    assert 1 == refused(rates, By("t-1", "10.0.0.1"), 6)


def test_who_shows_no_token_is_known_by_its_address() -> None:
    """Each address has its own share; commands on the same machine are not counted, nor is anybody without a bound."""
    rates = Rates(1, clock=Clock())
    assert 1 == refused(rates, By(ANYBODY, "10.0.0.1"), 3)
    assert 1 == refused(rates, By(ANYBODY, "10.0.0.2"), 3)
    assert 0 == refused(rates, By(LOCAL, "127.0.0.1"), 50)
    assert 0 == refused(Rates(0, clock=Clock()), By(ANYBODY, "10.0.0.1"), 50)


def test_few_senders_are_remembered() -> None:
    """Memory is bounded whatever addresses there are."""
    rates = Rates(1, clock=Clock())
    for number in range(SENDERS + 10):
        rates.check(By(ANYBODY, str(number)))

    assert SENDERS == len(rates._left)


def test_both_ports_say_when_to_come_again(tmp_path: Path) -> None:
    """HTTP answers 429 with Retry-After, gRPC RESOURCE_EXHAUSTED with RetryInfo in both trailers; the books balance."""
    with running(tmp_path / "kept.db", collector__limits__requests_per_second="0.001") as service:
        body = build.body(Signal.TRACES, 1)
        assert 200 == post(service, WIRE[Signal.TRACES].path, body).status
        told = post(service, WIRE[Signal.TRACES].path, body, PROTOBUF)
        assert (429, "1", grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]) == (
            told.status,
            told.headers["retry-after"],
            told.error.code,
        )
        answers = [export(service, Signal.TRACES, body) for _ in range(2)]
        assert grpc.StatusCode.RESOURCE_EXHAUSTED is answers[-1].code
        delay = RetryInfo.FromString(bytes(answers[-1].trailers["google.rpc.retryinfo-bin"]))  # type: ignore[arg-type]  # a -bin trailer is bytes
        assert 1 == delay.retry_delay.seconds
        assert "grpc-status-details-bin" in answers[-1].trailers
