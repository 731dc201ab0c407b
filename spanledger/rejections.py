"""Answer `spanledger rejections`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from api.operations import PREFIX
from collector.local import local
from collector.replaying import MOST
from spanledger.config import Config
from spanledger.options import NotFound, database, reading
from spanledger.sinks import DaemonSink, daemon
from spanledger.terminal import human_time, plain, say, say_json, table
from store import lock
from store.reading import SqliteReadSide

PAGE = 1000
FAILED = 1
HEAD = ("id", "received", "signal", "transport", "items", "reason", "position", "message")
SHOWN_CHARACTERS = 60
SILENT = ("payload", "payload_bytes", "tries")

Rejected = dict[str, Any]


def show_list(config: Config, where: Mapping[str, Any], *, limit: int, as_json: bool) -> None:
    """List the newest refused items and commands, oldest of them first."""
    with reading(config) as side:
        newest = side.report("rejections", limit=limit, **where)[::-1]
        kept = side.tally().kept
    if as_json:
        say_json([{**item, "payload": None} for item in newest])
        return
    if not newest:
        say("nothing like that was refused" if where else "nothing was refused")
        return
    say(table(HEAD, map(_row, newest)))
    if kept > len(newest) and not where:
        say(f"the newest {len(newest)} of {kept}; --limit shows more")


def show_one(config: Config, number: int, *, as_json: bool) -> None:
    """Show everything that is known about one refused item."""
    with reading(config) as side:
        item = _find(side, number)
        told = side.report("rejection", id=number)[0]
    if as_json:
        say_json(item)
        return
    for name, value in told.items():
        if name not in SILENT and value is not None:
            say(f"{name:<14}{human_time(value) if name.endswith('_at') else plain(str(value))}")
    say(f"{'payload':<14}{_payload(item)}")


def replay(config: Config, numbers: tuple[int, ...], *, as_json: bool) -> int:
    """Send refused items again, all when no number is given; say what became of each."""
    holder = lock.read(database(config))
    if holder is not None and holder.http is not None:
        with daemon(config, holder) as sink:
            results = _asked(sink, numbers)
    else:
        results = _here(config, numbers)
    if as_json:
        say_json(results)
    else:
        _print(results)
    return 0 if all(result["kept"] for result in results) else FAILED


def _asked(sink: DaemonSink, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
    """Have the collector do it, a round at a time."""
    path = f"{PREFIX}/rejections/replay"
    told: list[dict[str, Any]] = []
    left = [*dict.fromkeys(numbers)]
    while left:
        told += sink.ask("POST", path, orjson.dumps({"ids": left[:MOST]}))["items"]
        done = {one["id"] for one in told}
        left = [number for number in left if number not in done]
    after: int | None = None if numbers else 0
    while after is not None:
        answer = sink.ask("POST", path, orjson.dumps({"all": True, "after": after}))
        told, after = told + answer["items"], answer["next"]
    return told


def _here(config: Config, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
    """Do it in this process, which holds the database for that long."""
    with reading(config) as side:
        items = [_find(side, number) for number in numbers] or [_find(side, number) for number in _every(side)]
    with local(config.store, config.privacy.wanted()) as here:
        return [asdict(here.again(item)) for item in items]


def _every(side: SqliteReadSide) -> Iterator[int]:
    """List all that can be sent again."""
    after = 0
    while page := side.report("replayable", after=after, limit=PAGE):
        yield from (row["id"] for row in page)
        after = int(page[-1]["id"])


def _find(side: SqliteReadSide, number: int) -> Rejected:
    found = side.rejections(after_id=number - 1, limit=1)
    if not found or found[0]["id"] != number:
        raise NotFound(f"there is no refused item {number}; `spanledger rejections` lists them")
    return found[0]


def _row(item: Rejected) -> list[Any]:
    message = str(item["message"])
    short = message if len(message) <= SHOWN_CHARACTERS else f"{message[: SHOWN_CHARACTERS - 1]}…"
    told = {**item, "position": item["event_name"] or item["position"], "reason": item["code"] or item["reason"]}
    if item["state"] != "rejected":
        told["reason"] += f", {item['state']}"
    return [item["id"], human_time(item["received_at"]), *(told[name] for name in HEAD[2:-1]), short]


def _payload(item: Rejected) -> str:
    payload: bytes | None = item["payload"]
    if payload is None:
        return "not kept"
    return payload.decode("utf-8", "replace") if item["encoding"] == "json" else f"{len(payload)} bytes {payload.hex()}"


def _print(results: list[dict[str, Any]]) -> None:
    for result in results:
        told = "kept" if result["kept"] else "still not kept"
        say(f"{result['id']}: {told}{': ' if result['message'] else ''}{result['message']}")
    if not results:
        say("there is nothing to send again")
