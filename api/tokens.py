"""Make writes about who may come in: make a token, revoke one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from access.tokens import Scope, hashed, make, scopes_of
from api.answers import typed, word
from api.bodies import fields
from api.checks import Fields
from api.times import iso
from api.writing import Moment, Write, telling
from core.errors import Invalid
from schema.derived import Changes, Step

ID_CHARACTERS: Final = 8
SHOWN_ONCE: Final = "keep the token now: it is shown this once, and only its hash is stored"

MADE: Final = fields(
    (
        ("name", "id!", "What it is for, for people."),
        ("scopes", "text", "What it may do, with commas between: ingest, read, admin; by default ingest."),
        ("expires_at", "time", "Until when it lets in; by default for good."),
    )
)
REVOKED: Final = fields((("token_id", "id!", "The token's id."),))
TOLD: Final = {
    "id": word("The token's id."),
    "name": word("What it is for."),
    "scopes": word("What it may do, with commas between."),
    "expires_at": typed("string", "Until when it lets in."),
    "token": word("The token itself."),
    "note": word("What to do with it."),
}


def put(values: Mapping[str, Any], moment: Moment) -> Write:
    """Make a token for some scopes (`ingest` unless told); the answer holds it, and nothing else ever will."""
    told = Fields(values, known=MADE)
    scopes = scopes_of(told.text("scopes") or Scope.INGEST)
    expires_at = told.time("expires_at")
    if expires_at is not None and expires_at <= moment.now:
        raise Invalid(f"expires_at is {expires_at}, which is past; a time to come is wanted")
    token = make(scopes, moment.random)
    digest = hashed(token).hex()
    bound = {
        "id": digest[:ID_CHARACTERS],
        "name": told.needed("name"),
        "scopes": ",".join(sorted(scopes)),
        "hash": digest,
        "created_at": moment.now,
        "expires_at": expires_at,
    }
    shown = {name: bound[name] for name in ("id", "name", "scopes", "expires_at")}
    return Write(Changes(steps=[Step("add_token", bound)]), telling(**shown, token=token, note=SHOWN_ONCE))


def revoke(values: Mapping[str, Any], moment: Moment) -> Write:
    """Let a token in no more; that holds for requests from then on, within a second."""
    number = Fields(values, known=REVOKED).needed("token_id")
    missing = f"there is no token {number!r} that is not revoked; `spanledger token list` shows all"
    step = Step("revoke_token", {"id": number, "at": moment.now}, missing)
    return Write(Changes(steps=[step]), telling(id=number, revoked_at=moment.now))


def use(used: Mapping[str, float]) -> Changes:
    """Note when tokens were last shown, by their ids, in Unix seconds."""
    return Changes(
        steps=[Step("use_token", {"id": name, "at": iso(datetime.fromtimestamp(at, UTC))}) for name, at in used.items()]
    )
