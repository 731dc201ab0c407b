"""Answer `spanledger token` and `spanledger audit`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.times import iso
from core.section import seconds
from spanledger.config import Config
from spanledger.hands import holding, write
from spanledger.options import database, reading
from spanledger.sinks import daemon
from spanledger.terminal import note, say, say_json, table
from store import lock

TOKEN_HEAD: Final = ("id", "name", "for", "made", "expires", "last used", "state")
AUDIT_HEAD: Final = ("UTC", "who", "from", "did", "with")
DAY: Final = 10
MINUTE: Final = 16


def make(config: Config, name: str, *, scopes: str, expires: str | None, as_json: bool) -> None:
    """Make a token and show it, this once."""
    values = {"name": name, "scopes": scopes, "expires_at": _expiry(expires)}
    answer = write("make_token", values, db=config.store.path)
    if as_json:
        say_json(answer)
        return
    say(answer["token"])
    note(f"token {answer['id']} for {answer['scopes']}; {answer['note']}")


def revoke(config: Config, number: str, *, as_json: bool) -> None:
    """Let a token in no more."""
    answer = write("revoke_token", {"token_id": number}, db=config.store.path)
    if as_json:
        say_json(answer)
    else:
        say(f"token {number} is revoked")


def show_list(config: Config, *, as_json: bool) -> None:
    """List the tokens that were made."""
    rows = _tokens(config)
    if as_json:
        say_json(rows)
    elif rows:
        say(table(TOKEN_HEAD, [_line(row) for row in rows]))
    else:
        say("none were made, so everybody who can connect may do everything; `spanledger token make NAME` makes one")


def audit(config: Config, *, limit: int, as_json: bool) -> None:
    """List who changed what, the newest first."""
    with reading(config) as side:
        rows = side.report("audit", limit=limit)
    if as_json:
        say_json(rows)
    elif rows:
        shown = [(row["at"][:19], row["who"], row["address"], row["action"], row["detail"]) for row in rows]
        say(table(AUDIT_HEAD, shown))
    else:
        say("nothing was changed by hand yet")


def _tokens(config: Config) -> list[dict[str, Any]]:
    holder = lock.read(database(config))
    if holder is not None and holder.http is not None:
        with daemon(config, holder) as sink:
            found: list[dict[str, Any]] = sink.ask("GET", "/api/v1/tokens", b"")["tokens"]
            return found
    with holding(config) as side:
        return [{name: row[name] for name in row if name != "hash"} for row in side.tokens()]


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    state = "revoked" if row["revoked_at"] else "expired" if _is_past(row["expires_at"]) else "good"
    used = (row["last_used_at"] or "never")[:MINUTE]
    return (
        row["id"],
        row["name"],
        row["scopes"],
        row["created_at"][:DAY],
        (row["expires_at"] or "never")[:DAY],
        used,
        state,
    )


def _is_past(time: str | None) -> bool:
    return time is not None and time <= iso(datetime.now(UTC))


def _expiry(text: str | None) -> str | None:
    return iso(datetime.now(UTC) + timedelta(seconds=seconds(text))) if text else None
