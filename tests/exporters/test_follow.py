"""Mirror of exporters/follow.py: what a follower makes of mistakes, ours and the store's, on a real store."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from core.errors import StoreBusy
from exporters.config import Exporter as Settings
from exporters.cursors import Cursors
from exporters.exporter import Taken
from exporters.follow import Follower, Stopped
from exporters.waiting import Waiting
from schema import encode
from schema.decode import decode
from schema.encode import Item, Json
from schema.signals import Signal
from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from tests.support import build

SPANS = 12
TRACES = Settings(kind="otlp/http", endpoint="http://127.0.0.1:1", signals=(Signal.TRACES,), batch_items=8)


@dataclass(slots=True)
class Picky:
    """Take requests, but make a mistake over one span."""

    names: list[str] = field(default_factory=list)

    def write(self, signal: Signal, items: Sequence[Item]) -> Json:
        """Write items as OTLP/JSON."""
        return encode.request(signal, items)

    def send(self, signal: Signal, request: Json) -> Taken:
        """Note what came."""
        spans = [
            span["name"] for told in request["resourceSpans"] for scope in told["scopeSpans"] for span in scope["spans"]
        ]
        if "span 5" in spans:
            raise ValueError("a mistake of ours")
        self.names += spans
        return Taken()

    def close(self) -> None:
        """Hold nothing."""


@dataclass(slots=True)
class Broken:
    """Read items, once with a mistake."""

    side: SqliteReadSide
    troubles: list[Exception]

    def items(self, signal: Signal, *, after_id: int, limit: int) -> list[Item]:
        """Fail, or read."""
        if self.troubles:
            raise self.troubles.pop()
        return self.side.items(signal, after_id=after_id, limit=limit)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[SqliteWriteSide, SqliteReadSide]]:
    """Keep a dozen spans."""
    path = tmp_path / "ledger.db"
    writer = SqliteWriteSide(Store(path=path, reserve=0))
    body = build.traces(*(build.span(name=f"span {number}") for number in range(SPANS))).SerializeToString()
    writer.commit([decode(Signal.TRACES, "protobuf", body, transport="http", received_at=time.time_ns())])
    reader = SqliteReadSide(path)
    yield writer, reader
    reader.close()
    writer.close()


def done(result: list[int]) -> "Future[list[int]]":
    """Hold what is written already."""
    future: Future[list[int]] = Future()
    future.set_result(result)
    return future


def follower(stores: tuple[SqliteWriteSide, SqliteReadSide], exporter: Picky, items: Any, over: Event) -> Follower:
    """Follow from the beginning; waits are short."""
    writer, reader = stores
    cursors = Cursors("x", reader, lambda changes: done(writer.apply(changes)), from_beginning=True)
    return Follower("x", TRACES, exporter, items, cursors, Waiting(lambda: 0.0), time.time_ns, over)


def test_a_mistake_over_an_item_costs_that_item(stores: tuple[SqliteWriteSide, SqliteReadSide]) -> None:
    """Its neighbours go; it is counted as refused, and the follower goes on."""
    exporter = Picky()
    follows = follower(stores, exporter, stores[1], Event())
    while follows.round():
        pass
    cursor = follows.cursors.at(Signal.TRACES)

    assert [f"span {number}" for number in range(SPANS) if number != 5] == exporter.names
    assert (SPANS - 1, 1) == (cursor.sent, cursor.refused)


def test_a_cursor_that_could_not_be_written_is_written_again(stores: tuple[SqliteWriteSide, SqliteReadSide]) -> None:
    """Also the last one, behind which nothing comes; nothing is sent twice for it."""
    writer, reader = stores
    failing: Future[list[int]] = Future()
    failing.set_exception(StoreBusy("busy"))
    writes = iter([None, None, failing])
    exporter, over = Picky(), Event()
    follows = follower(stores, exporter, reader, over)
    follows.cursors = Cursors(
        "x", reader, lambda changes: next(writes, None) or done(writer.apply(changes)), from_beginning=True
    )
    while follows.round():
        over.set()  # the wait after the trouble is over at once
        with suppress(Stopped):
            follows.round()
        over.clear()
    kept = Cursors("x", reader, lambda changes: done(writer.apply(changes)), from_beginning=True).at(Signal.TRACES)

    assert SPANS - 1 == len(exporter.names)
    assert (SPANS, SPANS - 1) == (kept.after_id, kept.sent)


@pytest.mark.parametrize("trouble", [StoreBusy("busy"), KeyError("a mistake of ours")])
def test_trouble_while_reading_is_waited_for(
    stores: tuple[SqliteWriteSide, SqliteReadSide], trouble: Exception
) -> None:
    """Nothing is skipped; what is wrong can be seen meanwhile."""
    exporter, over = Picky(), Event()
    follows = follower(stores, exporter, Broken(stores[1], [trouble]), over)
    over.set()  # the wait after the trouble is over at once
    with pytest.raises(Stopped):
        follows.round()
    over.clear()
    told = follows.trouble
    while follows.round():
        pass

    assert told
    assert SPANS - 1 == len(exporter.names)
    assert "" == follows.trouble
    assert 0.0 == follows.lag_s(Signal.TRACES)
