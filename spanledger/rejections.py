"""Answer `spanledger rejections`."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import Refused, TryAgain
from schema.decode import DECODERS
from schema.signals import Signal
from spanledger.config import Config
from spanledger.options import NotFound, reading
from spanledger.sinks import Sink, opened
from spanledger.terminal import human_time, plain, say, say_json, table
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
    with reading(config) as side:
        items = [_find(side, number) for number in numbers] or [item for item in _every(side) if _can_be_sent(item)]
    with opened(config) as sink:
        results = [_send(sink, item) for item in items]
    if as_json:
        say_json(results)
    else:
        _print(results)
    return 0 if all(result["kept"] for result in results) else FAILED


def _every(side: SqliteReadSide) -> Iterator[Rejected]:
    after = 0
    while page := side.rejections(after_id=after, limit=PAGE):
        yield from page
        after = int(page[-1]["id"])


def _find(side: SqliteReadSide, number: int) -> Rejected:
    found = side.rejections(after_id=number - 1, limit=1)
    if not found or found[0]["id"] != number:
        raise NotFound(f"there is no refused item {number}; `spanledger rejections` lists them")
    return found[0]


def _send(sink: Sink, item: Rejected) -> dict[str, Any]:
    """Send one item again; what comes of it is an answer, not an error."""
    number, payload = item["id"], item["payload"]
    if not _can_be_sent(item):
        return {"id": number, "kept": False, "message": "it cannot be sent again: only its place and reason were kept"}
    try:
        sent = sink.send(Signal(item["signal"]), item["encoding"], payload)
    except (Refused, TryAgain) as error:
        return {"id": number, "kept": False, "message": str(error)}
    return {"id": number, "kept": not sent.rejected, "message": sent.message}


def _can_be_sent(item: Rejected) -> bool:
    """Say whether a refused item is there as a request; of a variant of a kept item only its columns are."""
    return bool(item["payload"]) and item["encoding"] in DECODERS


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
