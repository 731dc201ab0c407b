"""The gate: who is let in, and how guessing is slowed down."""

import inspect
import re

import pytest

from access import gate as source
from access.gate import FAILURES_A_SECOND, Gate
from access.tokens import Grant, Scope, hashed
from core.errors import Forbidden, TooOften, Unauthenticated

TOKEN = "first-token-0123456789"
OTHER = "zweites-tökén"
HERE = "127.0.0.1"


class Clock:
    """Hold the time."""

    now = 1000.0

    def __call__(self) -> float:
        """Give Unix seconds."""
        return self.now


def grant(token: str, *scopes: Scope, expires_at: float | None = None) -> Grant:
    """Grant a token; its id is its own text."""
    return Grant(token, hashed(token), frozenset(scopes or Scope), expires_at)


def test_without_tokens_everybody_is_let_in() -> None:
    """Nobody is asked, whatever is shown."""
    gate = Gate(clock=Clock())

    assert not gate.closed
    assert "anybody" == gate.check([], Scope.ADMIN, HERE).who
    assert "anybody" == gate.check(["Bearer whatever"], Scope.INGEST, HERE).who


def test_the_local_token_opens_and_does_not_close() -> None:
    """Who may read the lock file may do everything, and is known as that; others are asked only for other tokens."""
    for grants in ([], [grant(TOKEN)]):
        gate = Gate(grants, local=grant("local"), clock=Clock())

        assert bool(grants) == gate.closed
        assert "local" == gate.check(["Bearer local"], Scope.ADMIN, HERE).who


@pytest.mark.parametrize("shown", [f"Bearer {TOKEN}", f"bEARER  {TOKEN}", f"Bearer {OTHER}"])
def test_every_token_opens(shown: str) -> None:
    """Whatever the case of the scheme, ASCII or not; it is noted when it was shown."""
    gate = Gate([grant(TOKEN), grant(OTHER)], clock=Clock())

    assert {gate.check([shown], Scope.READ, HERE).who: 1000.0} == gate.used


@pytest.mark.parametrize(
    "shown",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        [f"Bearer {TOKEN[:-1]}"],
        [f"Bearer {TOKEN}x"],
        [f"Basic {TOKEN}"],
        [TOKEN],
        ["Bearer ü"],
        ["Bearer t\udcf6ken"],
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
    ],
)
def test_anything_else_is_refused_without_another_exception(shown: list[str]) -> None:
    """A missing, cut, foreign, doubled or non-ASCII token is refused like any other wrong one."""
    with pytest.raises(Unauthenticated):
        Gate([grant(TOKEN)], clock=Clock()).check(shown, Scope.READ, HERE)


def test_an_expired_or_revoked_token_is_a_wrong_one() -> None:
    """From the moment on; the answer does not tell them apart."""
    clock = Clock()
    gate = Gate([grant(TOKEN, expires_at=1001.0), grant(OTHER)], clock=clock)
    gate.check([f"Bearer {TOKEN}"], Scope.READ, HERE)
    clock.now = 1001.0
    gate.put([grant(TOKEN, expires_at=1001.0), grant("third")])

    for token in (TOKEN, OTHER):
        with pytest.raises(Unauthenticated, match="a bearer token is needed"):
            gate.check([f"Bearer {token}"], Scope.READ, HERE)


def test_a_token_is_for_its_scope() -> None:
    """What it is for and what is wanted are said."""
    gate = Gate([grant(TOKEN, Scope.INGEST)], clock=Clock())
    gate.check([f"Bearer {TOKEN}"], Scope.INGEST, HERE)

    with pytest.raises(Forbidden, match="this token is for ingest; what is asked for needs one for read"):
        gate.check([f"Bearer {TOKEN}"], Scope.READ, HERE)


def test_guessing_is_slowed_down_by_address() -> None:
    """Ten a second are told that they are wrong; the right token and other addresses are not disturbed."""
    clock = Clock()
    gate = Gate([grant(TOKEN)], clock=clock)

    def told(address: str) -> type[Exception]:
        with pytest.raises((Unauthenticated, TooOften)) as caught:
            gate.check(["Bearer guess"], Scope.INGEST, address)
        return caught.type

    assert [Unauthenticated] * FAILURES_A_SECOND + [TooOften] * 90 == [told(HERE) for _ in range(100)]
    assert Unauthenticated is told("10.0.0.1")
    gate.check([f"Bearer {TOKEN}"], Scope.INGEST, HERE)
    clock.now += 1

    assert Unauthenticated is told(HERE)


def test_addresses_that_failed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that failed longest ago is forgotten first."""
    monkeypatch.setattr(source, "ADDRESSES", 2)
    failures = source.Failures(Clock())
    for address in ("a", "b", "a", "c"):
        failures.count(address)

    assert ["a", "c"] == list(failures._counts)


def test_tokens_are_compared_in_constant_time() -> None:
    """No code compares a secret with ==."""
    text = inspect.getsource(source)

    assert "compare_digest" in text
    assert not re.search(r"(token|given|hash)\w*\s*[!=]=", text)
