"""Look through the database once a week, table by table: damage is found while there are backups without it.

A look holds the log and takes a processor: it is done when nothing waits to be derived from, or else a week later.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from retention.moments import SECOND, iso
from retention.sweep import Sweep
from schema.derived import Step
from store.forgetting import Piece

WEEK: Final = 7 * 24 * 3600 * SECOND
TABLE_S: Final = 3.0
"""While a table is looked at the log cannot be folded; what takes longer is left to `spanledger doctor --integrity`."""
LOOKED: Final = "looked_through"
WAITS: Final = "look_waits"
"""Since when a look waits for a quiet moment; null when none does."""


def look_if_due(sweep: Sweep, *, is_quiet: bool) -> None:
    """Look through it if a week has passed, or it was damaged the last time, unless that can wait."""
    state = sweep.side.state()
    if not _is_due(last_look(state), sweep.now) or not (is_quiet or _has_waited(sweep, state)):
        return
    found = sweep.side.look_through(seconds=TABLE_S, stopped=sweep.stopped)
    if not sweep.stopped():
        _note(sweep, {LOOKED: {"at": sweep.now, "faults": found.faults, "unread": found.unread}, WAITS: None})


def _is_due(told: Mapping[str, Any] | None, now: int) -> bool:
    return told is None or bool(told["faults"]) or not told["at"] <= now < told["at"] + WEEK


def _has_waited(sweep: Sweep, state: Mapping[str, str]) -> bool:
    """Say whether a look has waited for as long as it may; note when it began to."""
    since: int | None = orjson.loads(state.get(WAITS, "null"))
    if since is None or sweep.now < since:
        _note(sweep, {WAITS: sweep.now})
        return False
    return sweep.now >= since + WEEK


def _note(sweep: Sweep, told: Mapping[str, Any]) -> None:
    values = [{"key": key, "value": orjson.dumps(value).decode()} for key, value in told.items()]
    sweep.do(Piece(steps=[Step("set_retention", value) for value in values]))


def damage(state: Mapping[str, str]) -> list[str]:
    """Say what the last look found damaged, and what to do."""
    told = last_look(state)
    faults = told["faults"] if told else ()
    return [f"the database is damaged: {fault}; stop the collector and restore a backup" for fault in faults]


def last_look(state: Mapping[str, str]) -> dict[str, Any] | None:
    """Give when it was looked through last, `at`, and what was found; None when it never was."""
    told: dict[str, Any] | None = orjson.loads(state.get(LOOKED, "null"))
    return told


def look_text(told: Mapping[str, Any]) -> str:
    """Say what a look found."""
    if told["faults"]:
        return f"looked through {iso(told['at'])}: {'; '.join(told['faults'])}"
    left = f"; too large to look at beside other work: {', '.join(told['unread'])}" if told["unread"] else ""
    return f"looked through {iso(told['at'])}: sound{left}"
