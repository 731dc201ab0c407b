"""Answer `spanledger status`: one screen."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.shapes import IndexState
from spanledger import __version__, standing
from spanledger.config import Config
from spanledger.options import database, reading
from spanledger.terminal import NANOSECONDS, human_bytes, human_time, plain, say, say_json, table
from store import lock
from store.lock import Holder
from store.reading import SqliteReadSide

HEAD = ("signal", "transport", "requests", "received", "stored", "duplicate", "rejected", "repaired", "conflicts")
UNPRICED = 5
BEHIND = 1_000
"""Records that are yet to be derived from, above which that is worth a word."""
VIEWS = ("spans", "log_records", "metric_points")


def show(config: Config, *, as_json: bool, verbose: bool) -> None:
    """Print how the work stands and whether a collector runs; `verbose` adds what that has received, JSON has all."""
    path = database(config)
    with reading(config) as side:
        work = standing.gather(side)
        facts = {**gather(path, side, lock.read(path)), "work": work} if as_json or verbose else {}
        if as_json:
            say_json(facts)
            return
        say(standing.written(work))
        say(_collector(lock.read(path), side))
    if verbose:
        say()
        _print(facts)


def _collector(holder: Holder | None, side: SqliteReadSide) -> str:
    """Say in one line whether a collector runs, and what needs a look."""
    told = f"running, process {holder.pid}" if holder else "not running; start it with `spanledger serve`"
    behind, refused = sum(side.report("behind")[0].values()), side.tally().kept
    if behind > BEHIND:
        told += f"; {behind} records to derive from"
    waiting = waiting_texts(side.search_state())
    if waiting > BEHIND:
        told += f"; {waiting} texts to index"
    if refused:
        told += f"; {refused} refused, see `spanledger rejections`"
    return f"collector: {told}"


def gather(path: Path, side: SqliteReadSide, holder: Holder | None) -> dict[str, Any]:
    """Collect what there is to say."""
    tally = side.tally()
    return {
        "version": __version__,
        "running": holder is not None,
        "pid": holder.pid if holder else None,
        "grpc": holder.grpc if holder else None,
        "http": holder.http if holder else None,
        "started_at": holder.started_at if holder else None,
        "database": {"path": str(path), "bytes": _size(path), "wal_bytes": _size(path.with_name(f"{path.name}-wal"))},
        "ledger": [asdict(line) for line in side.ledger()],
        "rejections": asdict(tally),
        "derived": side.report("behind")[0],
        "index": asdict(side.search_state()),
        "unpriced": side.report("unpriced", limit=UNPRICED),
        "last_received_unix_nano": last_received(side),
    }


def waiting_texts(state: IndexState) -> int:
    """Count the texts that cannot be found yet: those that changed, and those of a first reading."""
    return state.behind + state.unread


def last_received(side: SqliteReadSide) -> int | None:
    """Find when the newest item came in; items are numbered in order of arrival."""
    found = (_newest(side, view) for view in VIEWS)
    return max((received for received in found if received is not None), default=None)


def _newest(side: SqliteReadSide, view: str) -> int | None:
    rows = side.query(f"select received_at from {view} order by id desc limit 1")  # noqa: S608  one of VIEWS
    next(rows)
    row = next(rows, None)
    return int(row[0]) if row else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _print(facts: dict[str, Any]) -> None:
    say(f"spanledger {facts['version']}  {_running(facts)}")
    kept = facts["database"]
    say(f"database    {kept['path']}  {human_bytes(kept['bytes'])} + {human_bytes(kept['wal_bytes'])} log")
    say(f"received    last {human_time(facts['last_received_unix_nano'])}")
    refused = facts["rejections"]
    look = "; look at them with `spanledger rejections`" if refused["kept"] else ""
    say(f"derived     {_behind(facts['derived'])}")
    say(f"index       {_index(facts['index'])}")
    say(f"refused     {refused['kept']} kept, {refused['forgotten']} forgotten{look}")
    for model in facts["unpriced"]:
        name = model["model"]
        say(f"unpriced    {plain(name or 'no model named')}: {model['calls']} calls; {_price_it(name)}")
    say()
    say(table(HEAD, [[line[name] for name in HEAD] for line in facts["ledger"]]))


def _behind(left: dict[str, int]) -> str:
    rows = sum(left.values())
    return f"{rows} records to go" if rows > 0 else "everything"


def _index(state: dict[str, Any]) -> str:
    """Say how far the index of texts is."""
    if not state["exists"]:
        return "none yet; a collector makes it"
    left = waiting_texts(IndexState(**state))
    return f"{left} texts to go" if left else "everything"


def _price_it(model: str | None) -> str:
    return f"`spanledger prices set {plain(model)} --input … --output …`" if model else "nothing can price them"


def _running(facts: dict[str, Any]) -> str:
    if not facts["running"]:
        return "not running; start it with `spanledger serve`"
    places = [f"{name} {facts[key]}" for name, key in (("gRPC", "grpc"), ("HTTP", "http")) if facts[key]]
    since = f", since {human_time(int(facts['started_at'] * NANOSECONDS))}" if facts["started_at"] else ""
    return f"running, process {facts['pid']}{since}  {'  '.join(places)}"
