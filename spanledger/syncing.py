"""Answer `spanledger sync`: by the running collector, or here when there is none or it may not read there."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from api.operations import PREFIX
from core.errors import AlreadyRunning, Forbidden, Missing
from mirror import books
from mirror.handed import hand_over
from mirror.syncing import Syncing
from schema.derived import Changes
from spanledger.config import Config
from spanledger.options import database
from spanledger.sinks import DaemonSink, daemon, patiently
from spanledger.terminal import plain, say, say_json
from store import lock
from store.lock import Lock
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide

FAILED = 1
WAIT_S: Final = 20
TRIES: Final = 50
AGAIN_S: Final = 0.1
"""Another process that writes for a moment is waited for this long, this often."""
SHOWN: Final = 20
Told = dict[str, Any]


def show(config: Config, paths: Sequence[str], *, as_json: bool) -> int:
    """Sync the paths and say what that came to; the exit status is 1 when something cannot be read."""
    told = sync(config, paths)
    for path, one in zip(paths, told, strict=True):
        if not Path(path).exists() and not any(one[name] for name in ("projects", "broken")):
            raise Missing(f"there is nothing at {path}, and nothing was mirrored from there")
    whole = {name: [item for one in told for item in one[name]] for name in ("projects", "broken", "doubled")}
    whole["ignored"] = sum(one["ignored"] for one in told)
    if as_json:
        say_json(whole)
    else:
        _print(whole)
    return FAILED if whole["broken"] else 0


def sync(config: Config, paths: Sequence[str]) -> list[Told]:
    """Have the paths synced by whoever may write to the database; what it came to, for each path."""
    places = [os.path.realpath(Path(path).expanduser()) for path in paths]
    path = database(config)
    for tries_left in reversed(range(TRIES)):
        holder = lock.read(path)
        if holder is not None and holder.http is not None:
            with daemon(config, holder) as sink:
                return [_there(sink, place, config, path) for place in places]
        try:
            with _here(config, path) as syncing:
                return [syncing.run(place, place).told() for place in places]
        except AlreadyRunning:
            if not tries_left:
                raise
            time.sleep(AGAIN_S)
    raise AssertionError("the last try returns or raises")


@contextmanager
def _here(config: Config, path: Path) -> Iterator[Syncing]:
    """Hold the database's lock, and sync in this process."""
    with Lock(path):
        writer = patiently(lambda: SqliteWriteSide(config.store.model_copy(update={"reserve": 0})))
        reader = SqliteReadSide(path)
        try:

            def write(changes: Changes) -> None:
                patiently(lambda: writer.apply(changes))

            yield Syncing(books.load(reader), write, max_bytes=config.sync.max_bytes, clock=time.time_ns)
        finally:
            reader.close()
            writer.close()


def _there(sink: DaemonSink, place: str, config: Config, path: Path) -> Told:
    """Ask the collector until it is done; what is not its to read is read here, and its rows are handed over."""
    body = orjson.dumps({"path": place, "wait": WAIT_S})
    try:
        while (told := sink.ask("POST", f"{PREFIX}/sync", body))["state"] != "done":
            pass
    except Forbidden:
        return _handing(sink, config, path).run(place, place).told()
    return told


def _handing(sink: DaemonSink, config: Config, path: Path) -> Syncing:
    def write(changes: Changes) -> None:
        sink.ask("POST", f"{PREFIX}/sync/rows", orjson.dumps(hand_over(changes)))

    reader = SqliteReadSide(path)
    try:
        return Syncing(books.load(reader), write, max_bytes=config.sync.max_bytes, clock=time.time_ns)
    finally:
        reader.close()


def _print(told: Mapping[str, Any]) -> None:
    for one in told["projects"]:
        say(f"{plain(one['project'])}: {_counts(one)}")
    for name in ("broken", "doubled"):
        for one in told[name][:SHOWN]:
            say(f"{name:<8}{plain(one['path'])}: {plain(one['reason'])}")
        if len(told[name]) > SHOWN:
            say(f"{name:<8}{len(told[name]) - SHOWN} more; --json lists all")
    if told["ignored"]:
        say(f"{told['ignored']} files state.json are about something else")
    if not any(told[name] for name in ("projects", "broken", "ignored")):
        say("no session directories are there: they hold a state.json with a phase, a status, checkpoints or agents")


def _counts(one: Mapping[str, Any]) -> str:
    parts = [f"{one['read']} sessions read", f"{one['changed']} changed", f"{one['unchanged']} unchanged"]
    parts += [f"{one[name]} {name}" for name in ("missing", "doubled") if one[name]]
    return ", ".join(parts)
