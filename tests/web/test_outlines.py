"""Mirror `web.outlines`: shapes of traces, and which are at hand before somebody asks."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from api.pages import Row
from benchmarks import odd
from schema.decode import decode
from schema.signals import Signal
from store.config import Store
from store.reading import SqliteReadSide
from store.sqlite import SqliteWriteSide
from web.asking import Asked
from web.outlines import LARGE, ahead, outline

SPANS: Final = LARGE + 1


class Noted(SqliteReadSide):
    """Note which questions are asked."""

    def __init__(self, path: Path) -> None:
        """Begin without any."""
        super().__init__(path)
        self.asked: list[str] = []

    def report(self, name: str, /, **values: Any) -> list[Row]:
        """Note it, and answer."""
        self.asked.append(name)
        return super().report(name, **values)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Noted]:
    """Keep one large trace and open it."""
    path = tmp_path / "traces.db"
    with closing(SqliteWriteSide(Store(path=path, reserve=0, durability="relaxed"))) as writing:
        for body in odd.one_trace(SPANS, time.time_ns()):
            writing.commit([decode(Signal.TRACES, "protobuf", body, transport="http", received_at=time.time_ns())])
    with closing(Noted(path)) as reading:
        yield reading


class Here:
    """Say where the database is: what a shape needs of a daemon."""

    database = "here"


def test_a_large_trace_is_at_hand_before_it_is_opened(side: Noted) -> None:
    """What a page leads to is put in order once, the first large one alone; who opens it then reads no span."""
    trace = side.items(Signal.TRACES, limit=1)[0]["trace_id"]
    asked = Asked(side, Here(), {}, {}, datetime.now(UTC))  # type: ignore[arg-type]
    ahead(asked, ["0" * 32, trace])
    read, side.asked = side.asked, []
    whole = outline(asked, trace)

    assert ["trace_extent", "trace_extent", "trace_extent", "trace_outline_together"] == read
    assert ["trace_extent"] == side.asked
    assert SPANS == len(whole.spans) == len(set(whole.spans))
    assert 0 == whole.depth[0]
    assert all(below <= above + 1 for above, below in zip(whole.depth, whole.depth[1:], strict=False))
    assert whole.began == min(filter(None, whole.start))
    assert whole.ended == max(whole.end)
