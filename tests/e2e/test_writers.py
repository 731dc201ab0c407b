"""Many write the book of work at once, in every way: nothing is lost or done twice, and the latest word counts."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import apsw
import grpc
import orjson
import pytest

from tests.support.build import attributes, log, logs
from tests.support.process import Process, command, ready_process
from tests.support.wait import until

HOST: Final = "127.0.0.1"
ANSWER_S: Final = 30.0
SETTLED_S: Final = 120.0
"""A machine may be busy with many other things."""
METHOD: Final = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
DEBUG: Final = "shared"
LOCKED: Final = "database is locked"
NOTES: Final = "select note, count(*) from debug_notes group by 1"
LAST: Final = "select params_json ->> '$.at' from experiment_runs"


@dataclass(slots=True)
class Books:
    """Keep what was acknowledged, by whom, and what was said that should not be."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    notes: set[str] = field(default_factory=set)
    last: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)

    def take(self, way: str, note: str, at: int) -> None:
        """Note what was acknowledged; `at` is when its run says that it was."""
        with self.lock:
            self.notes.add(note)
            self.last = max(self.last, at)
            self.ways[way] += 1

    def complain(self, text: str) -> None:
        """Note what must not be said."""
        with self.lock:
            self.trouble.append(text)


def two(note: str, at: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Give a note of its own, and a run that all others tell of as well: the latest event time wins."""
    run = {"experiment.key": DEBUG, "experiment.run.no": 1, "experiment.run.outcome": "pass"}
    return (
        ("debug.note.add", {"debug.session.key": DEBUG, "debug.note": note, "tracking.event_id": note}),
        ("experiment.run", {**run, "experiment.run.params": orjson.dumps({"at": at}).decode()}),
    )


def body(note: str, at: int) -> bytes:
    """Make an OTLP request of the two."""
    records = [log(event_name=event, time_unix_nano=at, attributes=attributes(told)) for event, told in two(note, at)]
    return bytes(logs(*records).SerializeToString())


def by_grpc(daemon: Process, books: Books, name: str, over: Callable[[], bool]) -> None:
    """Send over gRPC, one request after the other."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"{HOST}:{daemon.grpc}", options=options) as channel:
        export: Any = channel.unary_unary(METHOD)
        for note, at in numbered(name, over):
            until_taken(books, partial(_called, export, body(note, at)))
            books.take("grpc", note, at)


def by_http(daemon: Process, books: Books, name: str, over: Callable[[], bool]) -> None:
    """Send over OTLP/HTTP."""
    for note, at in numbered(name, over):
        until_taken(books, partial(_posted, daemon, "/v1/logs", body(note, at), "application/x-protobuf"))
        books.take("http", note, at)


def by_api(daemon: Process, books: Books, name: str, over: Callable[[], bool]) -> None:
    """Write through the HTTP API."""
    path = f"/api/v1/debug-sessions/{DEBUG}/notes"
    for note, _ in numbered(name, over):
        told = orjson.dumps({"note": note, "event_id": note})
        until_taken(books, partial(_posted, daemon, path, told, "application/json"))
        books.take("api", note, 0)


def by_command(daemon: Process, books: Books, name: str, over: Callable[[], bool]) -> None:
    """Run commands, each a process."""
    for note, _ in numbered(name, over):
        until_taken(books, partial(_ran, "debug", "note", DEBUG, note, "--event-id", note, "--db", str(daemon.db)))
        books.take("command", note, 0)


def _write(write: Callable[..., None], daemon: Process, books: Books, name: str, over: Callable[[], bool]) -> None:
    try:
        write(daemon, books, name, over)
    except Exception as error:  # whoever runs the threads must hear of it
        books.complain(f"{name}: {error!r}")


def numbered(name: str, over: Callable[[], bool]) -> Any:
    """Give notes and times until it is over."""
    number = 0
    while not over():
        number += 1
        yield f"{name}/{number}", time.time_ns()


def until_taken(books: Books, send: Callable[[], str]) -> None:
    """Send again what was asked to come again; whatever else is said is kept."""
    for _ in range(50):
        told = send()
        if LOCKED in told:
            books.complain(told)
        if not told:
            return
        time.sleep(0.2)
    books.complain(told)


def _called(export: Any, request: bytes) -> str:
    try:
        export(request, timeout=ANSWER_S)
    except grpc.RpcError as error:
        return f"{error.code()} {error.details()}"
    return ""


def _posted(daemon: Process, path: str, request: bytes, kind: str) -> str:
    with closing(http.client.HTTPConnection(HOST, daemon.http, timeout=ANSWER_S)) as connection:
        connection.request("POST", path, request, {"Content-Type": kind})
        reply = connection.getresponse()
        told = reply.read().decode(errors="replace")
    return "" if reply.status < 300 else f"{reply.status} {told}"


def _ran(*arguments: str) -> str:
    status, _, errors = command(*arguments, timeout=SETTLED_S)
    return "" if status == 0 else f"exit {status} {errors}"


def run(folder: Path, *, writers: dict[Callable[..., None], int], seconds: float) -> Books:
    """Let all write for a while, and hold what is kept against what was acknowledged."""
    books, stop = Books(), threading.Event()
    with ready_process(folder / "many.db") as daemon:
        for path in ("debug-sessions", "experiments"):
            made = orjson.dumps({"key": DEBUG, "title": "All of them"})
            assert not _posted(daemon, f"/api/v1/{path}", made, "application/json")
        threads = [
            threading.Thread(target=_write, args=(write, daemon, books, f"{write.__name__}-{number}", stop.is_set))
            for write, count in writers.items()
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        stop.wait(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        until(lambda: dict(_rows(daemon, NOTES)).keys() >= books.notes, within_s=SETTLED_S)
        until(lambda: _rows(daemon, LAST) == [(books.last,)], within_s=SETTLED_S)

        assert [] == books.trouble
        assert {1} == {count for _, count in _rows(daemon, NOTES)}
        assert [] == _rows(daemon, "select * from ledger where received <> stored + duplicate + rejected")
        assert [] == _rows(daemon, "select * from ingest_rejections")
        assert 0 == daemon.stop()
    assert LOCKED not in daemon.text
    return books


def _rows(daemon: Process, sql: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(daemon.db), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(10_000)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def test_twenty_writers_at_once(tmp_path: Path) -> None:
    """Over gRPC, OTLP/HTTP and the API, and by commands, for a few seconds."""
    books = run(tmp_path, writers={by_grpc: 7, by_http: 6, by_api: 5, by_command: 2}, seconds=3)

    assert {"grpc", "http", "api", "command"} == set(books.ways)


@pytest.mark.soak
def test_two_hundred_writers_for_a_minute(tmp_path: Path) -> None:
    """None is told that the database is locked, nothing is lost, and the latest event time wins."""
    books = run(tmp_path, writers={by_grpc: 70, by_http: 60, by_api: 50, by_command: 20}, seconds=60)

    print(f"acknowledged: {dict(books.ways)}")  # noqa: T201  figures for whoever runs it
    assert {"grpc", "http", "api", "command"} == set(books.ways)
