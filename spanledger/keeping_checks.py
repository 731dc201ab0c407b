"""Look into what a database keeps and forgets, for `spanledger doctor`."""

import time

from core.errors import Misconfigured
from retention.agreement import agreement
from retention.looking import last_look, look_text
from retention.moments import iso
from spanledger.config import Config
from spanledger.findings import FAIL, OK, WARN, Finding, Findings
from spanledger.options import database, reading
from spanledger.terminal import human_bytes
from store import backup, soundness
from store.old import SqliteOldSide

OFTEN = 1_000
LONG = 2 * 24 * 3600 * 1_000_000_000


def retention(config: Config) -> Findings:
    """Say whether the configured rules are in force, and whether the last sweeps did what they should."""
    if not database(config).exists():
        return
    side = SqliteOldSide(database(config))
    try:
        told = agreement(config.retention, side.state())
    finally:
        unfinished = [hash_ for hash_, begun_at in side.rows("unfinished") if begun_at < iso(time.time_ns() - LONG)]
        side.close()
    if unfinished:
        text = "something was erased, and bytes or archived records of it are left"
        yield Finding(
            "erase", WARN, text, "`spanledger retention run` goes on with it; the log says what is in its way"
        )
    with reading(config) as read:
        last = {(row["rule"], row["what"]): row for row in reversed(read.report("sweeps", limit=OFTEN))}
    if told.pending and not told.is_first:
        text = f"rules are not agreed to, the earlier ones hold: {'; '.join(told.pending)}"
        yield Finding("retention", WARN, text, "look at `spanledger retention plan`, then `spanledger retention run`")
    for row in last.values():
        if row["trouble"] or row["left_behind"]:
            text = row["trouble"] or f"{row['left_behind']} rows of {row['what']} should be gone by {row['rule']}"
            yield Finding("retention", WARN, f"the sweep of {row['started_at']}: {text}", "`spanledger retention run`")
            return
    if not told.pending or told.is_first:
        kept = config.retention.model_dump(mode="json")
        yield Finding("retention", OK, f"raw {kept['raw']}, content {kept['content']}, rows {kept['rows']}")


def tables(config: Config) -> Findings:
    """Say what the weekly look of the running collector found."""
    if not database(config).exists():
        return
    side = SqliteOldSide(database(config))
    try:
        told = last_look(side.state())
    finally:
        side.close()
    if told is None:
        return
    if told["faults"]:
        yield Finding("tables", FAIL, look_text(told), "stop the collector and `spanledger restore` a backup")
    else:
        yield Finding("tables", OK, look_text(told))


def damaged(config: Config) -> Findings:
    """Say which databases were found damaged and put aside."""
    for path in soundness.put_aside_before(database(config)):
        text = f"{path} was found damaged and put aside"
        yield Finding("damaged", WARN, text, "read what can be read of it with `spanledger export`, then delete it")


def integrity(config: Config) -> Findings:
    """Read the whole database: its structure, its indexes and its books."""
    path = database(config)
    if not path.exists():
        return
    try:
        copy = backup.check(path)
    except Misconfigured as error:
        yield Finding("integrity", FAIL, str(error), "stop the collector and `spanledger restore` a backup")
    else:
        yield Finding("integrity", OK, f"{human_bytes(copy.bytes)} read, sound, and the books add up")
