"""Look through the database once a week, table by table: damage is found while there are backups without it."""

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


def look_if_due(sweep: Sweep) -> None:
    """Look through it if a week has passed, or it was damaged the last time."""
    told = last_look(sweep.side.state())
    if told is not None and not told["faults"] and told["at"] <= sweep.now < told["at"] + WEEK:
        return
    found = sweep.side.look_through(seconds=TABLE_S, stopped=sweep.stopped)
    if not sweep.stopped():
        told = {"at": sweep.now, "faults": found.faults, "unread": found.unread}
        sweep.do(Piece(steps=[Step("set_retention", {"key": LOOKED, "value": orjson.dumps(told).decode()})]))


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
