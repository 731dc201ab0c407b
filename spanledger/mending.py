"""Start in spite of a damaged database: put it aside, say so, and let nobody in who could not come in before."""

from collections.abc import Sequence
from typing import Any, Final

import structlog

from core.errors import Misconfigured
from schema.derived import Changes, Step
from store import soundness
from store.config import Store

log = structlog.get_logger()

LOOK_S: Final = 0.3
"""So long a start after a crash looks; senders wait for it."""
WHAT_TO_DO: Final = (
    "restore a backup with `spanledger restore FILE`, or read what can be read: `spanledger export --db {}`"
)


def mended(config: Store, *, is_guarded: bool, now: float) -> Sequence[dict[str, Any]]:
    """Look at a database after an unclean end, and put a damaged one aside; give the tokens that hold on.

    Raise Misconfigured when the configuration wants that decided by somebody, and when its tokens cannot be read
    unless the configuration has some itself (`is_guarded`): a database without any lets everybody in.
    """
    path = config.path
    assert path is not None, "the configuration always has a path by now"
    fault = soundness.fault_in(path, seconds=LOOK_S)
    if not fault:
        return []
    tokens = soundness.tokens_in(path)
    if tokens is None and is_guarded:
        tokens = []
    if config.broken == "refuse" or tokens is None:
        why = "" if tokens is not None else ", and who may come in cannot be read from it"
        raise Misconfigured(
            f"{path} is damaged ({fault}){why}; nothing was changed. Now {WHAT_TO_DO.format(path)};"
            " or move it away, and a new one is begun"
        )
    aside = soundness.put_aside(path, now=now)
    log.error("the database is damaged; a new one is begun", fault=fault, kept_as=str(aside))
    log.error(f"to have the old one back, {WHAT_TO_DO.format(aside)}")
    return [token for token in tokens if token["revoked_at"] is None]


def letting_in(tokens: Sequence[dict[str, Any]]) -> Changes:
    """Let in whom the damaged database let in."""
    names = ("id", "name", "scopes", "created_at", "expires_at")
    told = [{**{name: token[name] for name in names}, "hash": token["hash"].hex()} for token in tokens]
    return Changes(steps=[Step("add_token", one) for one in told])
