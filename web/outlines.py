"""Hold the shapes of traces that were looked at last: where each span stands in the tree, and when it ran.

A trace of thirty thousand spans takes a tenth of a second to put into order; a page shows a hundred of them.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from api.pages import Row
from api.tree import placed
from core.errors import Missing
from web.asking import Asked

MOST_SPANS: Final = 200_000
KEPT: Final = 4
TOGETHER: Final = 2
"""Spans that may lie where one of a trace is looked for; to look each up is dearer than to pass another."""
LARGE: Final = 5_000
"""Spans of a trace that is worth it to put in order ahead."""
AHEAD: Final = 4
"""Traces that are looked at for that."""

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """Hold a trace's spans in the order of its tree; times are Unix nanoseconds, 0 where none is known."""

    spans: Sequence[str]
    depth: Sequence[int]
    start: Sequence[int]
    end: Sequence[int]
    errors: Sequence[int]
    began: int
    ended: int
    cut: bool

    def subtree(self, at: int) -> range:
        """Give the places of a span and all below it."""
        after = at + 1
        while after < len(self.spans) and self.depth[after] > self.depth[at]:
            after += 1
        return range(at, after)

    def is_parent(self, at: int) -> bool:
        """Say whether a span has others below it."""
        return at + 1 < len(self.spans) and self.depth[at + 1] > self.depth[at]


_kept: OrderedDict[Key, Outline] = OrderedDict()
_lock = threading.Lock()
"""One is made at a time: who asks for the same meanwhile waits for it, which is sooner than making it as well."""


def ahead(asked: Asked, traces: Sequence[str]) -> None:
    """Put the first large one of some traces in order, before somebody opens it."""
    for trace_id in traces[:AHEAD]:
        if asked.side.report("trace_extent", trace=trace_id)[0]["spans"] >= LARGE:
            outline(asked, trace_id)
            return


def outline(asked: Asked, trace_id: str) -> Outline:
    """Give a trace's shape, as it is now; raise Missing when there is no such trace."""
    extent = asked.side.report("trace_extent", trace=trace_id)[0]
    if not extent["spans"]:
        raise Missing(f"there is no trace {trace_id[:100]!r} with spans; traces are named by 32 hexadecimal digits")
    key = (str(asked.daemon.database), trace_id, extent["spans"], extent["newest"])
    with _lock:
        if key not in _kept:
            _kept[key] = _made(_columns(asked, trace_id, extent), extent["spans"])
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return _kept[key]


def _columns(asked: Asked, trace_id: str, extent: Row) -> Row:
    """Read spans; those that came together are read as they lie, whatever came between them."""
    oldest, newest = extent["oldest"], extent["newest"]
    if newest - oldest < TOGETHER * extent["spans"]:
        near = {"oldest": oldest, "newest": newest}
        return asked.side.report("trace_outline_together", trace=trace_id, limit=MOST_SPANS, **near)[0]
    return asked.side.report("trace_outline", trace=trace_id, limit=MOST_SPANS)[0]


def _made(columns: Row, count: int) -> Outline:
    spans, parents = columns["spans"].split(","), columns["parents"].split(",")
    starts, ends = (orjson.loads(f"[{columns[name]}]") for name in ("starts", "ends"))
    places, deep = placed(spans, parents, starts)
    failed = columns["failed"]
    return Outline(
        spans=list(map(spans.__getitem__, places)),
        depth=array("l", list(map(deep.__getitem__, places))),
        start=array("q", list(map(starts.__getitem__, places))),
        end=array("q", list(map(ends.__getitem__, places))),
        errors=[at for at, row in enumerate(places) if failed[row] == "1"],
        began=min(filter(None, starts), default=0),
        ended=max(ends),
        cut=count > MOST_SPANS,
    )
