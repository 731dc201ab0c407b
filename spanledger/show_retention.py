"""Answer `spanledger retention`: what would go, have it done, what went, what is pinned."""

import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import click

from api.operations import PREFIX
from core.errors import AlreadyRunning
from retention.agreement import rules_text
from retention.archive import archiving
from retention.erasing import Erasing
from retention.finding import unless_awaited
from retention.rounds import Around, go_round, planned
from retention.sweep import Hand, Pace, Sweep
from spanledger import looking_back
from spanledger.config import Config
from spanledger.erasing import Here
from spanledger.hands import write
from spanledger.options import NotFound, database, reading
from spanledger.sinks import daemon, patiently
from spanledger.terminal import Progress, human_bytes, note, say, say_json, table
from store import lock
from store.disk import free_bytes
from store.lock import Lock
from store.old import SqliteOldSide
from store.sqlite import SqliteWriteSide

FAILED: Final = 1
LOOK_S: Final = 0.3
PATH: Final = f"{PREFIX}/retention"
KINDS: Final = {
    "raw_spans": "spans",
    "raw_logs": "log records",
    "raw_points": "metric points",
    "span_texts": "texts of spans",
    "log_texts": "texts of log records",
    "entry_texts": "texts of entries",
    "tool_texts": "texts of tool calls",
    "event_texts": "texts of events",
    "job_texts": "texts of jobs",
    "sessions": "sessions with all of theirs",
    "loose_entries": "entries of no session",
    "loose_model_calls": "model calls of no session",
    "loose_tool_calls": "tool calls of no session",
    "loose_events": "events of no session",
    "loose_jobs": "jobs of no session",
}


def show_plan(config: Config, *, as_json: bool) -> None:
    """Show what would go now."""
    told = _plan(config)
    if as_json:
        say_json(told)
        return
    say(_lines(told["lines"]) if told["lines"] else "nothing is old enough to go")
    for what in told["pending"]:
        say(f"not agreed to yet: {what}")
    if told["pending"]:
        say("`spanledger retention run` asks for your word; until then what the earlier rules keep is kept")
    if told["over_size"]:
        over = human_bytes(told["over_size"])
        say(f"the database is {over} over retention.max_size; the oldest raw records go for it")
    say(f"the file is {human_bytes(told['file_bytes'])}, {human_bytes(told['free_bytes'])} of it free inside")


def run(config: Config, *, agrees: bool, as_json: bool) -> int:
    """Have it done, and say what came of it."""
    told = _plan(config)
    token = told["token"] if not told["pending"] or agrees or _asked(told, as_json=as_json) else None
    began, last = time.monotonic(), _last(config)
    waiting = _run(config, token)
    with reading(config) as side:
        sweeps = [row for row in side.report("sweeps", limit=1000) if row["id"] > last]
    took = round(time.monotonic() - began, 1)
    if as_json:
        say_json({"sweeps": sweeps, "waiting": waiting, "seconds": took})
    else:
        say(_swept(sweeps) if sweeps else "nothing was deleted")
        for what in waiting:
            note(what)
    return FAILED if waiting else 0


def show_sweeps(config: Config, *, limit: int, as_json: bool) -> None:
    """List what was deleted."""
    with reading(config) as side:
        sweeps = side.report("sweeps", limit=limit)
    if as_json:
        say_json(sweeps)
    else:
        say(_swept(sweeps) if sweeps else "nothing was deleted yet")


def change(config: Config, operation: str, values: Mapping[str, Any], *, as_json: bool) -> None:
    """Pin something, or let it go."""
    answer = write(operation, values, db=config.store.path)
    if as_json:
        say_json(answer)
    else:
        then = "is kept for ever" if operation == "pin" else "goes like everything else"
        say(f"the {answer['kind']} {answer['name']} {then}")


def show_pins(config: Config, *, as_json: bool) -> None:
    """List what is pinned."""
    with reading(config) as side:
        pins = side.report("pins", limit=10_000)
    if as_json:
        say_json(pins)
    elif pins:
        names = ("kind", "name", "note", "created_at")
        say(table(names, [[pin[name] for name in names] for pin in pins]))
    else:
        say("nothing is pinned; `spanledger retention pin session ID` keeps one for ever")


