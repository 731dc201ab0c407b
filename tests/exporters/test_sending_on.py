"""From one running collector to another, and to others that misbehave: each item arrives, or is counted."""

from collections.abc import Iterator
from functools import partial as partial_of
from pathlib import Path
from typing import Any

import orjson
import pytest

from schema.signals import Signal
from tests.exporters.far import Act, Far, far, partial, reset, status, taken
from tests.support import build
from tests.support.clients import post, request
from tests.support.corpus import send, source
from tests.support.process import process
from tests.support.service import Running, running
from tests.support.wait import until

NAMES = ("claude-code-both", "pydantic-ai-1.0-logs", "otel-js-json")
TABLES = {
    "traces": "select trace_id, span_id, name, attributes, events, resource, scope_name from spans order by 1, 2",
    "logs": "select sort_time, event_name, body, attributes, resource, trace_id from log_records order by 1, 2, 3, 4",
    "metrics": "select name, time_unix_nano, value, data, attributes from metric_points order by 1, 2, 3, 4, 5",
}
PATIENCE_S = 60


def to(kind: str, **settings: Any) -> dict[str, Any]:
    """Configure an exporter called `far`."""
    return {f"exporters__far__{name}": value for name, value in {"kind": kind, **settings}.items()}


def cursors(service: Running) -> dict[str, dict[str, Any]]:
    """Read how far the exporter has come, by signal."""
    return {row["signal"]: row for row in service.rows("select * from export_cursors where exporter = 'far'")}


def is_sent(service: Running, **counts: int) -> bool:
    """Say whether all spans were looked at, and came to these counts."""
    row = cursors(service).get("traces")
    newest = service.rows("select ifnull(max(id), 0) as id from raw_spans")[0]["id"]
    return row is not None and row["after_id"] == newest and counts == {name: row[name] for name in counts}


def spans(service: Running, count: int, *, first: int = 0) -> None:
    """Send spans that are called by their numbers."""
    for number in range(first, first + count):
        assert 200 == post(service, "/v1/traces", request_of(number)).status


def request_of(*numbers: int) -> bytes:
    """Write a request of spans that are called by their numbers."""
    return build.traces(*(build.span(name=f"span {number}") for number in numbers)).SerializeToString()


@pytest.fixture(params=["otlp/http", "otlp/grpc"])
def kind(request: pytest.FixtureRequest) -> str:
    """Name a kind of exporter."""
    return str(request.param)


def test_everything_arrives_as_it_is_kept(tmp_path: Path, kind: str) -> None:
    """Three signals of three programs, over both transports: the far tables are the near ones."""
    with running(tmp_path / "far.db") as other:
        url = f"http://127.0.0.1:{other.http if kind == 'otlp/http' else other.grpc}"
        with running(tmp_path / "near.db", **to(kind, endpoint=url, start="beginning")) as near:
            for name in NAMES:
                for recorded in source(name).requests:
                    send(near, recorded)
            counts = {signal: near.count(signal) for signal in Signal}
            until(lambda: counts == {signal: other.count(signal) for signal in Signal}, within_s=PATIENCE_S)
            for sql in TABLES.values():
                assert near.rows(sql) == other.rows(sql)
            assert all(counts.values())


def test_files_are_read_again(tmp_path: Path) -> None:
    """What an exporter writes is what `import` takes."""
    folder = tmp_path / "out"
    with running(tmp_path / "near.db", **to("files", folder=folder, start="beginning")) as near:
        for recorded in source(NAMES[0]).requests:
            send(near, recorded)
        kept = {signal: near.count(signal) for signal in Signal}
        until(lambda: kept == {name: cursors(near).get(name, {}).get("sent") for name in kept}, within_s=PATIENCE_S)
    with running(tmp_path / "far.db") as other:
        for signal in Signal:
            for line in (folder / f"{signal}.jsonl").read_bytes().splitlines():
                body = {"Content-Type": "application/json"}
                assert 200 == post(other, f"/v1/{signal}", line, body).status

        assert kept == {signal: other.count(signal) for signal in Signal}


def test_only_what_comes_after_the_first_start_unless_told(tmp_path: Path) -> None:
    """A new exporter starts at the end; it goes on where it was after a restart, and knows what came meanwhile."""
    with running(tmp_path / "near.db") as near:
        spans(near, 2)
    with far() as side:
        settings = to("otlp/http", endpoint=side.url)
        with running(tmp_path / "near.db", **settings) as near:
            until(lambda: "traces" in cursors(near), within_s=PATIENCE_S)
            spans(near, 1, first=2)
            until(lambda: is_sent(near, sent=1), within_s=PATIENCE_S)
        with running(tmp_path / "near.db") as near:
            spans(near, 1, first=3)
            assert cursors(near)["traces"]["retired_at"]
        with running(tmp_path / "near.db", **settings) as near:
            until(lambda: is_sent(near, sent=2), within_s=PATIENCE_S)
            assert cursors(near)["traces"]["retired_at"] is None

        assert ["span 2", "span 3"] == side.names()


