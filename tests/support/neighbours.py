"""Send a bad item among 511 good ones, by every transport and encoding, and see what became of all of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import apsw
import grpc
import orjson

from schema.encode import requests
from schema.signals import WIRE, Signal
from store.reading import SqliteReadSide
from tests.support import build, build_json
from tests.support.clients import JSON, export, post
from tests.support.service import Running

ITEMS = 512
PLACE = 256
"""How many good items stand before the bad one."""


class Way(StrEnum):
    """One of the three ways in which a request reaches the service."""

    GRPC = "grpc"
    HTTP = "http"
    JSON = "json"


PROTOBUF_WAYS = (Way.GRPC, Way.HTTP)
VIEWS = {Signal.TRACES: "spans", Signal.LOGS: "log_records", Signal.METRICS: "metric_points"}
SHARED_JSON = ("attributes", "resource", "scope_attributes", "entity_refs", "repaired")
JSON_COLUMNS = {
    Signal.TRACES: (*SHARED_JSON, "events", "links"),
    Signal.LOGS: (*SHARED_JSON, "case when body_is_json then body end"),
    Signal.METRICS: (*SHARED_JSON, "data", "metadata", "exemplars"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what the sender was told, in gRPC's words whatever the transport."""

    code: grpc.StatusCode
    rejected: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold what became of one request: the answer, the rows it added in order, and the rejections it added."""

    told: Told
    rows: list[dict[str, Any]]
    refused: list[dict[str, Any]]


def send(service: Running, way: Way, signal: Signal, body: bytes) -> Sent:
    """Send a request and look at what it left behind; whatever was stored must be readable in every way there is."""
    last, last_refused = _last(service, VIEWS[signal]), _last(service, "ingest_rejections")
    told = deliver(service, way, signal, body)
    refused = rows(service.db, "select * from ingest_rejections where id > ? order by id", last_refused)
    return Sent(told, read_back(service, signal, after_id=last), refused)


def deliver(service: Running, way: Way, signal: Signal, body: bytes) -> Told:
    """Send a request and give the answer."""
    response = WIRE[signal].response
    if way is Way.GRPC:
        called = export(service, signal, body)
        if called.code is not grpc.StatusCode.OK:
            return Told(called.code, message=called.message)
        partial = response.FromString(called.body).partial_success
    else:
        headers = JSON if way is Way.JSON else {"Content-Type": "application/x-protobuf"}
        reply = post(service, WIRE[signal].path, body, headers)
        if reply.status != 200:
            return Told(CODES[reply.error.code], message=reply.error.message)
        if way is Way.JSON:
            return _partial_json(signal, reply.body)
        partial = response.FromString(reply.body).partial_success
    return Told(grpc.StatusCode.OK, getattr(partial, WIRE[signal].rejected_field), partial.error_message)


def among(signal: Signal, bad: bytes) -> bytes:
    """Build a protobuf request in which the bad item is the 257th of 512; a metric holds one point."""
    good = GOOD[signal]
    items = [good() for _ in range(PLACE)] + [bad] + [good() for _ in range(ITEMS - PLACE - 1)]
    return envelope(b"".join(field(2, item) for item in items))


def among_json(signal: Signal, bad: str) -> bytes:
    """Build the same as JSON; the bad item is text, for it may be what no encoder writes."""
    good = build_json.ONE[signal]
    items = [good() for _ in range(PLACE)] + [bad] + [good() for _ in range(ITEMS - PLACE - 1)]
    return build_json.request(signal, *items)


def mixed(signal: Signal, way: Way, bad: bytes, bad_json: str) -> bytes:
    """Build whichever of the two a way takes."""
    return among_json(signal, bad_json) if way is Way.JSON else among(signal, bad)


def envelope(scoped: bytes, *, resource: bytes | None = None) -> bytes:
    """Wrap the bytes of a protobuf scope message into a request; the field numbers are those of all three signals."""
    attribute = build.attributes({"service.name": "tests"})[0].SerializeToString()
    return field(1, field(1, field(1, attribute) if resource is None else resource) + field(2, scoped))


def field(number: int, value: bytes) -> bytes:
    """Write a length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """Write a protobuf varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def kept(sent: Sent) -> dict[str, Any]:
    """Assert that all 512 items were stored and the neighbours are untouched; give the bad one."""
    assert (sent.told.code, sent.told.rejected, len(sent.rows)) == (grpc.StatusCode.OK, 0, ITEMS), sent.told
    assert [refused for refused in sent.refused if refused["items"]] == []
    row = sent.rows.pop(PLACE)
    assert {neighbour["repaired"] for neighbour in sent.rows} == {None}
    return row


def refused(sent: Sent, reason: str) -> dict[str, Any]:
    """Assert that only the bad item was refused, for this reason, and is kept to be sent again; give its rejection."""
    assert (sent.told.code, sent.told.rejected, len(sent.rows)) == (grpc.StatusCode.OK, 1, ITEMS - 1), sent.told
    assert f"[{PLACE}]" in sent.told.message
    assert {neighbour["repaired"] for neighbour in sent.rows} == {None}
    (found,) = sent.refused
    assert (found["reason"], found["items"]) == (reason, 1)
    assert found["payload"]
    return found


def refused_whole(sent: Sent, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> dict[str, Any]:
    """Assert that a request was refused as a whole and written down as such; give its rejection."""
    assert (sent.told.code, sent.rows) == (code, []), sent.told
    (found,) = sent.refused
    assert (found["position"], found["items"]) == ("request", 0)
    return found


def repairs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was mended in an item; nothing when it was kept as it came."""
    found: dict[str, Any] = orjson.loads(row["repaired"] or "{}")
    return found


