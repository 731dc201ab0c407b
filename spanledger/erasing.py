"""Answer `spanledger erase`: what would go, and have it done, by the running collector or here."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson

from access.tokens import LOCAL
from api.erasing import PATH
from core.errors import AlreadyRunning, SpanledgerError
from derive.indexing import Indexing
from retention.archived import Archived
from retention.erasing import Erased, Erasing, to_erase
from retention.holdings import Subject
from retention.sweep import Pace, Sweep
from spanledger import looking_back
from spanledger.config import Config
from spanledger.options import NotFound, database
from spanledger.sinks import daemon, patiently
from spanledger.terminal import note, say, say_json, table
from store import lock
from store.forgetting import OldSide
from store.lock import Lock
from store.old import SqliteOldSide
from store.search_index import SearchIndex
from store.search_source import SqliteTextSource
from store.sqlite import SqliteWriteSide

FAILED: Final = 1
LOOK_S: Final = 0.3
TRIES: Final = 100
NAMES: Final = {
    "traces": "spans",
    "logs": "log records",
    "metrics": "metric points",
    "model_calls": "model calls",
    "tool_calls": "tool calls",
    "notes": "notes and summaries",
    "mirrored": "rows of session directories",
    "rejections": "refused items",
}
ELSEWHERE: Final = (
    "not erased are copies that others keep: backups, what exporters sent or wrote to files, session directories",
    "the book of work keeps its plans, tasks, refactors and experiments, no longer linked to what is erased",
)


def show(config: Config, kind: str, name: str, *, agrees: bool, as_json: bool) -> int:
    """Say what erasing takes, and do it when that is agreed to."""
    path = database(config)
    if not path.exists():
        raise NotFound(f"there is no database at {path}; start one with `spanledger serve`, or name another with --db")
    subject = Subject(kind, name)
    told = _asked(config, subject)
    if not agrees:
        _show_plan(told, as_json=as_json)
        return 0
    done = _erased(config, subject)
    if as_json:
        say_json(done)
    else:
        _show_done(done)
    return FAILED if done["troubles"] else 0


def _asked(config: Config, subject: Subject) -> Mapping[str, Any]:
    """Ask the running collector what would go, or look here."""
    path = database(config)
    holder = lock.read(path)
    if holder is not None and holder.http is not None:
        with daemon(config, holder) as sink:
            return sink.ask("POST", f"{PATH}/plan", _body(subject))
    looking_back.catch_up(config)
    side = SqliteOldSide(path)
    try:
        return to_erase(side, subject, Here(config))
    finally:
        side.close()


def _erased(config: Config, subject: Subject) -> Mapping[str, Any]:
    path = database(config)
    holder = lock.read(path)
    if holder is None:
        return _here(config, subject)
    if holder.http is None:
        raise AlreadyRunning(f"{path} is in use by {holder}, which has no HTTP port; stop it or switch that port on")
    with daemon(config, holder) as sink:
        number = sink.ask("POST", PATH, _body(subject))["order"]
        while not (told := sink.ask("GET", f"{PATH}/{number}", b""))["done"]:
            time.sleep(LOOK_S)
    if "failed" in told:
        raise SpanledgerError(told["failed"])
    return told


def _here(config: Config, subject: Subject) -> Mapping[str, Any]:
    """Erase in this process, which holds the database's lock, after deriving from everything."""
    with Lock(database(config)):
        looking_back.here(config)
        writing = patiently(lambda: SqliteWriteSide(config.store.model_copy(update={"reserve": 0})))
        side = SqliteOldSide(database(config))
        try:
            sweep = Sweep(side, lambda work: patiently(lambda: work(writing)), time.time_ns(), {}, Pace())
            done = Erasing(sweep, Here(config)).erase(subject, who=LOCAL, address="this machine")
        finally:
            side.close()
            writing.close()
    return _told(done)


class Here:
    """Help erasing where no collector runs: nobody derives, and words are taken out here."""

    def __init__(self, config: Config) -> None:
        """Keep the configuration."""
        self._config = config

    def let_go(self) -> None:
        """Return: nobody holds anything."""

    def words(self) -> None:
        """Take the words of what is gone out of the index."""
        path = database(self._config)
        source, index = SqliteTextSource(path), SearchIndex(path)
        try:
            indexing = Indexing(source, index)
            while patiently(indexing.step):
                pass
            patiently(indexing.purge)
            while patiently(indexing.step):
                pass
            indexing.rest()
            for _ in range(TRIES):
                if patiently(indexing.wipe):
                    break
                time.sleep(LOOK_S)
        finally:
            index.close()
            source.close()

    def archived(self, side: OldSide) -> Archived:
        """Give what looks through archived files."""
        return Archived(self._config.retention.archive.folder, side)


def _show_plan(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(told)
        return
    rows = [(NAMES.get(what, what), count) for what, count in told["rows"].items() if count]
    rows += [(f"records in {one['file']}", one["rows"]) for one in told["files"]]
    say(table(("what", "rows"), rows))
    if told["kind"] == "user" or len(told["sessions"]) > 1:
        say(f"sessions: {', '.join(told['sessions']) or '-'}")
    note("nothing is erased yet; the same with --yes does it, and nothing brings it back")


def _show_done(done: Mapping[str, Any]) -> None:
    rows = [(NAMES.get(what, what.replace("_", " ")), count) for what, count in done["rows"].items() if count]
    say(table(("erased", "rows"), rows) if rows else "there was nothing left to erase")
    files = f"; archived files written anew: {done['files']}" if done["files"] else ""
    say(f"done in {done['seconds']:.1f} s{files}")
    for what in done["troubles"]:
        note(f"not done: {what}")
    for what in ELSEWHERE:
        note(what)


def _told(done: Erased) -> dict[str, Any]:
    return {"done": True, **asdict(done)}


def _body(subject: Subject) -> bytes:
    return orjson.dumps({"kind": subject.kind, "id": subject.id})
