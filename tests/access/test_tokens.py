"""Tokens are made, hashed, and say what they are for."""

import pytest

from access.tokens import Grant, Scope, hashed, make, scopes_of
from core.errors import Invalid


def test_a_token_names_its_widest_scope_and_holds_256_bits() -> None:
    """Scanners for leaked secrets know it by its beginning."""
    token = make({Scope.READ, Scope.INGEST}, lambda count: bytes(range(count)))

    assert "sl_read_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" == token


def test_tokens_differ() -> None:
    """The randomness is the caller's."""
    given = iter((b"a" * 32, b"b" * 32))

    assert make({Scope.INGEST}, lambda _count: next(given)) != make({Scope.INGEST}, lambda _count: next(given))


def test_any_text_can_be_hashed() -> None:
    """What a header holds need not be Unicode."""
    assert 32 == len(hashed("t\udcf6ken")) == len(hashed("tökén"))


@pytest.mark.parametrize(
    ("held", "opened"),
    [({Scope.INGEST}, "ingest"), ({Scope.READ}, "read"), ({Scope.READ, Scope.INGEST}, "ingest read")],
)
def test_a_scope_opens_itself_alone(held: set[Scope], opened: str) -> None:
    """Only `admin` opens everything."""
    grant = Grant("id", b"", frozenset(held))

    assert opened.split() == [scope for scope in Scope if grant.opens(scope)]
    assert all(Grant("id", b"", frozenset({Scope.ADMIN})).opens(scope) for scope in Scope)


def test_scopes_are_read_from_words() -> None:
    """They are words with commas; another word is told with those that there are."""
    assert {Scope.READ, Scope.INGEST} == scopes_of("read, ingest")
    with pytest.raises(Invalid, match="scope 'all' is not known; use one or more of ingest, read, admin"):
        scopes_of("all")