def read_back(service: Running, signal: Signal, *, after_id: int = 0) -> list[dict[str, Any]]:
    """Read the items after an id in every way there is, and assert that no way stumbles over one of them."""
    found = rows(service.db, f"select * from {VIEWS[signal]} where id > ? order by id", after_id)
    for column in JSON_COLUMNS[signal]:
        sql = f"select count(*) as n from {VIEWS[signal]} where id > ? and json_valid({column}) = 0"
        assert rows(service.db, sql, after_id) == [{"n": 0}], column
    items = list(_items(service, signal, after_id))
    assert [item["id"] for item in items] == [row["id"] for row in found]
    for request in requests(signal, items):
        orjson.dumps(request)
    return found


def rows(db: Path, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Ask a database directly, without the product's own reader."""
    with closing(apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        connection.set_busy_timeout(5000)
        cursor = connection.cursor()
        cursor.row_trace = _named
        return list(cursor.execute(sql, values))


def _named(cursor: apsw.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.get_description(), row, strict=True)}


def _items(service: Running, signal: Signal, after_id: int) -> Iterator[dict[str, Any]]:
    reader = SqliteReadSide(service.db)
    try:
        while items := reader.items(signal, after_id=after_id, limit=5000):
            after_id = items[-1]["id"]
            yield from items
    finally:
        reader.close()


def exported(service: Running, signal: Signal, row_id: int) -> dict[str, Any]:
    """Give one stored item as the exporter writes it: the span, the record or the data point."""
    reader = SqliteReadSide(service.db)
    try:
        (request,) = requests(signal, reader.items(signal, after_id=row_id - 1, limit=1))
    finally:
        reader.close()
    outer, middle, inner = build_json.KEYS[signal]
    item: dict[str, Any] = request[outer][0][middle][0][inner][0]
    if signal is not Signal.METRICS:
        return item
    data = next(value for value in item.values() if isinstance(value, dict) and "dataPoints" in value)
    point: dict[str, Any] = data["dataPoints"][0]
    return point


def _last(service: Running, table: str) -> int:
    return int(rows(service.db, f"select ifnull(max(id), 0) as last from {table}")[0]["last"])


def _partial_json(signal: Signal, body: bytes) -> Told:
    partial = orjson.loads(body).get("partialSuccess", {})
    return Told(grpc.StatusCode.OK, int(partial.get(WIRE[signal].rejected_key, 0)), partial.get("errorMessage", ""))


GOOD: dict[Signal, Callable[[], bytes]] = {
    Signal.TRACES: lambda: bytes(build.span().SerializeToString()),
    Signal.LOGS: lambda: bytes(build.log().SerializeToString()),
    Signal.METRICS: lambda: bytes(build.gauge(build.point()).SerializeToString()),
}
CODES = {code.value[0]: code for code in grpc.StatusCode}
