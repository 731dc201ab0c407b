"""Tokens over HTTP: what is answered to whom asks for what cannot be."""

from tests.support.api import ask
from tests.support.service import Running


def test_a_token_is_made_listed_and_revoked(service: Running) -> None:
    """Its text is in one answer alone; before there is one, everybody may make it."""
    made = ask(service, "/tokens", method="POST", body={"name": "ci", "scopes": "ingest,read"}, status=201)

    assert made["token"].startswith("sl_read_")
    assert ("ci", "ingest,read") == (made["name"], made["scopes"])
    assert 401 == ask(service, "/tokens", status=401)["status"]


def test_what_cannot_be_is_told(service: Running) -> None:
    """An unknown scope, a time that is past, a name that is missing, a token that is not there."""
    wrong = ({"name": "x", "scopes": "all"}, {"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, {"scopes": "read"})
    told = [ask(service, "/tokens", method="POST", body=body, status=400)["detail"] for body in wrong]

    assert "scope 'all' is not known; use one or more of ingest, read, admin" == told[0]
    assert "which is past" in told[1]
    assert "name is missing" in told[2]
    assert "there is no token 'nobody'" in ask(service, "/tokens/nobody", method="DELETE", status=404)["detail"]
    assert {"tokens": []} == ask(service, "/tokens")
