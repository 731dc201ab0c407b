"""What was refused is listed with its reason and can be sent again: rows 2, 4, 13, 38, 55, 56 and 63."""

from collections.abc import Callable
from typing import Any

import grpc
import orjson
import pytest

from core.errors import Undecodable
from schema import decode, otlp_json, otlp_protobuf
from schema.items import ItemRefusedError
from schema.signals import WIRE, Signal
from tests.support import build, build_json
from tests.support.clients import JSON, PROTOBUF, post
from tests.support.neighbours import ITEMS, Way, deliver, mixed, refused, send
from tests.support.process import command
from tests.support.service import Running

REFUSED: dict[str, tuple[Signal, str, Callable[[], bytes], Callable[[], str]]] = {
    "row 55": (
        Signal.TRACES,
        "invalid_trace_id",
        lambda: build.span(trace_id=b"short").SerializeToString(),
        lambda: build_json.span(traceId="5h0r7"),
    ),
    "row 56": (
        Signal.TRACES,
        "invalid_span_id",
        lambda: build.span(span_id=bytes(8)).SerializeToString(),
        lambda: build_json.span(spanId="bm90IGhleA=="),
    ),
    "row 63": (
        Signal.METRICS,
        "no_time",
        lambda: build.gauge(build.point(time_unix_nano=0)).SerializeToString(),
        lambda: build_json.metric("gauge", build_json.point(timeUnixNano="0")),
    ),
}


def listed(service: Running) -> list[dict[str, Any]]:
    """List what was refused, by the command that people use."""
    code, output, errors = command("rejections", "list", "--json", "--limit", "1000", "--db", str(service.db))
    assert code == 0, errors
    found: list[dict[str, Any]] = orjson.loads(output)
    return found


def replay(service: Running, number: int) -> tuple[int, dict[str, Any]]:
    """Send a refused item again; give the exit status and what became of it."""
    code, output, errors = command("rejections", "replay", str(number), "--json", "--db", str(service.db))
    assert not errors, errors
    (result,) = orjson.loads(output)
    return code, result


@pytest.mark.parametrize(("way", "kind"), list(zip(Way, REFUSED, strict=True)))
def test_row_55_row_56_row_63_what_was_refused_is_listed_and_can_be_sent_again(
    service: Running, way: Way, kind: str
) -> None:
    """A refused item is listed with place and reason; sent again, it is refused for the same reason."""
    signal, reason, write, write_json = REFUSED[kind]
    body = mixed(signal, way, b"", write_json()) if way is Way.JSON else mixed(signal, way, write(), "")
    found = refused(send(service, way, signal, body), reason)
    (shown,) = listed(service)
    code, result = replay(service, found["id"])

    assert {name: shown[name] for name in ("id", "signal", "reason", "items")} == {
        "id": found["id"],
        "signal": signal,
        "reason": reason,
        "items": 1,
    }
    assert "[256]" in shown["position"]
    assert (code, result["kept"]) == (1, False)
    assert service.count(signal) == ITEMS - 1


@pytest.mark.parametrize("way", [Way.GRPC, Way.JSON])
def test_row_55_what_a_later_version_understands_is_stored_when_sent_again(
    service: Running, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item that was refused for a fault of ours is stored by the replay, alone and in its own resource."""
    item = build.span(name="from the future")
    as_json = build_json.span(name="from the future")
    with monkeypatch.context() as older:
        for module in (otlp_protobuf, otlp_json):
            older.setitem(module.READ, Signal.TRACES, _not_the_future(module.READ[Signal.TRACES]))
        body = mixed(Signal.TRACES, way, item.SerializeToString(), as_json)
        found = refused(send(service, way, Signal.TRACES, body), "too_new")
    code, result = replay(service, found["id"])

    assert (code, result["kept"]) == (0, True)
    stored = service.rows("select service_name from spans where name = 'from the future'")
    assert stored == [{"service_name": "tests"}]
    assert service.count("traces") == ITEMS


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_row_02_a_request_that_a_later_version_can_read_is_stored_when_sent_again(
    service: Running, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that was refused as a whole for a fault of ours is stored by the replay."""
    as_json = build_json.request(Signal.LOGS, build_json.log())
    body, headers = (as_json, JSON) if encoding == "json" else (build.body(Signal.LOGS), PROTOBUF)
    with monkeypatch.context() as older:
        older.setitem(decode.DECODERS, encoding, _undecodable)
        assert post(service, "/v1/logs", body, headers).status == 400
    (found,) = service.rows("select id, payload from ingest_rejections")
    assert found["payload"] == body
    code, result = replay(service, found["id"])

    assert (code, result["kept"]) == (0, True)
    assert service.count("logs") == 1


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("wrong", [Way.JSON, Way.HTTP])
def test_row_04_the_same_bytes_rightly_labelled_are_stored(service: Running, signal: Signal, wrong: Way) -> None:
    """A sender that mistook the content type, and then mends it, finds its data stored."""
    as_json = build_json.request(signal, build_json.ONE[signal]())
    body, right = (build.body(signal), Way.HTTP) if wrong is Way.JSON else (as_json, Way.JSON)
    mistaken = deliver(service, wrong, signal, body)
    mended = deliver(service, right, signal, body)

    assert mistaken.code is grpc.StatusCode.INVALID_ARGUMENT
    assert mended.code is grpc.StatusCode.OK
    assert service.count(signal) == 1


def test_row_13_of_a_body_that_is_too_large_only_the_fact_is_kept(service: Running) -> None:
    """It is listed, without its bytes, and a replay says why it cannot be sent again."""
    assert post(service, "/v1/traces", bytes((64 << 20) + 1)).status == 413
    (shown,) = listed(service)
    code, result = replay(service, shown["id"])

    assert (shown["reason"], shown["items"], shown["payload_bytes"]) == ("too_large", 0, 0)
    assert (code, result["kept"]) == (1, False)


@pytest.mark.parametrize("signal", Signal)
def test_row_38_row_55_the_books_count_every_refused_item(service: Running, signal: Signal) -> None:
    """Received is stored and refused, in the ledger and in the counters, and each refused item has its row."""
    bad = {
        Signal.TRACES: build_json.span(spanId="none"),
        Signal.LOGS: build_json.log(timeUnixNano="1.5"),
        Signal.METRICS: build_json.metric("gauge", build_json.point(timeUnixNano="0")),
    }[signal]
    items = [bad, *(build_json.ONE[signal]() for _ in range(98)), bad]
    told = deliver(service, Way.JSON, signal, build_json.request(signal, *items))
    (line,) = service.ledger()
    origin = {"signal": signal.value, "transport": "http"}
    counters = service.service.counters.registry

    assert told.rejected == 2
    assert (line.received, line.stored, line.rejected) == (100, 98, 2)
    assert counters.get_sample_value("spanledger_items_rejected_total", origin) == 2
    assert len(listed(service)) == 2
    assert (
        WIRE[signal].rejected_key
        in post(service, WIRE[signal].path, build_json.request(signal, *items), JSON).body.decode()
    )


def _not_the_future(read: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse what a later version would take."""

    def older(item: Any, *rest: Any) -> Any:
        name = item["name"] if isinstance(item, dict) else item.name
        if name == "from the future":
            raise ItemRefusedError("too_new", "not understood yet")
        return read(item, *rest)

    return older


def _undecodable(_batch: object, _body: bytes) -> None:
    raise Undecodable("not understood yet")
