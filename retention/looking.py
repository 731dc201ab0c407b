"""Look through the database once a week, table by table: damage is found while there are backups without it."""

from typing import Any, Final

import orjson

from retention.moments import SECOND, iso
from retention.sweep import Sweep
from schema.derived import Step
from store.forgetting import Piece

WEEK: Final = 7 * 24 * 3600 * SECOND
TABLE_S: Final = 10.0
"""While a table is looked at the log cannot be folded; what takes longer is left to `spanledger doctor --integrity`."""
LOOKED: Final = "looked_through"


def looked(sweep: Sweep) -> list[str]:
    """Look through it if a week has passed, or it was damaged the last time; say what is."""
    told = last_look(sweep.side.state())
    if told is None or told["faults"] or not told["at"] <= sweep.now < told["at"] + WEEK:
        found = sweep.side.look_through(seconds=TABLE_S, stopped=sweep.stopped)
        if sweep.stopped():
            return []
        told = {"at": sweep.now, "faults": list(found.faults), "unread": list(found.unread)}
        sweep.do(Piece(steps=[Step("set_retention", {"key": LOOKED, "value": orjson.dumps(told).decode()})]))
    return [f"the database is damaged: {fault}; stop the collector and restore a backup" for fault in told["faults"]]


def last_look(state: dict[str, str]) -> dict[str, Any] | None:
    """Give when it was looked through last, `at`, and what was found; None when it never was."""
    told: dict[str, Any] | None = orjson.loads(state.get(LOOKED, "null"))
    return told


def look_text(told: dict[str, Any]) -> str:
    """Say what a look found."""
    if told["faults"]:
        return f"looked through {iso(told['at'])}: {'; '.join(told['faults'])}"
    left = f"; too large to look at beside other work: {', '.join(told['unread'])}" if told["unread"] else ""
    return f"looked through {iso(told['at'])}: sound{left}"