def _plan(config: Config) -> dict[str, Any]:
    """Ask the running collector, whose rules hold, or look here."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    holder = lock.read(path)
    if holder is not None and holder.http is not None:
        with daemon(config, holder) as sink:
            told = sink.ask("GET", PATH, b"")
        if told["rules"] != rules_text(config.retention):
            note("the running collector goes by other rules than this configuration; restart it to apply these")
        return told
    side = SqliteOldSide(path)
    try:
        return planned(side, config.retention, _around(config, side))
    finally:
        side.close()


def _asked(told: Mapping[str, Any], *, as_json: bool) -> bool:
    """Show what the new rules take, and ask; nobody who is not at a terminal agrees."""
    for what in told["pending"]:
        note(f"shorter than before: {what}")
    if told["held_back"]:
        for line in _lines(told["held_back"]).split("\n"):
            note(line)
    if as_json or not sys.stdin.isatty():
        note("these rules are not agreed to; run again with --yes to delete this. Until then the earlier rules hold")
        return False
    return click.confirm("Delete this, and from now on keep to the new rules?", err=True)


def _run(config: Config, token: str | None) -> list[str]:
    path = database(config)
    holder = lock.read(path)
    if holder is None:
        return _here(config, token)
    if holder.http is None:
        raise AlreadyRunning(f"{path} is in use by {holder}, which has no HTTP port; stop it or switch that port on")
    with daemon(config, holder) as sink:
        body = f'{{"token": "{token}"}}'.encode() if token else b"{}"
        number = sink.ask("POST", f"{PATH}/run", body)["order"]
        while (state := sink.ask("GET", f"{PATH}/state", b""))["done"] < number:
            time.sleep(LOOK_S)
        return list(state["waiting"])


def _here(config: Config, token: str | None) -> list[str]:
    """Sweep in this process, which holds the database's lock, after deriving from everything."""
    progress = Progress("pieces deleted")
    with Lock(database(config)):
        looking_back.here(config)
        writing = patiently(lambda: SqliteWriteSide(config.store.model_copy(update={"reserve": 0})))
        side = SqliteOldSide(database(config))
        try:
            hand = _hand(writing, progress)
            erasing = Erasing(Sweep(side, hand, time.time_ns(), {}), Here(config))
            erasing.erase_late()
            around = _around(config, side)
            archive = archiving(config.retention, side, around.now)
            sweep = Sweep(side, hand, around.now, dict(around.until), Pace(), archive)
            return [*erasing.troubles, *go_round(sweep, hand, config.retention, around, token=token)]
        finally:
            side.close()
            writing.close()
            progress.close()


def _hand(side: SqliteWriteSide, progress: Progress) -> Hand:
    def hand(work: Any) -> Any:
        done = work(side)
        side.tidy()
        progress.add(1)
        return done

    return hand


def _around(config: Config, side: SqliteOldSide) -> Around:
    return Around(time.time_ns(), lambda: free_bytes(database(config)), unless_awaited(side, side.ends()))


def _last(config: Config) -> int:
    with reading(config) as side:
        return max((row["id"] for row in side.report("sweeps", limit=1)), default=0)


def _lines(lines: list[dict[str, Any]]) -> str:
    head = ("rule", "what", "rows", "about", "oldest")
    rows = [
        (line["rule"], KINDS[line["what"]], line["rows"], human_bytes(line["bytes"]), line["oldest"]) for line in lines
    ]
    return table(head, rows)


def _swept(sweeps: list[dict[str, Any]]) -> str:
    head = ("when", "rule", "what", "rows", "freed", "oldest left", "left behind", "ms", "trouble")
    return table(
        head,
        [
            (
                row["started_at"],
                row["rule"],
                KINDS.get(row["what"], row["what"]),
                row["rows"],
                human_bytes(row["bytes_freed"]),
                row["oldest_left"],
                row["left_behind"],
                row["duration_ms"],
                row["trouble"],
            )
            for row in sweeps
        ],
    )