@pytest.mark.parametrize(
    "acts", [(status(503, Retry_After="0"), reset, taken), (status(429), taken)], ids=["503", "429"]
)
def test_trouble_that_passes_loses_nothing(tmp_path: Path, acts: tuple[Act, ...]) -> None:
    """Each item arrives; ingest does not notice, and the health page does."""
    with far(*acts) as side, running(tmp_path / "near.db", **to("otlp/http", endpoint=side.url)) as near:
        until(lambda: "traces" in cursors(near), within_s=PATIENCE_S)
        spans(near, 3)
        until(lambda: is_sent(near, sent=3, refused=0, expired=0), within_s=PATIENCE_S)

        assert ["span 0", "span 1", "span 2"] == side.names()


def test_an_item_that_the_far_side_refuses_costs_itself(tmp_path: Path) -> None:
    """A request of which one item is poison is halved until it stands alone; its neighbours arrive."""
    poison = b"span 5"

    def picky(handler: Any, body: bytes) -> None:
        (taken if poison not in body else status(400))(handler, body)

    with running(tmp_path / "near.db") as near:
        spans(near, 12)
    with far(picky) as side:
        settings = to("otlp/http", endpoint=side.url, start="beginning")
        with running(tmp_path / "near.db", **settings) as near:
            until(lambda: is_sent(near, sent=11, refused=1), within_s=PATIENCE_S)
            until(lambda: near.service.exports.state()[0]["waiting"] == 0, within_s=PATIENCE_S)


def test_what_is_partly_refused_is_counted(tmp_path: Path) -> None:
    """The far side has answered for the request as a whole."""
    with far(partial(2)) as side, running(tmp_path / "near.db", **to("otlp/http", endpoint=side.url)) as near:
        until(lambda: "traces" in cursors(near), within_s=PATIENCE_S)
        assert 200 == post(near, "/v1/traces", request_of(*range(5))).status
        until(lambda: is_sent(near, sent=3, refused=2), within_s=PATIENCE_S)


@pytest.fixture
def stuck() -> Iterator[Far]:
    """Answer nothing but 503."""
    with far(status(503)) as side:
        yield side


def test_what_waits_too_long_or_is_too_much_is_given_up_and_counted(tmp_path: Path, stuck: Far) -> None:
    """By age and by number; the rest waits on, and the metrics say that the far side takes nothing."""
    settings = to("otlp/http", endpoint=stuck.url, start="beginning", max_age="1s", max_items=50)
    with running(tmp_path / "near.db") as near:
        spans(near, 60)
    with running(tmp_path / "near.db", **settings) as near:
        until(lambda: is_sent(near, sent=0, expired=60), within_s=PATIENCE_S)
        spans(near, 1, first=60)
        until(lambda: "1.0" in metric(near, "spanledger_export_stuck"), within_s=PATIENCE_S)


def test_only_chosen_items_are_sent(tmp_path: Path) -> None:
    """Others are passed over, and counted as that."""
    with far() as side:
        settings = to("otlp/http", endpoint=side.url, agents="somebody-else", start="beginning")
        with running(tmp_path / "near.db", **settings) as near:
            spans(near, 4)
            until(lambda: is_sent(near, sent=0, passed=4), within_s=PATIENCE_S)

        assert [] == side.requests


def metric(service: Running, name: str) -> str:
    """Give the lines of a metric."""
    page = request(service, "GET", "/metrics").body.decode()
    return "\n".join(line for line in page.splitlines() if line.startswith(name))


def test_the_sums_are_on_the_metrics_page(tmp_path: Path) -> None:
    """Sent, refused, expired, left out; what waits."""
    with far() as side, running(tmp_path / "near.db", **to("otlp/http", endpoint=side.url)) as near:
        until(lambda: "traces" in cursors(near), within_s=PATIENCE_S)
        spans(near, 2)
        wanted = 'spanledger_export_items_total{exporter="far",fate="sent",signal="traces"} 2.0'
        until(lambda: wanted in metric(near, "spanledger_export_items"), within_s=PATIENCE_S)

        assert "0.0" in metric(near, "spanledger_export_waiting")
        assert orjson.dumps(near.service.exports.state())


def test_a_killed_daemon_loses_nothing(tmp_path: Path) -> None:
    """Killed while it sends, again and again: each item arrives, and few arrive twice."""
    path = tmp_path / "near.db"
    with running(path) as near:
        assert 200 == post(near, "/v1/traces", request_of(*range(2000))).status
    with far() as side:
        settings = to("otlp/http", endpoint=side.url, start="beginning", batch_items=50)
        for _ in range(4):
            with process(path, **settings) as near_process:
                enough = len(side.requests) + 3
                until(
                    partial_of(lambda wanted: len(side.requests) > wanted or len(set(side.names())) == 2000, enough),
                    within_s=PATIENCE_S,
                )
                near_process.kill()
        with running(path, **settings) as near:
            until(lambda: is_sent(near, refused=0, expired=0), within_s=PATIENCE_S)

    names = side.names()
    assert {f"span {number}" for number in range(2000)} == set(names)
    assert len(names) - 2000 <= 4 * 2 * 50, "more was sent twice than what was under way"
